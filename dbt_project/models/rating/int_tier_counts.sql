-- One row per subscription, period and tariff with tiers: the units that it has counted (4.5), by all runs.
{{ config(
    materialized='replaced_in_part',
    replace_where=[
        all_of_the_window(),
        of_the_window(
            "(subscription_number, service_number) in ("
            "select (subscription_number, service_number) from rating.int_touched_subscriptions)"
        ),
    ],
) }}
with tiered as (

    select distinct
        tariff_id,
        {{ service_number('service') }} as service_number
    from {{ ref('int_rate_steps') }}
    where is_tiered

),

counted as (

    select
        segments.subscription_number,
        segments.bill_date,
        tiered.tariff_id,
        tiered.service_number,
        segments.billed_quantity as units
    from {{ ref('int_tail_segments') }} as segments
    inner join {{ ref('int_rate_steps') }} as steps
        on segments.rate_step_id = steps.rate_step_id
    inner join tiered
        on steps.tariff_id = tiered.tariff_id
    union all
    select
        subscription_number,
        bill_date,
        tariff_id,
        service_number,
        units
    from {{ ref('int_counted_before') }}

),

counts as (

    select
        subscription_number,
        bill_date,
        tariff_id,
        service_number,
        cast(sum(units) as bigint) as units
    from counted
    group by subscription_number, bill_date, tariff_id, service_number

)

select * from counts
