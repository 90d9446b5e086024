-- One row per event that takes more than one step to price: drawn in part, cut, or priced by tiers.
-- An event that one grant covers in full is not among them.
with partly_drawn as (

    select
        event_key,
        cast(sum(covered) as bigint) as covered,
        count(*) as draws
    from {{ ref('int_allowance_draws') }}
    where not is_whole
    group by event_key

),

wholly_drawn as (

    select event_key from {{ ref('int_allowance_draws') }} where is_whole

),

steps as (

    select
        rate_step_id,
        first_increment,
        next_increment,
        is_tiered,
        connection_fee,
        minimum_charge,
        maximum_charge
    from {{ ref('int_rate_steps') }}

),

tiered_steps as (

    select rate_step_id from steps where is_tiered

),

candidates as (

    select event_key from partly_drawn
    union
    select event_key
    from {{ ref('int_events_to_rate') }}
    where is_cut
    union
    select events.event_key
    from {{ ref('int_events_to_rate') }} as events
    inner join tiered_steps
        on events.rate_step_id = tiered_steps.rate_step_id

),

special as (

    select
        events.event_key,
        events.started_at,
        events.local_day,
        events.bill_date,
        events.quantity,
        events.subscription_number,
        events.situation_key,
        events.band_number,
        events.rate_step_id,
        events.product_number,
        events.is_cut,
        steps.first_increment,
        steps.next_increment,
        steps.is_tiered,
        steps.connection_fee,
        steps.minimum_charge,
        steps.maximum_charge,
        coalesce(partly_drawn.covered, 0) as covered,
        coalesce(partly_drawn.draws, 0) as draws
    from candidates
    inner join {{ ref('int_events_to_rate') }} as events
        on candidates.event_key = events.event_key
    inner join steps
        on events.rate_step_id = steps.rate_step_id
    left join partly_drawn
        on events.event_key = partly_drawn.event_key
    left join wholly_drawn
        on events.event_key = wholly_drawn.event_key
    left join {{ ref('int_cold_classes') }} as cold_classes
        on
            events.subscription_number = cold_classes.subscription_number
            and events.bill_date = cold_classes.bill_date
            and events.situation_key = cold_classes.situation_key
    where
        wholly_drawn.event_key is null
        and (cold_classes.grant_key is null or events.quantity = 0)

)

select * from special
