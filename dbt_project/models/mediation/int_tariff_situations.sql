-- One row per combination of rate cards, service, direction, visited zone and zone that usage is in.
-- Prices are resolved for these few combinations, not for each record.
with situations as (

    select distinct
        situation_id,
        rate_cards,
        service,
        direction,
        visited_zone,
        coalesce(zone, '') as zone
    from {{ ref('int_situations') }}

)

select * from situations
