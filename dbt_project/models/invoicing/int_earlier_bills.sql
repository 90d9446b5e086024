-- One row per document to issue and bill date before it that was billed and not credited in full: turn 1 is the last.
with credited_documents as (

    select distinct credited_document_number as document_number
    from {{ ref('int_billed_documents') }}
    where credited_document_number is not null

),

standing as (

    select
        documents.account_id,
        documents.bill_date,
        sum(documents.amount_total) as amount_total
    from {{ ref('int_billed_documents') }} as documents
    left join credited_documents
        on documents.document_number = credited_documents.document_number
    where
        credited_documents.document_number is null
        and documents.credited_document_number is null
    group by documents.account_id, documents.bill_date

),

earlier as (

    select
        numbers.document_number,
        numbers.account_id,
        standing.bill_date,
        cast(standing.amount_total as decimal(18, 3)) as amount_total,
        row_number() over (
            partition by numbers.document_number order by standing.bill_date desc nulls last
        ) as turn
    from {{ ref('int_document_numbers') }} as numbers
    inner join standing
        on
            numbers.account_id = standing.account_id
            and numbers.bill_date > standing.bill_date

)

select * from earlier
