-- One row per readable usage record: its verdict. A record that was not judged again is settled: rated before the window (1.2).
{{ config(materialized='view') }}
with judged as (

    select
        records.file_number,
        records.file_id,
        records.feed,
        records.record_id,
        records.line_number,
        records.started_at,
        case
            when guided.event_key is null then {{ verdict('rated') }}
            else coalesce(guided.verdict, unpriced.verdict, {{ verdict('rated') }})
        end as verdict,
        guided.event_key
    from {{ source('raw', 'usage_records') }} as records
    left join {{ ref('int_guided_usage') }} as guided
        on {{ event_key('records.file_number', 'records.line_number') }} = guided.event_key
    left join {{ ref('int_unpriced_usage') }} as unpriced
        on guided.event_key = unpriced.event_key

)

select * from judged
