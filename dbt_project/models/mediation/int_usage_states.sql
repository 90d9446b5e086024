-- One row per readable usage record: the one state it is in (2.1).
with raw_records as (

    select
        file_number,
        file_id,
        feed,
        line_number
    from {{ source('raw', 'usage_records') }}

),

verdicts as (

    select
        guided.file_number,
        guided.line_number,
        coalesce(guided.verdict, verdicts.verdict) as verdict
    from {{ ref('int_guided_usage') }} as guided
    left join {{ ref('int_usage_verdicts') }} as verdicts
        on guided.file_number = verdicts.file_number and guided.line_number = verdicts.line_number

),

states as (

    select
        raw_records.file_number,
        raw_records.file_id,
        raw_records.feed,
        raw_records.line_number,
        -- a record that was not looked at again is settled: rated before the window (1.2)
        case
            when verdicts.verdict is null then 'rated'
            when verdicts.verdict in ('duplicate', 'merged', 'not_billable', 'rated') then verdicts.verdict
            else 'suspended'
        end as state,
        case
            when verdicts.verdict not in ('duplicate', 'merged', 'not_billable', 'rated') then verdicts.verdict
        end as reason
    from raw_records
    left join verdicts
        on raw_records.file_number = verdicts.file_number and raw_records.line_number = verdicts.line_number

)

select * from states
