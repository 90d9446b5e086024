-- One row per period, product, service, zone, visited zone and currency: rated usage, before rounding, caps and discounts.
{{ config(materialized='view') }}
with by_zone as (

    select
        bill_date,
        product_id,
        service,
        direction,
        visited_zone,
        coalesce(zone, '') as zone,
        cast(count(distinct event_key) as bigint) as events,
        cast(sum(quantity) as bigint) as quantity,
        cast(sum(case when allowance_grant_id is not null then quantity else 0 end) as bigint)
            as included_quantity,
        cast(sum(amount) as decimal(28, 6)) as amount,
        currency_code
    from {{ ref('rated_usage') }}
    group by bill_date, product_id, service, direction, visited_zone, coalesce(zone, ''), currency_code

)

select * from by_zone
