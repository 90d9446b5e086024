-- One row per grant and period in which it was drawn on: how much, by all runs.
{{ config(
    materialized='replaced_in_part',
    replace_where=[
        all_of_the_window(),
        of_the_window("grant_key in (select grant_key from rating.int_changed_grants)"),
    ],
) }}
{%- set is_full = rates_all() %}
{%- set rated_parts = ref('int_rated_parts') %}
{%- set new_parts = ref('int_new_parts') %}
{%- set grant_use = ref('int_grant_use') %}
{%- set changed_grants = ref('int_changed_grants') %}
with drawn as (

    select
        grant_key,
        bill_date,
        billed_quantity as used
    from {% if is_full %}{{ rated_parts }}{% else %}{{ new_parts }}{% endif %}

    where grant_key is not null and bill_date >= {{ first_bill_date_in_window() }}
    {%- if not is_full %}
    union all
    select
        grant_use.grant_key,
        grant_use.bill_date,
        grant_use.used
    from {{ grant_use }} as grant_use
    inner join {{ changed_grants }} as changed
        on grant_use.grant_key = changed.grant_key
    {%- endif %}

),

totals as (

    select
        grant_key,
        bill_date,
        cast(sum(used) as bigint) as used
    from drawn
    group by grant_key, bill_date

)

select * from totals
