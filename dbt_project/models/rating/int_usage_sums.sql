-- One row per subscription, period and total: what its rated usage adds up to, narrow (6.1).
{{ config(
    materialized='replaced_in_part',
    replace_where=[
        all_of_the_window(),
        of_the_window(
            "(subscription_number, bill_date, total_number) in ("
            "select (subscription_number, bill_date, total_number) from rating.int_changed_totals)"
        ),
        of_the_window(
            "(subscription_number, service_number) in ("
            "select (subscription_number, service_number) from rating.int_touched_subscriptions where is_redone)"
        ),
    ],
) }}
{%- set is_full = rates_all() %}
{%- set changed_totals = ref('int_changed_totals') %}
{%- set sums = standing('rating', 'int_usage_sums') %}
{%- set first_bill_date = first_bill_date_in_window() %}
with parts as (

    select *
    from {{ ref('int_rated_parts') }}
    {% if sums is not none -%}
    where bill_date >= {{ first_bill_date }}
    {%- endif %}

),

sums as (

    {% if is_full -%}
    {{ usage_sums('parts') }}
    {%- else -%}
    select * from {{ changed_totals }}
    {%- endif %}

)

select * from sums
