-- One row per product and span of days, without gaps: the tax category that its usage bears (5.7), 0 outside tax.
with products as (

    select
        product_numbers.product_number,
        coalesce(categories.tax_category_number, 0) as tax_category_number,
        products.valid_from,
        products.valid_to
    from {{ ref('products') }} as products
    inner join {{ ref('int_product_numbers') }} as product_numbers
        on products.product_id = product_numbers.product_id
    left join {{ ref('int_tax_category_numbers') }} as categories
        on products.tax_category = categories.tax_category

),

followed as (

    select
        products.*,
        row_number() over (partition by product_number order by valid_from asc nulls last) as row_rank,
        lead(valid_from) over (partition by product_number order by valid_from asc nulls last) as next_from
    from products

),

gapless as (

    select
        product_number,
        tax_category_number,
        valid_from,
        valid_to
    from products
    union all
    select
        product_number,
        0 as tax_category_number,
        date '0001-01-01' as valid_from,
        valid_from as valid_to
    from followed
    where row_rank = 1
    union all
    select
        product_number,
        0 as tax_category_number,
        valid_to as valid_from,
        coalesce(next_from, date '9999-12-31') as valid_to
    from followed

),

not_empty as (

    select * from gapless where valid_from < valid_to

)

select * from not_empty
