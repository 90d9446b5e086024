-- One row per file and state of its records (2.1). Quantities are those of the raw records.
{{ config(tags=['draft']) }}
with records as (

    select
        states.file_id,
        states.state,
        case when records.service = 'voice' then coalesce(records.duration_seconds, 0) else 0 end as seconds,
        case
            when records.service = 'data'
                then coalesce(records.bytes_uplink, 0) + coalesce(records.bytes_downlink, 0)
            else 0
        end as bytes,
        case when records.service in ('sms', 'mms') then coalesce(records.messages, 0) else 0 end as messages
    from {{ source('raw', 'usage_records') }} as records
    inner join {{ ref('int_usage_states') }} as states
        on records.file_number = states.file_number
        and records.line_number = states.line_number

    union all

    -- what cannot be read has no quantity
    select
        file_id,
        'rejected' as state,
        0 as seconds,
        0 as bytes,
        0 as messages
    from {{ source('raw', 'rejected_lines') }}

),

by_state as (

    select
        file_id,
        state,
        cast(count(*) as bigint) as records,
        cast(sum(seconds) as decimal(28, 6)) as seconds,
        cast(sum(bytes) as bigint) as bytes,
        cast(sum(messages) as bigint) as messages
    from records
    group by file_id, state

),

with_file as (

    select
        by_state.file_id,
        usage_files.feed,
        usage_files.file_name,
        by_state.state,
        by_state.records,
        by_state.seconds,
        by_state.bytes,
        by_state.messages
    from by_state
    left join {{ source('raw', 'usage_files') }} as usage_files
        on by_state.file_id = usage_files.file_id

)

select * from with_file
