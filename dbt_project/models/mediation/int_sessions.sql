-- One row per voice record that is a part of a session (2.3): what becomes of the part and its call.
-- A part has a charging_id and a sequence; a voice record without a sequence is a call of its own.
-- A part that falls out for an earlier reason of 2.4 is missing in its call.
with parts as (

    select
        {{ event_key('records.file_number', 'records.line_number') }} as event_key,
        records.feed,
        records.charging_id,
        coalesce(records.subscriber, '') as subscriber,
        records.started_at,
        records.duration_seconds,
        records.sequence,
        records.is_final
    from {{ records_to_judge() }} as records
    left join {{ ref('int_repeated_records') }} as repeated
        on {{ event_key('records.file_number', 'records.line_number') }} = repeated.event_key
    inner join {{ ref('int_file_first_runs') }} as files
        on records.file_number = files.file_number
    cross join {{ ref('operator') }} as operator
    where
        records.charging_id is not null
        and records.sequence is not null
        and records.service = 'voice'
        and repeated.event_key is null
        and coalesce(lower(records.disposition), 'answered') = 'answered'
        and records.duration_seconds >= 0
        and records.duration_seconds <= operator.max_voice_hours * 3600
        and {{ epoch_seconds('records.started_at') }} <= {{ epoch_seconds('files.loaded_at') }} + 3600

),

sessions as (

    select
        feed,
        charging_id,
        subscriber,
        count(*) as parts,
        count(distinct sequence) as numbered_parts,
        min(sequence) as first_sequence,
        max(sequence) as last_sequence,
        max(case when is_final then 1 else 0 end) = 1 as has_final,
        min(started_at) as started_at,
        max({{ epoch_seconds('started_at') }} + cast(ceil(duration_seconds) as bigint)) as end_second,
        sum(duration_seconds) as duration_seconds
    from parts
    group by feed, charging_id, subscriber

),

judged as (

    select
        sessions.feed,
        sessions.charging_id,
        sessions.subscriber,
        sessions.parts,
        sessions.started_at,
        sessions.duration_seconds,
        sessions.numbered_parts = sessions.parts
        and sessions.first_sequence = 1
        and sessions.last_sequence = sessions.parts
        and (
            sessions.has_final
            or sessions.end_second + 86400 <= {{ epoch_seconds('bill_run.bill_date_at') }}
        ) as is_complete
    from sessions
    cross join {{ ref('bill_run') }} as bill_run

),

ranked_parts as (

    select
        parts.*,
        row_number() over (
            partition by parts.feed, parts.charging_id, parts.subscriber
            order by
                parts.sequence asc nulls last, parts.started_at asc nulls last,
                parts.event_key asc nulls last
        ) as part_rank
    from parts

),

with_their_call as (

    select
        ranked_parts.event_key,
        judged.is_complete,
        ranked_parts.part_rank = 1 as carries_call,
        judged.started_at as call_started_at,
        -- summed, then rounded up once
        cast(ceil(judged.duration_seconds) as bigint) as call_seconds
    from ranked_parts
    inner join judged
        on
            ranked_parts.feed = judged.feed
            and ranked_parts.charging_id = judged.charging_id
            and ranked_parts.subscriber = judged.subscriber

)

select * from with_their_call
