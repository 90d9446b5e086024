-- One row per guided record that nothing speaks against: its band and price step at the start (3.2), and whether it is cut (3.5).
{{ config(materialized='view') }}
with guided as (

    select
        guided.event_key,
        guided.started_at,
        guided.local_day,
        guided.bill_date,
        guided.quantity,
        guided.subscription_number,
        guided.situation_key,
        {{ epoch_seconds('guided.started_at') }} as start_second
    from {{ ref('int_guided_usage') }} as guided
    where guided.verdict is null

),

situations as (

    select
        situation_key,
        situation_id,
        service = 'voice' as is_voice
    from {{ ref('int_situations') }}

),

situated as (

    select
        guided.*,
        situations.situation_id,
        bands.band_number,
        situations.is_voice and operator.band_crossing = 'split' as follows_clock,
        bands.stretch_to_second
    from guided
    inner join situations
        on guided.situation_key = situations.situation_key
    left join {{ ref('int_band_slots') }} as bands
        on
            {{ floor_div('guided.start_second', 900) }} = bands.slot
            and guided.start_second >= bands.from_second
            and guided.start_second < bands.to_second
    cross join {{ ref('operator') }} as operator

),

first_steps as (

    select * from {{ ref('int_tariff_timeline') }} where elapsed_from = 0

),

priced as (

    select
        situated.event_key,
        situated.started_at,
        situated.local_day,
        situated.bill_date,
        situated.quantity,
        situated.subscription_number,
        situated.situation_key,
        situated.situation_id,
        situated.band_number,
        situated.follows_clock,
        first_steps.rate_step_id,
        first_steps.product_number,
        first_steps.rate_step_id is not null
        and (
            situated.quantity > first_steps.elapsed_to
            or (
                situated.follows_clock
                and situated.start_second + situated.quantity
                > least(situated.stretch_to_second, first_steps.to_second)
            )
        ) as is_cut
    from situated
    left join first_steps
        on
            situated.situation_id = first_steps.situation_id
            and situated.band_number = first_steps.band_number
            and situated.start_second >= first_steps.from_second
            and situated.start_second < first_steps.to_second

)

select * from priced
