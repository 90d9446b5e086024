-- One row per priced part of a tail of a special event, fees of the event included (3.5, 3.6, 4.5).
with segments as (

    select
        segments.*,
        steps.rate_number,
        steps.price,
        steps.price_numerator,
        steps.per_base_units,
        steps.is_tiered
    from {{ ref('int_tail_segments') }} as segments
    inner join {{ ref('int_rate_steps') }} as steps
        on segments.rate_step_id = steps.rate_step_id

),

parts as (

    select
        event_key,
        band_number,
        rate_step_id,
        product_number,
        offset_from,
        offset_to - offset_from as quantity,
        rate_number,
        cast(0 as bigint) as tier_from,
        billed_quantity,
        price,
        per_base_units,
        {{ usage_amount('segments', 'segments.billed_quantity') }} as usage_amount,
        cast(0 as decimal(18, 6)) as tier_fees
    from segments
    where not is_tiered
    union all
    select
        tiered.event_key,
        tiered.band_number,
        tiered.rate_step_id,
        tiered.product_number,
        tiered.offset_from,
        tiered.offset_to - tiered.offset_from as quantity,
        tiered.rate_number,
        tiered.tier_from,
        tiered.billed_quantity,
        tiered.price,
        tiered.per_base_units,
        tiered.usage_amount,
        tiered.tier_fees
    from {{ ref('int_tiered_parts') }} as tiered

),

in_order as (

    select
        parts.*,
        row_number() over (
            partition by event_key order by offset_from asc nulls last, tier_from asc nulls last
        ) as tail_part_number,
        -- a segment that falls into several tiers keeps its own quantity once: on its last tier
        row_number() over (
            partition by event_key, offset_from order by tier_from desc nulls last
        ) as from_last_tier,
        sum(billed_quantity) over (
            partition by event_key, offset_from
            order by tier_from asc nulls last rows unbounded preceding
        ) as units_to_here,
        sum(usage_amount) over (partition by event_key) as event_amount,
        sum(billed_quantity) over (partition by event_key) as event_units
    from parts

),

-- the segment's quantity is shared out as its billed units are, what increments add going to the last tier
with_quantities as (

    select
        in_order.*,
        case
            when from_last_tier = 1
                then quantity - least(quantity, units_to_here - billed_quantity)
            else
                least(quantity, units_to_here) - least(quantity, units_to_here - billed_quantity)
        end as part_quantity,
        offset_from + least(quantity, units_to_here - billed_quantity) as part_offset
    from in_order

),

with_fees as (

    select
        parts.event_key,
        parts.tail_part_number,
        parts.band_number,
        parts.rate_step_id,
        parts.product_number,
        parts.rate_number,
        parts.tier_from,
        cast(parts.part_offset as bigint) as part_offset,
        cast(parts.part_quantity as bigint) as quantity,
        parts.billed_quantity,
        parts.price,
        parts.per_base_units,
        parts.usage_amount,
        cast(
            parts.tier_fees + case
                when parts.tail_part_number = 1 and parts.event_units > 0
                    then {{ event_fees('parts.event_amount', 'events') }}
                else 0
            end as decimal(18, 6)
        ) as fees
    from with_quantities as parts
    inner join {{ ref('int_special_events') }} as events
        on parts.event_key = events.event_key

)

select * from with_fees
