-- One row per tier of a tiered price step (4.5): from above tier_from up to and including tier_to units.
with steps as (

    select * from {{ ref('int_rate_steps') }} where is_tiered

),

tiers as (

    select
        steps.rate_step_id,
        rates.tier_from,
        rate_numbers.rate_number,
        rates.price,
        rates.per,
        rates.per_base_units,
        rates.tier_fee,
        steps.tier_mode,
        lead(rates.tier_from) over (
            partition by steps.rate_step_id order by rates.tier_from asc nulls last, rates.rate_id asc nulls last
        ) as tier_to
    from steps
    inner join {{ ref('rates') }} as rates
        on
            steps.rate_card_id = rates.rate_card_id
            and steps.service = rates.service
            and steps.direction = rates.direction
            and steps.visited_zone = rates.visited_zone
            and steps.zone = rates.zone
            and steps.band = rates.band
            and steps.starts_at = rates.starts_at
            and steps.span_from >= rates.valid_from
            and steps.span_from < rates.valid_to
    inner join {{ ref('int_rate_numbers') }} as rate_numbers
        on rates.rate_id = rate_numbers.rate_id

)

select * from tiers
