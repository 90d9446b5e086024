-- One row per billable event.
{{ config(
    materialized='incremental',
    incremental_strategy='replace_where',
    replace_where='bill_date >= ' ~ first_bill_date_in_window(),
    on_schema_change='append_new_columns',
    full_refresh=false,
) }}
with events as (

    select
        guided.feed || ':' || guided.record_id as usage_event_id,
        guided.feed,
        guided.record_id,
        guided.file_id,
        guided.line_number,
        guided.account_id,
        guided.subscription_id,
        guided.bill_date,
        guided.service,
        guided.direction,
        guided.subscriber,
        guided.other_party,
        guided.zone,
        guided.destination,
        guided.visited_zone,
        guided.started_at,
        guided.local_started_at,
        guided.quantity,
        guided.file_number
    from {{ ref('int_guided_usage') }} as guided
    inner join {{ ref('int_usage_verdicts') }} as verdicts
        on guided.file_number = verdicts.file_number and guided.line_number = verdicts.line_number
    where verdicts.verdict = 'rated'

)

select * from events
