-- One row per product and validity.
with products as (

    select * from {{ source('raw', 'products') }}

),

with_defaults as (

    select
        products.product_id,
        products.name,
        products.kind,
        products.charge,
        products.tax_category,
        products.rate_card_id,
        products.minimum_spend,
        products.spend_cap,
        operator.currency_code,
        products.source_file,
        products.source_line,
        coalesce(products.price, 0) as price,
        coalesce(products.interval_months, 1) as interval_months,
        coalesce(products.proration, 'daily') as proration,
        coalesce(products.valid_from, date '0001-01-01') as valid_from,
        coalesce(products.valid_to, date '9999-12-31') as valid_to
    from products
    cross join {{ ref('operator') }} as operator

)

select * from with_defaults
