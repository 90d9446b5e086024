-- One row per usage record: the 64-bit hash of its feed and record_id (2.2). Narrow, so that a copy is found fast.
{{ config(
    materialized='replaced_in_part',
    replace_where='event_key >= (select (after_file_number + 1) * 4294967296 from mediation.int_judging_scope)',
) }}
with hashes as (

    select
        {{ event_key('file_number', 'line_number') }} as event_key,
        {{ text_hash(['feed', 'record_id']) }} as id_hash
    from {{ source('raw', 'usage_records') }}
    where file_number > {{ judging_scope().after_file_number }}

)

select * from hashes
