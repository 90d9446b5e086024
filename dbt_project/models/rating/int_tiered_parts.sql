-- One row per tail segment and tier that it falls in (4.5), with its amount and the tier fees it meets.
-- Tiers count charged billed units per subscription, period and tariff in the order of the events, after those
-- that earlier runs have counted.
{{ config(materialized='view') }}
with segments as (

    select
        segments.*,
        records.feed,
        records.record_id,
        steps.tariff_id
    from {{ ref('int_tail_segments') }} as segments
    inner join {{ ref('int_rate_steps') }} as steps
        on segments.rate_step_id = steps.rate_step_id
    inner join (
        select distinct tariff_id from {{ ref('int_rate_steps') }} where is_tiered
    ) as tiered
        on steps.tariff_id = tiered.tariff_id
    inner join {{ source('raw', 'usage_records') }} as records
        on
            {{ floor_div('segments.event_key', 4294967296) }} = records.file_number
            and segments.event_key % 4294967296 = records.line_number

),

-- the count runs over every unit that the tariff charged, also those of steps without tiers
counted as (

    select
        segments.*,
        counted_before.units is null as is_whole_period,
        coalesce(counted_before.units, 0)
        + cast(sum(segments.billed_quantity) over (
            partition by segments.subscription_number, segments.bill_date, segments.tariff_id
            order by
                segments.started_at asc nulls last, segments.feed asc nulls last,
                segments.record_id asc nulls last, segments.offset_from asc nulls last
            rows unbounded preceding
        ) as bigint) as count_after,
        cast(sum(segments.billed_quantity) over (
            partition by segments.subscription_number, segments.bill_date, segments.tariff_id
        ) as bigint) as count_of_period
    from segments
    left join {{ ref('int_counted_before') }} as counted_before
        on
            segments.subscription_number = counted_before.subscription_number
            and segments.bill_date = counted_before.bill_date
            and segments.tariff_id = counted_before.tariff_id

),

in_tiers as (

    select
        counted.event_key,
        counted.subscription_number,
        counted.bill_date,
        counted.tariff_id,
        counted.is_whole_period,
        counted.band_number,
        counted.rate_step_id,
        counted.product_number,
        counted.offset_from,
        counted.offset_to,
        counted.count_after - counted.billed_quantity as count_before,
        counted.count_after,
        tiers.tier_from,
        tiers.tier_mode,
        tiers.rate_number,
        tiers.price,
        tiers.per_base_units,
        tiers.tier_fee,
        least(counted.count_after, coalesce(tiers.tier_to, counted.count_after)) - tiers.tier_from as tier_count_after,
        greatest(counted.count_after - counted.billed_quantity, tiers.tier_from) - tiers.tier_from
            as tier_count_before,
        case
            when tiers.tier_mode = 'volume' then counted.billed_quantity
            else
                least(counted.count_after, coalesce(tiers.tier_to, counted.count_after))
                - greatest(counted.count_after - counted.billed_quantity, tiers.tier_from)
        end as billed_quantity
    from counted
    inner join {{ ref('int_rate_tiers') }} as tiers
        on
            counted.rate_step_id = tiers.rate_step_id
            and (
                -- volume: the tier that the total of the period reaches prices all
                (
                    tiers.tier_mode = 'volume'
                    and (counted.count_of_period > tiers.tier_from or tiers.tier_from = 0)
                    and (tiers.tier_to is null or counted.count_of_period <= tiers.tier_to)
                )
                -- else each tier has its own units; a unit exactly at the bound is in the lower one
                or (
                    tiers.tier_mode <> 'volume'
                    and counted.count_after > tiers.tier_from
                    and (tiers.tier_to is null or counted.count_after - counted.billed_quantity < tiers.tier_to)
                    and counted.billed_quantity > 0
                )
                -- a segment without units of its own stays a part, in the tier that is open
                or (
                    tiers.tier_mode <> 'volume'
                    and counted.billed_quantity = 0
                    and (counted.count_after > tiers.tier_from or tiers.tier_from = 0)
                    and (tiers.tier_to is null or counted.count_after <= tiers.tier_to)
                )
            )

),

-- the units of a tier up to here, of what this run rates
in_turn as (

    select
        in_tiers.*,
        sum(billed_quantity) over (
            partition by subscription_number, bill_date, tariff_id, tier_from
            order by count_after asc nulls last rows unbounded preceding
        ) as tier_units_to_here
    from in_tiers

),

with_amounts as (

    select
        in_turn.*,
        case
            when tier_mode = 'package'
                then cast(price * (
                    {{ ceil_div('tier_count_after', 'per_base_units') }}
                    - {{ ceil_div('tier_count_before', 'per_base_units') }}
                ) as decimal(18, 6))
            else cast({{ muldiv('price', 'billed_quantity', 'per_base_units', 6) }} as decimal(18, 6))
        end as usage_amount,
        -- the first units of a tier enter it, also when they come after its bound as it came into force later;
        -- what earlier runs have counted is in tiers that were there all the time (int_rating_units)
        case
            when tier_mode = 'volume' and count_before <= tier_from and count_after > tier_from
                then cast(tier_fee as decimal(18, 6))
            when
                tier_mode <> 'volume'
                and billed_quantity > 0
                and tier_units_to_here = billed_quantity
                and (is_whole_period or count_before <= tier_from)
                then cast(tier_fee as decimal(18, 6))
            else cast(0 as decimal(18, 6))
        end as tier_fees
    from in_turn

)

select * from with_amounts
