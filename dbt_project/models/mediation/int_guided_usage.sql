-- One row per usage record: whose it is, its situation, and the first reason against it (2.4).
-- Narrow: wide rows are only streamed, once, through equality joins with small tables; nothing here
-- sorts, groups or writes them.
{%- set settled = standing('mediation', 'int_usage_events') %}
-- what is known of a few records before: one look-up for both
with told_before as (

    select
        coalesce(repeated.event_key, sessions.event_key) as event_key,
        repeated.verdict as repeat_verdict,
        sessions.is_complete,
        sessions.carries_call,
        sessions.call_started_at,
        sessions.call_seconds
    from {{ ref('int_repeated_records') }} as repeated
    full outer join {{ ref('int_sessions') }} as sessions
        on repeated.event_key = sessions.event_key

),

-- the texts that are compared more than once become numbers first
records as (

    select
        {{ event_key('records.file_number', 'records.line_number') }} as event_key,
        records.file_number,
        records.subscriber,
        records.subscriber_kind,
        records.other_party,
        records.serving_network,
        records.disposition,
        records.started_at,
        records.duration_seconds,
        records.bytes_uplink,
        records.bytes_downlink,
        records.messages,
        {{ service_number('records.service') }} as service_number,
        records.direction = 'terminating' as is_terminating,
        -- 3.1: data and terminating events have no zone
        records.direction = 'originating' and records.service <> 'data' as has_called_number
    from {{ records_to_judge() }} as records
    {% if settled is not none %}
    -- 1.2: what lies before the window stays as it was
    left join (
        select event_key from {{ settled }} where bill_date < {{ first_bill_date_in_window() }}
    ) as settled
        on {{ event_key('records.file_number', 'records.line_number') }} = settled.event_key
    where settled.event_key is null
    {% endif %}

),

measured as (

    select
        records.event_key,
        records.file_number,
        records.subscriber,
        records.subscriber_kind,
        records.serving_network,
        records.disposition,
        records.service_number,
        records.is_terminating,
        records.has_called_number,
        told_before.repeat_verdict,
        told_before.is_complete,
        told_before.carries_call,
        case when told_before.is_complete then told_before.call_started_at else records.started_at end as started_at,
        told_before.call_seconds,
        -- the limits are held against each record, not against a call that parts make up
        case records.service_number
            when {{ service_number("'voice'") }} then cast(ceil(coalesce(records.duration_seconds, 0)) as bigint)
            when {{ service_number("'data'") }}
                then coalesce(records.bytes_uplink, 0) + coalesce(records.bytes_downlink, 0)
            else coalesce(records.messages, 1)
        end as own_quantity,
        records.duration_seconds < 0 or records.bytes_uplink < 0 or records.bytes_downlink < 0
        or records.messages < 0 as has_negative_quantity,
        case when records.has_called_number then records.other_party end as called_number,
        case when records.has_called_number then {{ dialled_head('records.other_party', 'lengths') }} end as called_head
    from records
    left join told_before
        on records.event_key = told_before.event_key
    cross join {{ ref('int_head_lengths') }} as lengths

),

-- what a file's records may be, worked out once per file
files as (

    select
        first_runs.file_number,
        {{ instant_of(epoch_seconds('first_runs.loaded_at') ~ ' + 3601') }} as first_future_start,
        greatest(
            operator.first_period,
            {{ add_months('first_runs.first_bill_date', '-(operator.lookback_periods + 1)') }}
        ) as first_period_start,
        {{ add_days('first_runs.first_bill_date', '-operator.late_usage_max_days') }} as first_day
    from {{ ref('int_file_first_runs') }} as first_runs
    cross join {{ ref('operator') }} as operator

),

-- the spans that what is judged can fall in: most subscribers have one such, and a look-up ends at it
first_and_last as (

    select
        min(started_at) as first_start,
        max(started_at) as last_start
    from {{ records_to_judge() }} as records

),

guides as (

    select guides.*
    from {{ ref('int_subscriber_guides') }} as guides
    cross join first_and_last
    where guides.span_to > first_and_last.first_start and guides.span_from <= first_and_last.last_start

),

guided as (

    select
        measured.event_key,
        measured.service_number,
        measured.is_terminating,
        measured.has_called_number,
        case when whole_numbers.head is null then measured.called_head else measured.called_number end as dialled,
        measured.serving_network,
        measured.disposition,
        measured.repeat_verdict,
        measured.is_complete,
        measured.carries_call,
        measured.started_at,
        case when measured.is_complete then measured.call_seconds else measured.own_quantity end as quantity,
        measured.own_quantity,
        measured.has_negative_quantity,
        guides.subscription_number,
        guides.cycle_day,
        guides.card_set_number,
        guides.verdict as guide_verdict,
        files.first_future_start,
        files.first_period_start,
        files.first_day,
        coalesce(
            slots.local_day, cast({{ utc_to_local('measured.started_at', 'operator.time_zone') }} as date)
        ) as local_day
    from measured
    left join files
        on measured.file_number = files.file_number
    left join (select head from {{ ref('int_called_heads') }} where not is_digits) as whole_numbers
        on measured.called_head = whole_numbers.head
    left join {{ ref('int_local_slots') }} as slots
        on {{ floor_div(epoch_seconds('measured.started_at'), 900) }} = slots.slot
    left join guides
        on
            measured.subscriber = guides.subscriber
            and measured.subscriber_kind = guides.subscriber_kind
            and measured.started_at >= guides.span_from
            and measured.started_at < guides.span_to
    cross join {{ ref('operator') }} as operator

),

-- periods come from a small calendar: a date is worked out once per day and cycle day, not per record
in_periods as (

    select
        guided.*,
        periods.period_start,
        periods.bill_date
    from guided
    left join {{ ref('int_period_days') }} as periods
        on guided.local_day = periods.local_day and guided.cycle_day = periods.cycle_day

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
            in_periods.dialled = called.dialled
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
        cast(placed.subscription_number as bigint) as subscription_number,
        placed.bill_date,
        case
            when placed.visited_number is not null
                then {{ situation_key(
                    'cast(coalesce(placed.card_set_number, 0) as bigint)', 'placed.visited_number',
                    'coalesce(placed.place_number, 0)', 'placed.service_number',
                    'case when placed.is_terminating then 1 else 0 end'
                ) }}
        end as situation_key,
        case
            when placed.repeat_verdict is not null then placed.repeat_verdict
            when lower(placed.disposition) <> 'answered' then {{ verdict('not_billable') }}
            when placed.has_negative_quantity then {{ verdict('negative_quantity') }}
            when placed.is_complete and not placed.carries_call then {{ verdict('merged') }}
            when
                placed.own_quantity > case placed.service_number
                    when {{ service_number("'voice'") }} then operator.max_voice_hours * 3600
                    when {{ service_number("'data'") }} then operator.max_data_gigabytes * 1000000000
                end
                then {{ verdict('excessive_quantity') }}
            when placed.started_at >= placed.first_future_start
                then {{ verdict('starts_in_future') }}
            -- received without a price: what it was when its period was in the window, it stays
            when placed.bill_date < {{ first_bill_date_in_window() }} and placed.is_terminating
                then {{ verdict('not_billable') }}
            when
                coalesce(placed.period_start, placed.local_day) < placed.first_period_start
                or placed.local_day < placed.first_day
                -- mended only after its period has left the window: nothing is billed there any more
                or placed.bill_date < {{ first_bill_date_in_window() }}
                then {{ verdict('too_old') }}
            when placed.is_complete = false then {{ verdict('incomplete_session') }}
            when placed.subscription_number is null then {{ verdict('unknown_subscriber') }}
            when placed.guide_verdict is not null then placed.guide_verdict
            when placed.visited_number is null then {{ verdict('unknown_network') }}
            when placed.has_called_number and placed.place_number is null
                then {{ verdict('unknown_destination') }}
        end as verdict
    from placed
    cross join {{ ref('operator') }} as operator

)

select * from judged
