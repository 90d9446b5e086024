-- One row per discount and validity.
with discounts as (

    select
        discounts.discount_id,
        discounts.name,
        discounts.kind,
        discounts.value,
        discounts.applies_to,
        discounts.periods,
        discounts.source_file,
        discounts.source_line,
        operator.currency_code,
        coalesce(discounts.proration, 'none') as proration,
        coalesce(discounts.sequence, 0) as sequence,
        coalesce(discounts.valid_from, date '0001-01-01') as valid_from,
        coalesce(discounts.valid_to, date '9999-12-31') as valid_to
    from {{ source('raw', 'discounts') }} as discounts
    cross join {{ ref('operator') }} as operator

)

select * from discounts
