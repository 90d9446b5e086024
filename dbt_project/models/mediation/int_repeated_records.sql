-- One row per record whose (feed, record_id) has arrived before or with other content (2.2).
{{ config(materialized='replaced_in_part', replace_where=rows_judged(copies_only=true)) }}
{%- set scope = judging_scope() %}
{%- set first_new_key = (scope.after_file_number + 1) * 4294967296 %}
{%- set judged_again = ref('int_records_judged_again') %}
with hashes as (

    select
        event_key,
        id_hash
    from {{ ref('int_record_hashes') }}
    {% if not scope.is_full -%}
    where event_key >= {{ first_new_key }}
    union all
    select
        event_key,
        id_hash
    from {{ ref('int_record_hashes') }}
    where event_key < {{ first_new_key }} and event_key in (select event_key from {{ judged_again }} where is_copy)
    {%- endif %}

),

-- equal neighbours among sorted 64-bit hashes find the few candidates, cheaper than a group for each of
-- millions that never repeat; the ids themselves decide below
neighbours as (

    select
        id_hash,
        lag(id_hash) over (order by id_hash asc nulls last) as earlier_hash
    from (select id_hash from hashes) as id_hashes

),

repeated_hashes as (

    select distinct id_hash
    from neighbours
    where id_hash = earlier_hash

),

repeated_lines as (

    select
        hashes.event_key,
        {{ floor_div('hashes.event_key', 4294967296) }} as file_number,
        hashes.event_key % 4294967296 as line_number
    from hashes
    inner join repeated_hashes
        on hashes.id_hash = repeated_hashes.id_hash

),

candidates as (

    select
        repeated_lines.event_key,
        records.feed,
        records.record_id,
        {{ record_content('records') }} as content
    from {{ source('raw', 'usage_records') }} as records
    inner join repeated_lines
        on records.file_number = repeated_lines.file_number and records.line_number = repeated_lines.line_number

),

compared as (

    select
        event_key,
        row_number() over (partition by feed, record_id, content order by event_key asc nulls first) as arrival,
        count(*) over (partition by feed, record_id) as arrivals,
        min(content) over (partition by feed, record_id) as first_content,
        max(content) over (partition by feed, record_id) as last_content
    from candidates

),

repeated as (

    select
        event_key,
        case
            when first_content <> last_content then {{ verdict('conflicting_duplicate') }}
            else {{ verdict('duplicate') }}
        end as verdict
    from compared
    where arrivals > 1 and (arrival > 1 or first_content <> last_content)

)

select * from repeated
