-- One row per readable usage record: its verdict.
{{ config(materialized='view') }}
with judged as (

    select
        records.file_number,
        records.file_id,
        records.feed,
        records.record_id,
        records.line_number,
        records.started_at,
        coalesce(unrated.verdict, {{ verdict('rated') }}) as verdict,
        {{ event_key('records.file_number', 'records.line_number') }} as event_key
    from {{ source('raw', 'usage_records') }} as records
    left join {{ ref('int_unrated_records') }} as unrated
        on {{ event_key('records.file_number', 'records.line_number') }} = unrated.event_key

)

select * from judged
