-- One row per event judged in an earlier run that is rated anew, as usage of its account and service has come or changed.
{%- set first_new_key = (judging_scope().after_file_number + 1) * 4294967296 %}
with redone_subscriptions as (

    select
        subscription_number,
        service_number
    from {{ ref('int_touched_subscriptions') }}
    where is_redone

),

-- by the subscription alone first: one column of all events is looked at, the others of few
of_subscriptions as (

    select events.*
    from {{ ref('int_usage_events') }} as events
    inner join (select distinct subscription_number from redone_subscriptions) as redone_subscriptions
        on events.subscription_number = redone_subscriptions.subscription_number
    where events.event_key < {{ first_new_key }} and events.bill_date >= {{ first_bill_date_in_window() }}

),

redone as (

    select events.*
    from of_subscriptions as events
    where (events.subscription_number, {{ floor_div('events.situation_key', 2) }} % 4) in (
        select (subscription_number, service_number) from redone_subscriptions
    )

)

select * from redone
