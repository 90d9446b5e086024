-- One row per event judged in an earlier run that is rated anew, as usage of its account and service has come or changed.
{%- set first_new_key = (judging_scope().after_file_number + 1) * 4294967296 %}
with redone_subscriptions as (

    select
        subscriptions.subscription_number,
        units.service_number
    from {{ ref('int_rating_units') }} as units
    inner join {{ ref('int_subscription_numbers') }} as subscriptions
        on units.account_id = subscriptions.account_id
    where units.is_redone

),

redone as (

    select events.*
    from {{ ref('int_usage_events') }} as events
    inner join redone_subscriptions
        on
            events.subscription_number = redone_subscriptions.subscription_number
            and {{ floor_div('events.situation_key', 2) }} % 4 = redone_subscriptions.service_number
    where events.event_key < {{ first_new_key }} and events.bill_date >= {{ first_bill_date_in_window() }}

)

select * from redone
