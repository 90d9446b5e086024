-- One row per document that was credited by more than its total, or by a document of another
-- account (7.3). Empty when all is well.
{{ config(tags=['issued', 'after_issue']) }}
with documents as (

    select
        document_number,
        account_id,
        amount_total,
        credited_document_number
    from {{ ref('invoices') }}

),

credit_notes as (

    select
        credited_document_number,
        -sum(amount_total) as credited,
        min(account_id) as account_id_min,
        max(account_id) as account_id_max
    from documents
    where credited_document_number is not null
    group by credited_document_number

),

compared as (

    select
        credit_notes.credited_document_number as document_number,
        documents.account_id,
        documents.amount_total,
        cast(credit_notes.credited as decimal(18, 3)) as credited,
        credit_notes.account_id_min,
        credit_notes.account_id_max
    from credit_notes
    left join documents
        on credit_notes.credited_document_number = documents.document_number

),

offenders as (

    select * from compared
    where not coalesce(
        abs(credited) <= abs(amount_total) and account_id = account_id_min and account_id = account_id_max,
        false
    )

)

select * from offenders
