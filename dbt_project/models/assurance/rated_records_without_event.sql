-- One row per usage file with another number of records in state rated than of usage events. Empty
-- when all is well.
{{ config(tags=['draft', 'before_issue']) }}
with rated as (

    select
        file_id,
        count(*) as records
    from {{ ref('int_usage_states') }}
    where state = 'rated'
    group by file_id

),

events as (

    select
        files.file_id,
        count(*) as events
    from {{ ref('int_usage_events') }} as events
    inner join {{ source('raw', 'usage_files') }} as files
        on {{ floor_div('events.event_key', 4294967296) }} = files.file_number
    group by files.file_id

),

compared as (

    select
        coalesce(rated.file_id, events.file_id) as file_id,
        cast(coalesce(rated.records, 0) as bigint) as rated_records,
        cast(coalesce(events.events, 0) as bigint) as usage_events
    from rated
    full outer join events
        on rated.file_id = events.file_id

),

offenders as (

    select * from compared
    where rated_records <> usage_events

)

select * from offenders
