-- One row per series of document numbers: from which number to which, how many, and how many are missing.
{{ config(materialized='view') }}
with series as (

    select
        series,
        min(sequence) as first_sequence,
        max(sequence) as last_sequence,
        count(*) as documents,
        count(distinct sequence) as numbers,
        min(bill_date) as first_bill_date,
        max(bill_date) as last_bill_date
    from {{ source('issued', 'issued_documents') }}
    group by series

),

with_gaps as (

    select
        series,
        cast(first_sequence as bigint) as first_sequence,
        cast(last_sequence as bigint) as last_sequence,
        cast(documents as bigint) as documents,
        cast(last_sequence - numbers as bigint) as missing,
        cast(documents - numbers as bigint) as doubled,
        first_bill_date,
        last_bill_date
    from series

)

select * from with_gaps
