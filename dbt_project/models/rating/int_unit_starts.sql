-- One row per account and service: the last second in which usage of the window started that asked for anything.
-- Usage that starts later can only add to what was rated (4.2).
{{ config(
    materialized='replaced_in_part',
    replace_where=[
        "(select is_full from rating.int_rating_scope)",
        "(account_number, service_number) in (select (account_number, service_number) from rating.int_rating_units)",
    ],
) }}
{%- set is_full = rates_all() %}
{%- set rating_units = ref('int_rating_units') %}
with starts as (

    select
        accounts.account_number,
        {{ floor_div('classes.situation_key', 2) }} % 4 as service_number,
        classes.last_second
    from {{ ref('int_usage_classes') }} as classes
    inner join {{ ref('int_subscription_numbers') }} as subscriptions
        on classes.subscription_number = subscriptions.subscription_number
    inner join {{ ref('int_account_numbers') }} as accounts
        on subscriptions.account_id = accounts.account_id
    {% if not is_full -%}
    union all
    select
        account_number,
        service_number,
        last_second
    from {{ rating_units }}
    where last_second is not null
    {%- endif %}

),

last_starts as (

    select
        account_number,
        service_number,
        max(last_second) as last_second
    from starts
    group by account_number, service_number

)

select * from last_starts
