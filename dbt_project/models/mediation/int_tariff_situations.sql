-- One row per combination of rate cards, service, direction, visited zone and zone that usage is in.
-- Prices are resolved for these few combinations, not for each record.
with situations as (

    select distinct
        rate_cards,
        service,
        direction,
        visited_zone,
        coalesce(zone, '') as zone
    from {{ ref('int_guided_usage') }}
    where verdict is null

),

numbered as (

    select
        situations.*,
        row_number() over (
            order by
                rate_cards asc nulls first, service asc nulls first, direction asc nulls first,
                visited_zone asc nulls first, zone asc nulls first
        ) as situation_id
    from situations

)

select * from numbered
