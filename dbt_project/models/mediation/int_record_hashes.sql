-- One row per usage record: 64-bit hashes of its feed and record_id (2.2) and, of a part of a call, of the call (2.3).
-- Narrow, so that copies and parts are found fast.
{{ config(
    materialized='replaced_in_part',
    replace_where='event_key >= (select (after_file_number + 1) * 4294967296 from mediation.int_judging_scope)',
) }}
with hashes as (

    select
        {{ event_key('file_number', 'line_number') }} as event_key,
        {{ text_hash(['feed', 'record_id']) }} as id_hash,
        case
            when charging_id is not null and sequence is not null
                then {{ text_hash(['feed', 'charging_id', "coalesce(subscriber, '')"]) }}
        end as session_hash
    from {{ source('raw', 'usage_records') }}
    where file_number > {{ judging_scope().after_file_number }}

)

select * from hashes
