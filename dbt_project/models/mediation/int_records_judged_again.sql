-- One row per earlier record that a new file concerns, whole: a copy of one of its records (2.2), or a part of one of its calls (2.3).
{%- set scope = judging_scope() %}
{%- set first_new_key = (scope.after_file_number + 1) * 4294967296 %}
with new_hashes as (

    select
        id_hash,
        session_hash
    from {{ ref('int_record_hashes') }}
    where event_key >= {{ first_new_key }}{% if scope.is_full %} and 1 = 0{% endif %}

),

-- by hashes: one record too many is judged again without effect
earlier_copies as (

    select
        earlier.event_key,
        earlier.session_hash
    from {{ ref('int_record_hashes') }} as earlier
    where earlier.event_key < {{ first_new_key }} and earlier.id_hash in (select id_hash from new_hashes)

),

concerned_sessions as (

    select session_hash from new_hashes where session_hash is not null
    union
    select session_hash from earlier_copies where session_hash is not null

),

earlier_parts as (

    select earlier.event_key
    from {{ ref('int_record_hashes') }} as earlier
    inner join concerned_sessions
        on earlier.session_hash = concerned_sessions.session_hash
    where earlier.event_key < {{ first_new_key }}

),

concerned_lines as (

    select
        event_key,
        {{ floor_div('event_key', 4294967296) }} as file_number,
        event_key % 4294967296 as line_number,
        max(copies) = 1 as is_copy
    from (
        select event_key, 1 as copies from earlier_copies
        union all
        select event_key, 0 as copies from earlier_parts
    ) as found
    group by event_key

),

-- the wide columns are read of the few that are found
concerned as (

    select
        records.*,
        concerned_lines.is_copy,
        concerned_lines.event_key
    from {{ source('raw', 'usage_records') }} as records
    inner join concerned_lines
        on
            records.file_number = concerned_lines.file_number
            and records.line_number = concerned_lines.line_number

)

select * from concerned
