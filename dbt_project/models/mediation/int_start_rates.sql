-- One row per guided record that nothing speaks against: its band and price step at the start (3.2), and whether it may be cut (3.5).
with guided as (

    select
        file_number,
        line_number,
        service,
        direction,
        rate_cards,
        visited_zone,
        coalesce(zone, '') as zone,
        quantity,
        {{ epoch_seconds('started_at') }} as start_second
    from {{ ref('int_guided_usage') }}
    where verdict is null

),

situated as (

    select
        guided.file_number,
        guided.line_number,
        guided.service,
        guided.direction,
        guided.quantity,
        guided.start_second,
        situations.situation_id,
        bands.band,
        bands.stretch_to_second
    from guided
    left join {{ ref('int_tariff_situations') }} as situations
        on
            guided.rate_cards = situations.rate_cards
            and guided.service = situations.service
            and guided.direction = situations.direction
            and guided.visited_zone = situations.visited_zone
            and guided.zone = situations.zone
    left join {{ ref('int_band_slots') }} as bands
        on
            {{ floor_div('guided.start_second', 900) }} = bands.slot
            and guided.start_second >= bands.from_second
            and guided.start_second < bands.to_second

),

priced as (

    select
        situated.file_number,
        situated.line_number,
        situated.direction,
        situated.situation_id,
        situated.band,
        situated.start_second,
        situated.quantity,
        situated.service,
        timeline.rate_step_id,
        timeline.product_id,
        timeline.rate_step_id is not null
        and (
            situated.quantity > timeline.elapsed_to
            or (
                situated.service = 'voice'
                and operator.band_crossing = 'split'
                and (
                    situated.start_second + situated.quantity > situated.stretch_to_second
                    or situated.start_second + situated.quantity > timeline.to_second
                )
            )
        ) as is_cut
    from situated
    cross join {{ ref('operator') }} as operator
    left join {{ ref('int_tariff_timeline') }} as timeline
        on
            situated.situation_id = timeline.situation_id
            and situated.band = timeline.band
            and timeline.elapsed_from = 0
            and situated.start_second >= timeline.from_second
            and situated.start_second < timeline.to_second

)

select * from priced
