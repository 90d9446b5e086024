-- One row per subscription, period, service, charge name and tax category: what its rated usage adds up to (6.1).
-- The bills and their checks read these totals, not the parts.
{{ config(
    materialized='replaced_in_part',
    replace_where="bill_date >= (select first_bill_date from customers.bill_run) and ("
    "(select is_full from rating.int_rating_scope)"
    " or (account_id, service) in (select account_id, service from rating.int_rating_units))",
) }}
{%- set is_full = rates_all() %}
{%- set changed_totals = ref('int_changed_totals') %}
with parts as (

    select *
    from {{ ref('int_rated_parts') }}
    where bill_date >= {{ first_bill_date_in_window() }}

),

totals as (

    {% if is_full -%}
    {{ usage_totals('parts') }}
    {%- else -%}
    select * from {{ changed_totals }}
    {%- endif %}

)

select * from totals
