-- One row per event that takes more than one step to price: drawn on a hot pool, cut, or priced by tiers.
with hot_draws as (

    select
        event_key,
        cast(sum(covered) as bigint) as covered,
        count(*) as draws
    from {{ ref('int_allowance_draws') }}
    group by event_key

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
        coalesce(hot_draws.covered, 0) as covered,
        coalesce(hot_draws.draws, 0) as draws
    from {{ ref('int_usage_events') }} as events
    inner join steps
        on events.rate_step_id = steps.rate_step_id
    left join hot_draws
        on events.event_key = hot_draws.event_key
    left join {{ ref('int_cold_classes') }} as cold_classes
        on
            events.subscription_number = cold_classes.subscription_number
            and events.bill_date = cold_classes.bill_date
            and events.situation_key = cold_classes.situation_key
    where
        events.bill_date >= {{ first_bill_date_in_window() }}
        and (hot_draws.event_key is not null or events.is_cut or steps.is_tiered)
        and (cold_classes.grant_key is null or events.quantity = 0)

)

select * from special
