-- One row per billable event, narrow: usage_events shows it with its texts.
{{ config(
    materialized='replaced_in_part',
    replace_where=of_the_window(rows_judged()),
) }}
with events as (

    select
        rates.event_key,
        rates.started_at,
        rates.local_day,
        rates.bill_date,
        rates.quantity,
        rates.subscription_number,
        rates.situation_key,
        rates.band_number,
        rates.rate_step_id,
        rates.product_number,
        rates.is_cut
    from {{ ref('int_start_rates') }} as rates
    left join {{ ref('int_unpriced_usage') }} as unpriced
        on rates.event_key = unpriced.event_key
    where rates.rate_step_id is not null and unpriced.event_key is null

)

select * from events
