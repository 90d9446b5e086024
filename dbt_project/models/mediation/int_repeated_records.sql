-- One row per record whose (feed, record_id) has arrived before or with other content (2.2).
with record_hashes as (

    -- a 64-bit hash finds the few candidates; the ids themselves decide below
    select
        {{ event_key('file_number', 'line_number') }} as event_key,
        {{ text_hash(['feed', 'record_id']) }} as id_hash
    from {{ source('raw', 'usage_records') }}

),

repeated_hashes as (

    select id_hash
    from record_hashes
    group by id_hash
    having count(*) > 1

),

candidates as (

    select record_hashes.event_key
    from record_hashes
    inner join repeated_hashes
        on record_hashes.id_hash = repeated_hashes.id_hash

),

contents as (

    select
        candidates.event_key,
        records.feed,
        records.record_id,
        {{ record_content('records') }} as content
    from {{ source('raw', 'usage_records') }} as records
    inner join candidates
        on {{ event_key('records.file_number', 'records.line_number') }} = candidates.event_key

),

compared as (

    select
        event_key,
        row_number() over (partition by feed, record_id, content order by event_key asc nulls first) as arrival,
        count(*) over (partition by feed, record_id) as arrivals,
        min(content) over (partition by feed, record_id) as first_content,
        max(content) over (partition by feed, record_id) as last_content
    from contents

),

repeated as (

    select
        event_key,
        arrival > 1 as is_duplicate,
        first_content <> last_content as is_conflicting
    from compared
    where arrivals > 1 and (arrival > 1 or first_content <> last_content)

)

select * from repeated
