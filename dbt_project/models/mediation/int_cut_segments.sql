-- One row per cut event and segment [offset_from, offset_to) with one band, price step and rate row (3.5).
-- A call over a band's edge:   start |----day rate----|--evening rate--| end
{{ config(materialized='replaced_in_part', replace_where=rows_judged()) }}
with cut_events as (

    select
        event_key,
        situation_id,
        band_number,
        quantity,
        follows_clock,
        {{ epoch_seconds('started_at') }} as start_second
    from {{ ref('int_start_exceptions') }}
    where is_cut

),

band_stretches as (

    select distinct
        band_number,
        stretch_from_second,
        stretch_to_second
    from {{ ref('int_band_slots') }}

),

in_bands as (

    select
        cut_events.event_key,
        cut_events.situation_id,
        cut_events.start_second,
        cut_events.quantity,
        cut_events.follows_clock,
        band_stretches.band_number,
        greatest(band_stretches.stretch_from_second - cut_events.start_second, 0) as offset_from,
        least(band_stretches.stretch_to_second - cut_events.start_second, cut_events.quantity) as offset_to
    from cut_events
    inner join band_stretches
        on
            band_stretches.stretch_to_second > cut_events.start_second
            and band_stretches.stretch_from_second < cut_events.start_second + cut_events.quantity
    where cut_events.follows_clock
    union all
    select
        event_key,
        situation_id,
        start_second,
        quantity,
        follows_clock,
        band_number,
        0 as offset_from,
        quantity as offset_to
    from cut_events
    where not follows_clock

),

segments as (

    select
        in_bands.event_key,
        in_bands.band_number,
        timeline.rate_step_id,
        timeline.rate_ids,
        timeline.product_number,
        timeline.elapsed_from,
        case
            when in_bands.follows_clock
                then greatest(
                    in_bands.offset_from, timeline.from_second - in_bands.start_second, timeline.elapsed_from
                )
            else greatest(in_bands.offset_from, timeline.elapsed_from)
        end as offset_from,
        case
            when in_bands.follows_clock
                then least(in_bands.offset_to, timeline.to_second - in_bands.start_second, timeline.elapsed_to)
            else least(in_bands.offset_to, timeline.elapsed_to)
        end as offset_to
    from in_bands
    inner join {{ ref('int_tariff_timeline') }} as timeline
        on
            in_bands.situation_id = timeline.situation_id
            and in_bands.band_number = timeline.band_number
            and timeline.elapsed_from < in_bands.offset_to
            and timeline.elapsed_to > in_bands.offset_from
            and (
                (
                    in_bands.follows_clock
                    and timeline.from_second < in_bands.start_second + in_bands.offset_to
                    and timeline.to_second > in_bands.start_second + in_bands.offset_from
                )
                or (
                    not in_bands.follows_clock
                    and in_bands.start_second >= timeline.from_second
                    and in_bands.start_second < timeline.to_second
                )
            )

),

not_empty as (

    select
        event_key,
        band_number,
        rate_step_id,
        rate_ids,
        product_number,
        offset_from,
        offset_to
    from segments
    where offset_from < offset_to

),

-- a step or a day's edge at which the same rate rows go on is no cut
changes as (

    select
        not_empty.*,
        case
            when
                band_number = lag(band_number) over (partition by event_key order by offset_from asc nulls last)
                and rate_ids = lag(rate_ids) over (partition by event_key order by offset_from asc nulls last)
                and product_number
                = lag(product_number) over (partition by event_key order by offset_from asc nulls last)
                and offset_from = lag(offset_to) over (partition by event_key order by offset_from asc nulls last)
                then 0
            else 1
        end as is_change
    from not_empty

),

numbered as (

    select
        changes.*,
        sum(is_change) over (
            partition by event_key order by offset_from asc nulls last rows unbounded preceding
        ) as segment_number
    from changes

),

merged as (

    select
        event_key,
        min(band_number) as band_number,
        min(rate_step_id) as rate_step_id,
        min(product_number) as product_number,
        cast(min(offset_from) as bigint) as offset_from,
        cast(max(offset_to) as bigint) as offset_to
    from numbered
    group by event_key, segment_number

)

select * from merged
