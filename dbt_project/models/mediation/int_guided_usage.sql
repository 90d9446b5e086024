-- One row per usage record: whose it is, its situation, and the first reason against it (2.4).
-- Narrow: wide rows are only streamed, once, through equality joins with small tables; nothing here
-- sorts, groups or writes them.
{%- set settled = load_relation(api.Relation.create(database=target.database, schema='mediation', identifier='int_usage_events')) %}
with records as (

    select
        {{ event_key('records.file_number', 'records.line_number') }} as event_key,
        records.file_number,
        records.service,
        records.direction,
        records.subscriber,
        records.subscriber_kind,
        records.other_party,
        records.serving_network,
        records.disposition,
        repeated.is_duplicate,
        repeated.is_conflicting,
        sessions.is_complete,
        sessions.carries_call,
        case
            when sessions.is_complete then sessions.call_started_at
            else records.started_at
        end as started_at,
        case records.service
            when 'voice'
                then cast(ceil(
                    case
                        when sessions.is_complete then sessions.call_duration_seconds
                        else coalesce(records.duration_seconds, 0)
                    end
                ) as bigint)
            when 'data' then coalesce(records.bytes_uplink, 0) + coalesce(records.bytes_downlink, 0)
            else coalesce(records.messages, 1)
        end as quantity,
        -- the limits are held against each record, not against a call that parts make up
        case records.service
            when 'voice' then coalesce(records.duration_seconds, 0)
            when 'data' then coalesce(records.bytes_uplink, 0) + coalesce(records.bytes_downlink, 0)
        end as own_quantity,
        least(
            coalesce(records.duration_seconds, 0), coalesce(records.bytes_uplink, 0),
            coalesce(records.bytes_downlink, 0), coalesce(records.messages, 0)
        ) < 0 as has_negative_quantity,
        -- 3.1: data and terminating events have no zone
        case
            when records.direction = 'originating' and records.service <> 'data' then records.other_party
        end as called_number
    from {{ source('raw', 'usage_records') }} as records
    left join {{ ref('int_repeated_records') }} as repeated
        on {{ event_key('records.file_number', 'records.line_number') }} = repeated.event_key
    left join {{ ref('int_sessions') }} as sessions
        on {{ event_key('records.file_number', 'records.line_number') }} = sessions.event_key
    {% if settled is not none %}
    -- 1.2: what lies before the window stays as it was
    left join (
        select event_key from {{ settled }} where bill_date < {{ first_bill_date_in_window() }}
    ) as settled
        on {{ event_key('records.file_number', 'records.line_number') }} = settled.event_key
    where settled.event_key is null
    {% endif %}

),

guided as (

    select
        records.event_key,
        records.service,
        records.direction,
        records.called_number,
        records.serving_network,
        records.disposition,
        records.is_duplicate,
        records.is_conflicting,
        records.is_complete,
        records.carries_call,
        records.started_at,
        records.quantity,
        records.own_quantity,
        records.has_negative_quantity,
        guides.subscription_number,
        guides.cycle_day,
        guides.claimants,
        guides.activated_at,
        guides.terminated_at,
        guides.has_plan,
        guides.card_set_number,
        files.loaded_at,
        files.first_bill_date,
        coalesce(
            {{ floor_div(epoch_seconds('records.started_at') ~ ' + slots.offset_seconds', 86400) }},
            {{ days_between("date '1970-01-01'", 'cast(' ~ utc_to_local('records.started_at', 'operator.time_zone') ~ ' as date)') }}
        ) as local_day_number
    from records
    left join {{ ref('int_file_first_runs') }} as files
        on records.file_number = files.file_number
    left join {{ ref('int_local_slots') }} as slots
        on {{ floor_div(epoch_seconds('records.started_at'), 900) }} = slots.slot
    left join {{ ref('int_subscriber_guides') }} as guides
        on
            records.subscriber = guides.subscriber
            and records.subscriber_kind = guides.subscriber_kind
            and records.started_at >= guides.span_from
            and records.started_at < guides.span_to
    cross join {{ ref('operator') }} as operator

),

-- periods come from a small calendar: a date is worked out once per day and cycle day, not per record
in_periods as (

    select
        guided.*,
        days.local_day,
        periods.period_start,
        periods.bill_date
    from guided
    left join {{ ref('int_local_days') }} as days
        on guided.local_day_number = days.local_day_number
    left join {{ ref('int_period_days') }} as periods
        on guided.local_day_number = periods.local_day_number and guided.cycle_day = periods.cycle_day

),

placed as (

    select
        in_periods.*,
        called.place_number,
        case
            when in_periods.serving_network is null then home.visited_number
            else networks.visited_number
        end as visited_number
    from in_periods
    left join {{ ref('int_called_numbers') }} as called
        on
            in_periods.called_number = called.other_party
            and in_periods.local_day >= called.span_from
            and in_periods.local_day < called.span_to
    left join {{ ref('int_serving_networks') }} as networks
        on
            in_periods.serving_network = networks.serving_network
            and in_periods.local_day >= networks.span_from
            and in_periods.local_day < networks.span_to
    cross join (
        select visited_number from {{ ref('int_visited_zones') }} where visited_zone = 'home'
    ) as home

),

judged as (

    select
        placed.event_key,
        placed.started_at,
        placed.local_day,
        placed.quantity,
        placed.subscription_number,
        placed.bill_date,
        case
            when placed.visited_number is not null
                then {{ situation_key(
                    'coalesce(placed.card_set_number, 0)', 'placed.visited_number',
                    'coalesce(placed.place_number, 0)', service_number('placed.service'),
                    "case when placed.direction = 'terminating' then 1 else 0 end"
                ) }}
        end as situation_key,
        case
            when placed.is_conflicting then {{ verdict('conflicting_duplicate') }}
            when placed.is_duplicate then {{ verdict('duplicate') }}
            when lower(placed.disposition) <> 'answered' then {{ verdict('not_billable') }}
            when placed.has_negative_quantity then {{ verdict('negative_quantity') }}
            when placed.is_complete and not placed.carries_call then {{ verdict('merged') }}
            when
                placed.own_quantity > case placed.service
                    when 'voice' then operator.max_voice_hours * 3600
                    when 'data' then operator.max_data_gigabytes * 1000000000
                end
                then {{ verdict('excessive_quantity') }}
            when {{ epoch_seconds('placed.started_at') }} > {{ epoch_seconds('placed.loaded_at') }} + 3600
                then {{ verdict('starts_in_future') }}
            -- received without a price: what it was when its period was in the window, it stays
            when placed.bill_date < {{ first_bill_date_in_window() }} and placed.direction = 'terminating'
                then {{ verdict('not_billable') }}
            when
                placed.local_day is null
                or coalesce(placed.period_start, placed.local_day) < operator.first_period
                or coalesce(placed.period_start, placed.local_day)
                < {{ add_months('placed.first_bill_date', '-(operator.lookback_periods + 1)') }}
                or {{ days_between('placed.local_day', 'placed.first_bill_date') }}
                > operator.late_usage_max_days
                -- mended only after its period has left the window: nothing is billed there any more
                or placed.bill_date < {{ first_bill_date_in_window() }}
                then {{ verdict('too_old') }}
            when placed.is_complete = false then {{ verdict('incomplete_session') }}
            when placed.subscription_number is null then {{ verdict('unknown_subscriber') }}
            when placed.claimants > 1 then {{ verdict('ambiguous_subscriber') }}
            when
                placed.started_at < placed.activated_at or placed.started_at >= placed.terminated_at
                then {{ verdict('subscription_not_active') }}
            when not placed.has_plan then {{ verdict('no_plan') }}
            when placed.visited_number is null then {{ verdict('unknown_network') }}
            when placed.service <> 'data' and placed.direction = 'originating' and placed.place_number is null
                then {{ verdict('unknown_destination') }}
        end as verdict
    from placed
    cross join {{ ref('operator') }} as operator

)

select * from judged
