-- One row per event that the run rates: all of the window, or those of new files and those that they change.
{{ config(materialized='view') }}
{%- set is_full = rates_all() %}
{%- set redone_events = ref('int_redone_events') %}
{%- set scope = judging_scope() %}
with events as (

    select *
    from {{ ref('int_usage_events') }}
    where
        bill_date >= {{ first_bill_date_in_window() }}
        {%- if not is_full %}
        and event_key >= {{ (scope.after_file_number + 1) * 4294967296 }}
    union all
    select * from {{ redone_events }}
        {%- endif %}

)

select * from events
