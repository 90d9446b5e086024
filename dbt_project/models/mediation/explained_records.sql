-- One row per line of a usage file: what it says, what became of it, why, and what would mend it (2.1, 2.4, 9.1).
-- Records of one feed and record_id came more than once; parts of one call share feed, charging_id and subscriber.
{{ config(materialized='view') }}
with readable as (

    select
        records.feed,
        records.record_id,
        records.file_id,
        records.line_number,
        coalesce(states.state, 'loaded') as state,
        states.reason,
        suspended.detail,
        suspended.first_suspended_at,
        records.service,
        records.direction,
        records.subscriber,
        records.subscriber_kind,
        records.other_party,
        records.started_at,
        records.duration_seconds,
        records.bytes_uplink,
        records.bytes_downlink,
        records.messages,
        records.serving_network,
        records.charging_id,
        records.sequence,
        records.is_final,
        records.disposition,
        cast(null as string) as content
    from {{ source('raw', 'usage_records') }} as records
    left join {{ ref('int_usage_states') }} as states
        on records.file_number = states.file_number and records.line_number = states.line_number
    left join {{ ref('suspended_usage') }} as suspended
        on records.file_id = suspended.file_id and records.line_number = suspended.line_number

),

rejected as (

    select
        feed,
        cast(null as string) as record_id,
        file_id,
        line_number,
        'rejected' as state,
        reason,
        cast(null as string) as detail,
        cast(null as timestamp) as first_suspended_at,
        cast(null as string) as service,
        cast(null as string) as direction,
        cast(null as string) as subscriber,
        cast(null as string) as subscriber_kind,
        cast(null as string) as other_party,
        cast(null as timestamp) as started_at,
        cast(null as decimal(18, 6)) as duration_seconds,
        cast(null as bigint) as bytes_uplink,
        cast(null as bigint) as bytes_downlink,
        cast(null as bigint) as messages,
        cast(null as string) as serving_network,
        cast(null as string) as charging_id,
        cast(null as bigint) as sequence,
        cast(null as boolean) as is_final,
        cast(null as string) as disposition,
        content
    from {{ source('raw', 'rejected_lines') }}

),

records as (

    select * from readable
    union all
    select * from rejected

),

explained as (

    select
        records.feed,
        records.record_id,
        records.file_id,
        files.file_name,
        {{ event_key('files.file_number', 'records.line_number') }} as event_key,
        files.loaded_at,
        records.line_number,
        records.state,
        records.reason,
        records.detail,
        records.first_suspended_at,
        case
            when records.state = 'rejected'
                then 'the network must send the record again, in a new file'
            when records.state = 'not_billable' and lower(records.disposition) <> 'answered'
                then 'nothing: only answered calls are billed'
            when records.state = 'not_billable'
                then 'nothing, unless received usage shall cost something: a rate in ratebook/rates.csv'
            when records.reason = 'conflicting_duplicate'
                then 'the network must say which content is right, under a record_id of its own'
            when records.reason = 'negative_quantity'
                then 'the network must send the right quantity, under a record_id of its own'
            when records.reason = 'excessive_quantity'
                then 'if it is genuine: higher limits in operator.yaml (mediation)'
            when records.reason = 'starts_in_future'
                then 'the clock of the network or the time zone of the feed: it starts more than 1 h after its file came'
            when records.reason = 'too_old'
                then 'nothing, unless operator.yaml (first_period, lookback_periods, late_usage_max_days) leaves room'
            when records.reason = 'incomplete_session'
                then 'the missing parts of the call must come'
            when records.reason = 'unknown_subscriber'
                then 'a row in crm/identifiers.csv, valid at the start'
            when records.reason = 'ambiguous_subscriber'
                then 'one of the two rows in crm/identifiers.csv must end before the start'
            when records.reason = 'subscription_not_active'
                then 'activated_at and terminated_at in crm/subscriptions.csv must hold the start'
            when records.reason = 'no_plan'
                then 'a plan in crm/subscribed_products.csv, valid at the start'
            when records.reason = 'unknown_network'
                then 'a row in ratebook/networks.csv, valid on the day'
            when records.reason = 'unknown_destination'
                then 'a row in ratebook/prefixes.csv, valid on the day'
            when records.reason = 'no_rate'
                then 'a row in ratebook/rates.csv for every moment of the event'
        end as remedy,
        records.service,
        records.direction,
        records.subscriber,
        records.subscriber_kind,
        records.other_party,
        records.started_at,
        {{ utc_to_local('records.started_at', 'operator.time_zone') }} as local_started_at,
        records.duration_seconds,
        records.bytes_uplink,
        records.bytes_downlink,
        records.messages,
        records.serving_network,
        records.charging_id,
        records.sequence,
        records.is_final,
        records.disposition,
        records.content
    from records
    inner join {{ source('raw', 'usage_files') }} as files
        on records.file_id = files.file_id
    cross join {{ ref('operator') }} as operator

)

select * from explained
