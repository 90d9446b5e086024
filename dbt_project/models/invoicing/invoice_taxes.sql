-- One row per issued document, tax category, tax and rate, as it was issued.
{{ config(
    tags=['issued'],
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='append_new_columns',
) }}
with documents as (

    select
        document_number,
        account_id,
        bill_date,
        position,
        document,
        {{ json_member('document', '$.currency_code') }} as currency_code
    from {{ source('issued', 'issued_documents') }}
    {% if is_incremental() %}
    where position > (select coalesce(max(document_position), 0) from {{ this }})
    {% endif %}

),

taxes as (

    select
        documents.document_number,
        documents.account_id,
        documents.bill_date,
        tax.tax_category,
        tax.tax_id,
        tax.name,
        cast(tax.rate_percent as decimal(18, 6)) as rate_percent,
        cast(tax.taxable_amount as decimal(18, 3)) as taxable_amount,
        cast(tax.amount_tax as decimal(18, 3)) as amount_tax,
        tax.en16931_category,
        tax.legal_text,
        documents.currency_code,
        documents.position as document_position
    from documents
    {{ cross_join_json_list('documents.document', '$.taxes', [
        'tax_category', 'tax_id', 'name', 'rate_percent', 'taxable_amount', 'amount_tax', 'en16931_category',
        'legal_text',
    ], 'tax') }}

)

select * from taxes
