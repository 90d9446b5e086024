-- One row per readable usage record: the one state it is in (2.1), and why.
{{ config(materialized='view') }}
with states as (

    select
        records.file_number,
        records.file_id,
        records.feed,
        records.line_number,
        verdicts.state,
        verdicts.reason
    from {{ ref('int_record_verdicts') }} as records
    inner join {{ ref('int_verdicts') }} as verdicts
        on records.verdict = verdicts.verdict

)

select * from states
