-- One row per cut event and segment [offset_from, offset_to) with one band, price step and rate row (3.5).
-- A call over a band's edge:   start |----day rate----|--evening rate--| end
with cut_events as (

    select
        rates.file_number,
        rates.line_number,
        rates.situation_id,
        rates.band,
        rates.service,
        rates.start_second,
        rates.quantity,
        rates.service = 'voice' and operator.band_crossing = 'split' as follows_clock
    from {{ ref('int_start_rates') }} as rates
    cross join {{ ref('operator') }} as operator
    where rates.is_cut

),

band_stretches as (

    select distinct
        band,
        stretch_from_second,
        stretch_to_second
    from {{ ref('int_band_slots') }}

),

in_bands as (

    select
        cut_events.file_number,
        cut_events.line_number,
        cut_events.situation_id,
        cut_events.start_second,
        cut_events.quantity,
        cut_events.follows_clock,
        band_stretches.band,
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
        file_number,
        line_number,
        situation_id,
        start_second,
        quantity,
        follows_clock,
        band,
        0 as offset_from,
        quantity as offset_to
    from cut_events
    where not follows_clock

),

segments as (

    select
        in_bands.file_number,
        in_bands.line_number,
        in_bands.band,
        timeline.rate_step_id,
        timeline.product_id,
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
            and in_bands.band = timeline.band
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
        file_number,
        line_number,
        band,
        rate_step_id,
        product_id,
        cast(offset_from as bigint) as offset_from,
        cast(offset_to as bigint) as offset_to
    from segments
    where offset_from < offset_to

)

select * from not_empty
