-- One row per earlier record that a new file concerns, whole: a copy of one of its records (2.2), or a part of one of its calls (2.3).
with scope as (

    select
        is_full,
        after_file_number
    from {{ ref('int_judging_scope') }}

),

earlier_copies as (

    -- the 64-bit hashes of the ids: one too many is judged again without effect
    select records.*
    from {{ source('raw', 'usage_records') }} as records
    inner join scope
        on records.file_number <= scope.after_file_number
    inner join (
        select distinct {{ text_hash(['new_records.feed', 'new_records.record_id']) }} as id_hash
        from {{ source('raw', 'usage_records') }} as new_records
        inner join scope as new_scope
            on new_records.file_number > new_scope.after_file_number and not new_scope.is_full
    ) as new_ids
        on {{ text_hash(['records.feed', 'records.record_id']) }} = new_ids.id_hash

),

concerned_sessions as (

    select
        records.feed,
        records.charging_id,
        coalesce(records.subscriber, '') as subscriber
    from {{ source('raw', 'usage_records') }} as records
    inner join scope
        on records.file_number > scope.after_file_number and not scope.is_full
    where records.charging_id is not null and records.sequence is not null
    union
    select
        feed,
        charging_id,
        coalesce(subscriber, '') as subscriber
    from earlier_copies
    where charging_id is not null and sequence is not null

),

earlier_parts as (

    select records.*
    from {{ source('raw', 'usage_records') }} as records
    inner join scope
        on records.file_number <= scope.after_file_number
    inner join concerned_sessions
        on
            records.feed = concerned_sessions.feed
            and records.charging_id = concerned_sessions.charging_id
            and coalesce(records.subscriber, '') = concerned_sessions.subscriber
    where records.charging_id is not null and records.sequence is not null

),

concerned as (

    select
        earlier_copies.*,
        true as is_copy,
        {{ event_key('earlier_copies.file_number', 'earlier_copies.line_number') }} as event_key
    from earlier_copies
    union all
    select
        earlier_parts.*,
        false as is_copy,
        {{ event_key('earlier_parts.file_number', 'earlier_parts.line_number') }} as event_key
    from earlier_parts
    left join earlier_copies
        on
            earlier_parts.file_number = earlier_copies.file_number
            and earlier_parts.line_number = earlier_copies.line_number
    where earlier_copies.line_number is null

)

select * from concerned
