-- One row per earlier record that a new file concerns, whole: a copy of one of its records (2.2), or a part of one of its calls (2.3).
{%- set scope = judging_scope() %}
{%- set first_new_key = (scope.after_file_number + 1) * 4294967296 %}
with new_records as (

    select
        feed,
        charging_id,
        sequence,
        subscriber
    from {{ source('raw', 'usage_records') }}
    where {% if scope.is_full %}1 = 0{% else %}file_number > {{ scope.after_file_number }}{% endif %}

),

-- narrow first: the wide columns are read of the few that are found
earlier_copies as (

    -- by the hashes of the ids: one too many is judged again without effect
    select
        {{ floor_div('earlier.event_key', 4294967296) }} as file_number,
        earlier.event_key % 4294967296 as line_number
    from {{ ref('int_record_hashes') }} as earlier
    inner join (
        select distinct id_hash
        from {{ ref('int_record_hashes') }}
        where event_key >= {{ first_new_key }} and {{ 'false' if scope.is_full else 'true' }}
    ) as new_ids
        on earlier.id_hash = new_ids.id_hash
    where earlier.event_key < {{ first_new_key }}

),

-- by hashes as well: as bare columns, each row would be asked for its feed before the two that leave few
concerned_sessions as (

    select {{ text_hash(['feed', 'charging_id', "coalesce(subscriber, '')"]) }} as session_hash
    from new_records
    where charging_id is not null and sequence is not null
    union
    select
        {{ text_hash(['records.feed', 'records.charging_id', "coalesce(records.subscriber, '')"]) }}
            as session_hash
    from {{ source('raw', 'usage_records') }} as records
    inner join earlier_copies
        on
            records.file_number = earlier_copies.file_number
            and records.line_number = earlier_copies.line_number
    where records.charging_id is not null and records.sequence is not null

),

earlier_parts as (

    select
        records.file_number,
        records.line_number
    from {{ source('raw', 'usage_records') }} as records
    inner join concerned_sessions
        on
            {{ text_hash(['records.feed', 'records.charging_id', "coalesce(records.subscriber, '')"]) }}
            = concerned_sessions.session_hash
    where
        records.charging_id is not null
        and records.sequence is not null
        and records.file_number <= {{ scope.after_file_number }}

),

concerned_lines as (

    select
        file_number,
        line_number,
        max(copies) = 1 as is_copy
    from (
        select file_number, line_number, 1 as copies from earlier_copies
        union all
        select file_number, line_number, 0 as copies from earlier_parts
    ) as found
    group by file_number, line_number

),

concerned as (

    select
        records.*,
        concerned_lines.is_copy,
        {{ event_key('records.file_number', 'records.line_number') }} as event_key
    from {{ source('raw', 'usage_records') }} as records
    inner join concerned_lines
        on
            records.file_number = concerned_lines.file_number
            and records.line_number = concerned_lines.line_number

)

select * from concerned
