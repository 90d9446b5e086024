-- One row per raw usage record that is not settled: whose it is, where it went, and the first reason against it (2.4).
-- Wide rows are only streamed through equality joins with small tables; nothing here sorts or groups them.
{%- set settled = load_relation(api.Relation.create(database=target.database, schema='mediation', identifier='usage_events')) %}
with records as (

    select
        records.file_number,
        records.file_id,
        records.line_number,
        records.feed,
        records.record_id,
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
            when records.service = 'voice' and coalesce(sessions.is_complete, false)
                then sessions.call_started_at
            else records.started_at
        end as started_at,
        case records.service
            when 'voice'
                then cast(ceil(
                    case
                        when coalesce(sessions.is_complete, false) then sessions.call_duration_seconds
                        else coalesce(records.duration_seconds, 0)
                    end
                ) as bigint)
            when 'data' then coalesce(records.bytes_uplink, 0) + coalesce(records.bytes_downlink, 0)
            else coalesce(records.messages, 1)
        end as quantity,
        least(
            coalesce(records.duration_seconds, 0), coalesce(records.bytes_uplink, 0),
            coalesce(records.bytes_downlink, 0), coalesce(records.messages, 0)
        ) < 0 as has_negative_quantity
    from {{ source('raw', 'usage_records') }} as records
    {% if settled is not none %}
    -- 1.2: what lies before the window stays as it was
    left join (
        select file_id, line_number
        from {{ settled }}
        where bill_date < {{ first_bill_date_in_window() }}
    ) as settled
        on records.file_id = settled.file_id and records.line_number = settled.line_number
    {% endif %}
    left join {{ ref('int_repeated_records') }} as repeated
        on records.file_number = repeated.file_number and records.line_number = repeated.line_number
    left join {{ ref('int_sessions') }} as sessions
        on records.file_number = sessions.file_number and records.line_number = sessions.line_number
    {% if settled is not none %}
    where settled.file_id is null
    {% endif %}

),

guided as (

    select
        records.*,
        guides.subscription_id,
        guides.account_id,
        guides.cycle_day,
        guides.claimants,
        guides.activated_at,
        guides.terminated_at,
        guides.has_plan,
        guides.rate_cards,
        files.loaded_at,
        files.first_bill_date,
        coalesce(
            {{ instant_of(epoch_seconds('records.started_at') ~ ' + slots.offset_seconds') }},
            {{ utc_to_local('records.started_at', 'operator.time_zone') }}
        ) as local_started_at
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

in_periods as (

    select
        guided.*,
        -- 3.1: data and terminating events have no zone
        case
            when guided.direction = 'originating' and guided.service <> 'data' then guided.other_party
        end as called_number,
        cast(guided.local_started_at as date) as local_day,
        {{ period_end('cast(guided.local_started_at as date)', 'guided.cycle_day') }} as bill_date,
        {{ period_start('cast(guided.local_started_at as date)', 'guided.cycle_day') }} as period_start
    from guided

),

placed as (

    select
        in_periods.*,
        called.zone,
        called.destination,
        case
            when in_periods.serving_network is null then 'home'
            else networks.visited_zone
        end as visited_zone
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

),

judged as (

    select
        placed.file_number,
        placed.file_id,
        placed.line_number,
        placed.feed,
        placed.record_id,
        placed.service,
        placed.direction,
        placed.subscriber,
        placed.other_party,
        placed.started_at,
        placed.local_started_at,
        placed.local_day,
        placed.quantity,
        placed.subscription_id,
        placed.account_id,
        placed.bill_date,
        placed.zone,
        placed.destination,
        placed.visited_zone,
        placed.rate_cards,
        placed.loaded_at,
        case
            when placed.is_duplicate then 'duplicate'
            when placed.is_conflicting then 'conflicting_duplicate'
            when coalesce(lower(placed.disposition), 'answered') <> 'answered' then 'not_billable'
            when placed.has_negative_quantity then 'negative_quantity'
            when placed.is_complete and not placed.carries_call then 'merged'
            when
                placed.quantity > case placed.service
                    when 'voice' then operator.max_voice_hours * 3600
                    when 'data' then operator.max_data_gigabytes * 1000000000
                end
                then 'excessive_quantity'
            when {{ epoch_seconds('placed.started_at') }} > {{ epoch_seconds('placed.loaded_at') }} + 3600
                then 'starts_in_future'
            when
                coalesce(placed.period_start, placed.local_day) < operator.first_period
                or coalesce(placed.period_start, placed.local_day)
                < {{ add_months('placed.first_bill_date', '-(operator.lookback_periods + 1)') }}
                or {{ days_between('placed.local_day', 'placed.first_bill_date') }}
                > operator.late_usage_max_days
                -- mended only after its period has left the window: nothing is billed there any more
                or placed.bill_date < {{ first_bill_date_in_window() }}
                then 'too_old'
            when placed.is_complete = false then 'incomplete_session'
            when placed.subscription_id is null then 'unknown_subscriber'
            when placed.claimants > 1 then 'ambiguous_subscriber'
            when
                placed.started_at < placed.activated_at or placed.started_at >= placed.terminated_at
                then 'subscription_not_active'
            when not placed.has_plan then 'no_plan'
            when placed.visited_zone is null then 'unknown_network'
            when
                placed.service <> 'data' and placed.direction = 'originating' and placed.zone is null
                then 'unknown_destination'
        end as verdict
    from placed
    cross join {{ ref('operator') }} as operator

)

select * from judged
