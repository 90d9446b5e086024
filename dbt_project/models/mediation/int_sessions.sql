-- One row per voice record that is a part of a session (2.3): what becomes of the part and its call.
with parts as (

    select
        {{ event_key('records.file_number', 'records.line_number') }} as event_key,
        records.feed,
        records.charging_id,
        records.started_at,
        records.duration_seconds,
        records.sequence,
        records.is_final
    from {{ source('raw', 'usage_records') }} as records
    left join {{ ref('int_repeated_records') }} as repeated
        on {{ event_key('records.file_number', 'records.line_number') }} = repeated.event_key
    where
        records.charging_id is not null
        and records.service = 'voice'
        and repeated.event_key is null
        and coalesce(lower(records.disposition), 'answered') = 'answered'
        and records.duration_seconds >= 0

),

sessions as (

    select
        feed,
        charging_id,
        count(*) as parts,
        count(distinct sequence) as numbered_parts,
        min(sequence) as first_sequence,
        max(sequence) as last_sequence,
        count(is_final) as finality_flags,
        max(case when is_final then 1 else 0 end) = 1 as has_final,
        min(started_at) as started_at,
        max({{ epoch_seconds('started_at') }} + cast(ceil(duration_seconds) as bigint)) as end_second,
        sum(duration_seconds) as duration_seconds
    from parts
    group by feed, charging_id

),

judged as (

    select
        sessions.feed,
        sessions.charging_id,
        sessions.parts,
        sessions.started_at,
        sessions.duration_seconds,
        -- a record with a charging_id and nothing else of a session is a call of its own
        (sessions.parts = 1 and sessions.numbered_parts = 0 and sessions.finality_flags = 0)
        or (
            sessions.numbered_parts = sessions.parts
            and sessions.first_sequence = 1
            and sessions.last_sequence = sessions.parts
            and (
                sessions.has_final
                or sessions.end_second + 86400 <= {{ epoch_seconds('bill_run.bill_date_at') }}
            )
        )
        or (sessions.parts = 1 and sessions.numbered_parts = 0 and sessions.has_final) as is_complete
    from sessions
    cross join {{ ref('bill_run') }} as bill_run

),

ranked_parts as (

    select
        parts.*,
        row_number() over (
            partition by parts.feed, parts.charging_id
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
        cast(judged.duration_seconds as decimal(18, 6)) as call_duration_seconds
    from ranked_parts
    inner join judged
        on ranked_parts.feed = judged.feed and ranked_parts.charging_id = judged.charging_id

)

select * from with_their_call
