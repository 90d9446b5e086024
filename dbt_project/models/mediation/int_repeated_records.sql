-- One row per record whose (feed, record_id) has arrived before or with other content (2.2).
with record_hashes as (

    -- a 64-bit hash finds the few candidates; the ids themselves decide below
    select
        file_number,
        line_number,
        {{ text_hash("feed || ':' || record_id") }} as id_hash
    from {{ source('raw', 'usage_records') }}

),

repeated_hashes as (

    select id_hash
    from record_hashes
    group by id_hash
    having count(*) > 1

),

candidates as (

    select
        record_hashes.file_number,
        record_hashes.line_number
    from record_hashes
    inner join repeated_hashes
        on record_hashes.id_hash = repeated_hashes.id_hash

),

contents as (

    select
        records.file_number,
        records.line_number,
        records.feed,
        records.record_id,
        concat_ws(
            '|',
            coalesce(records.service, ''), coalesce(records.direction, ''),
            coalesce(records.subscriber, ''), coalesce(records.subscriber_kind, ''),
            coalesce(records.other_party, ''), coalesce(cast(records.started_at as string), ''),
            coalesce(cast(records.duration_seconds as string), ''),
            coalesce(cast(records.bytes_uplink as string), ''),
            coalesce(cast(records.bytes_downlink as string), ''),
            coalesce(cast(records.messages as string), ''), coalesce(records.serving_network, ''),
            coalesce(records.charging_id, ''), coalesce(cast(records.sequence as string), ''),
            coalesce(cast(records.is_final as string), ''), coalesce(records.disposition, '')
        ) as content
    from {{ source('raw', 'usage_records') }} as records
    inner join candidates
        on records.file_number = candidates.file_number and records.line_number = candidates.line_number

),

compared as (

    select
        file_number,
        line_number,
        row_number() over (
            partition by feed, record_id, content order by file_number asc nulls first, line_number asc nulls first
        ) as arrival,
        count(*) over (partition by feed, record_id) as arrivals,
        min(content) over (partition by feed, record_id) as first_content,
        max(content) over (partition by feed, record_id) as last_content
    from contents

),

repeated as (

    select
        file_number,
        line_number,
        arrival > 1 as is_duplicate,
        first_content <> last_content as is_conflicting
    from compared
    where arrivals > 1 and (arrival > 1 or first_content <> last_content)

)

select * from repeated
