-- One row per billable event.
{{ config(materialized='view') }}
with events as (

    select
        records.feed || ':' || records.record_id as usage_event_id,
        records.feed,
        records.record_id,
        records.file_id,
        records.line_number,
        subscriptions.account_id,
        subscriptions.subscription_id,
        events.bill_date,
        records.service,
        records.direction,
        records.subscriber,
        records.subscriber_kind,
        records.other_party,
        places.zone,
        places.destination,
        records.serving_network,
        visited_zones.visited_zone,
        events.started_at,
        {{ utc_to_local('events.started_at', 'operator.time_zone') }} as local_started_at,
        events.quantity,
        events.event_key
    from {{ ref('int_usage_events') }} as events
    inner join {{ source('raw', 'usage_records') }} as records
        on events.event_key = {{ event_key('records.file_number', 'records.line_number') }}
    inner join {{ ref('int_subscription_numbers') }} as subscriptions
        on events.subscription_number = subscriptions.subscription_number
    inner join {{ ref('int_visited_zones') }} as visited_zones
        on {{ floor_div('events.situation_key', 8388608) }} % 65536 = visited_zones.visited_number
    left join {{ ref('int_places') }} as places
        on {{ floor_div('events.situation_key', 8) }} % 1048576 = places.place_number
    cross join {{ ref('operator') }} as operator

)

select * from events
