-- One row per document to issue and issued document whose lines it corrects: what an e-invoice refers to.
with numbers as (

    select * from {{ ref('int_document_numbers') }}

),

corrected as (

    select distinct
        numbers.account_id,
        numbers.document_kind,
        billed_lines.document_number
    from numbers
    inner join {{ ref('draft_invoice_lines') }} as lines
        on
            numbers.account_id = lines.account_id
            and numbers.bill_date = lines.bill_date
            and lines.is_correction
    inner join {{ ref('int_billed_lines') }} as billed_lines
        on lines.charge_key = billed_lines.charge_key

),

dated as (

    select
        corrected.account_id,
        corrected.document_kind,
        corrected.document_number,
        documents.bill_date as corrected_on
    from corrected
    inner join {{ ref('int_billed_documents') }} as documents
        on corrected.document_number = documents.document_number

)

select * from dated
