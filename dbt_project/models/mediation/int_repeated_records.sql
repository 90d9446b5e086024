-- One row per record whose (feed, record_id) has arrived before or with other content (2.2).
{{ config(materialized='replaced_in_part', replace_where=rows_judged(copies_only=true)) }}
{%- set records = records_to_judge(copies_only=true) %}
-- equal neighbours among sorted 64-bit hashes find the few candidates, cheaper than a group for each of
-- millions that never repeat; the ids themselves decide below
with neighbours as (

    select
        id_hash,
        lag(id_hash) over (order by id_hash asc nulls last) as earlier_hash
    from (
        select {{ text_hash(['feed', 'record_id']) }} as id_hash
        from {{ records }}
    ) as hashes

),

repeated_hashes as (

    select distinct id_hash
    from neighbours
    where id_hash = earlier_hash

),

candidates as (

    select
        {{ event_key('records.file_number', 'records.line_number') }} as event_key,
        records.feed,
        records.record_id,
        {{ record_content('records') }} as content
    from {{ records }} as records
    inner join repeated_hashes
        on {{ text_hash(['records.feed', 'records.record_id']) }} = repeated_hashes.id_hash

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
