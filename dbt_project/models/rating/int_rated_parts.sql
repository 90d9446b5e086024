-- One row per event and part (3, 4), narrow: rated_usage shows it with its texts. Sum over an event = what it costs.
{{ config(
    materialized='replaced_in_part',
    replace_where=[
        all_of_the_window(),
        of_the_window("event_key in (select event_key from rating.int_redone_events)"),
        of_the_window("event_key in (select event_key from rating.int_changed_events)"),
        of_the_window("event_key >= (select (after_file_number + 1) * 4294967296 from mediation.int_judging_scope)"),
    ],
) }}
with steps as (

    select
        rate_step_id,
        rate_number,
        first_increment,
        next_increment,
        is_tiered,
        has_fees,
        price,
        price_numerator,
        per_base_units,
        connection_fee,
        minimum_charge,
        maximum_charge
    from {{ ref('int_rate_steps') }}

),

whole_draws as (

    select
        event_key,
        grant_key,
        drawn
    from {{ ref('int_allowance_draws') }}
    where is_whole

),

-- most events are one part: covered by one grant in full, or priced at one rate in full
plain_events as (

    select
        events.event_key,
        events.started_at,
        events.subscription_number,
        events.bill_date,
        events.local_day,
        events.situation_key,
        events.band_number,
        events.rate_step_id,
        events.product_number,
        events.quantity,
        case when events.quantity > 0 then coalesce(cold_classes.grant_key, whole_draws.grant_key) end as grant_key,
        case
            when whole_draws.drawn is not null then whole_draws.drawn
            when events.quantity > 0 and cold_classes.grant_key is not null
                then {{ ceil_div('events.quantity', 'cold_classes.increment') }} * cold_classes.increment
        end as drawn,
        steps.rate_number,
        steps.price,
        steps.price_numerator,
        steps.per_base_units,
        steps.has_fees,
        steps.connection_fee,
        steps.minimum_charge,
        steps.maximum_charge,
        {{ billed_units('events.quantity', 'steps.first_increment', 'steps.next_increment') }} as tail_units
    from {{ ref('int_events_to_rate') }} as events
    inner join steps
        on events.rate_step_id = steps.rate_step_id
    left join {{ ref('int_cold_classes') }} as cold_classes
        on
            events.subscription_number = cold_classes.subscription_number
            and events.bill_date = cold_classes.bill_date
            and events.situation_key = cold_classes.situation_key
    left join whole_draws
        on events.event_key = whole_draws.event_key
    left join (select event_key from {{ ref('int_special_events') }}) as special
        on events.event_key = special.event_key
    where special.event_key is null

),

plain_amounts as (

    select
        plain_events.*,
        case
            when grant_key is not null then cast(0 as decimal(18, 6))
            else {{ usage_amount('plain_events', 'tail_units') }}
        end as usage_amount
    from plain_events

),

plain_parts as (

    select
        event_key,
        cast(1 as bigint) as part_number,
        started_at,
        subscription_number,
        bill_date,
        local_day,
        situation_key,
        band_number,
        rate_step_id,
        rate_number,
        product_number,
        case when grant_key is null then cast(0 as bigint) end as tier_from,
        cast(0 as bigint) as part_offset,
        quantity,
        grant_key,
        coalesce(drawn, tail_units) as billed_quantity,
        cast(
            case
                when has_fees and grant_key is null and tail_units > 0
                    then {{ event_fees('usage_amount', 'plain_amounts') }}
                else 0
            end as decimal(18, 6)
        ) as fees,
        usage_amount
    from plain_amounts

),

drawn_parts as (

    select
        draws.event_key,
        draws.part_number,
        events.started_at,
        events.subscription_number,
        events.bill_date,
        events.local_day,
        events.situation_key,
        events.band_number,
        events.rate_step_id,
        steps.rate_number,
        events.product_number,
        cast(null as bigint) as tier_from,
        draws.part_offset,
        draws.covered as quantity,
        draws.grant_key,
        draws.drawn as billed_quantity,
        cast(0 as decimal(18, 6)) as fees,
        cast(0 as decimal(18, 6)) as usage_amount
    from {{ ref('int_allowance_draws') }} as draws
    inner join {{ ref('int_special_events') }} as events
        on draws.event_key = events.event_key and not draws.is_whole
    inner join steps
        on events.rate_step_id = steps.rate_step_id

),

tail_parts as (

    select
        parts.event_key,
        events.draws + parts.tail_part_number as part_number,
        events.started_at,
        events.subscription_number,
        events.bill_date,
        events.local_day,
        events.situation_key,
        parts.band_number,
        parts.rate_step_id,
        parts.rate_number,
        parts.product_number,
        parts.tier_from,
        parts.part_offset,
        parts.quantity,
        cast(null as bigint) as grant_key,
        parts.billed_quantity,
        parts.fees,
        parts.usage_amount
    from {{ ref('int_tail_parts') }} as parts
    inner join {{ ref('int_special_events') }} as events
        on parts.event_key = events.event_key

),

all_parts as (

    select * from plain_parts
    union all
    select * from drawn_parts
    union all
    select * from tail_parts

),

with_terms as (

    select
        all_parts.event_key,
        all_parts.part_number,
        all_parts.started_at,
        all_parts.subscription_number,
        all_parts.bill_date,
        all_parts.situation_key,
        all_parts.band_number,
        terms.terms_number,
        all_parts.tier_from,
        all_parts.part_offset,
        all_parts.quantity,
        all_parts.grant_key,
        all_parts.billed_quantity,
        all_parts.fees,
        cast(all_parts.usage_amount + all_parts.fees as decimal(18, 6)) as amount,
        -- what this run rates is found again by it (int_new_parts)
        {{ first_new_file() }} as first_new_file
    from all_parts
    inner join {{ ref('int_part_terms') }} as terms
        on
            all_parts.situation_key = terms.situation_key
            and all_parts.rate_step_id = terms.rate_step_id
            and all_parts.product_number = terms.product_number
            and all_parts.rate_number = terms.rate_number
            and all_parts.local_day >= terms.valid_from
            and all_parts.local_day < terms.valid_to

)

select * from with_terms
