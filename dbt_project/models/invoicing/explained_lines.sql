-- One row per line of an issued document, from the issued content itself, which nothing can change (7.2, 9.1).
-- amount_charged is what the charge key was billed: gross where prices include tax (6.3), else amount_net.
{{ config(materialized='view', tags=['issued']) }}
with lines as (

    select
        documents.document_number,
        documents.document_kind,
        documents.position as document_position,
        documents.account_id,
        documents.bill_date,
        cast(line.line_number as bigint) as line_number,
        line.charge_key,
        line.subscription_id,
        line.charge_kind,
        line.charge_id,
        line.description,
        cast(line.period_start as date) as period_start,
        cast(line.period_end as date) as period_end,
        cast(line.charged_from as date) as charged_from,
        cast(line.charged_to as date) as charged_to,
        cast(line.quantity as decimal(28, 6)) as quantity,
        line.unit,
        line.tax_category,
        cast(line.amount_net as decimal(18, 3)) as amount_net,
        cast(line.amount_charged as decimal(18, 3)) as amount_charged,
        line.is_correction = 'true' as is_correction,
        {{ json_member('documents.document', '$.currency_code') }} as currency_code
    from {{ source('issued', 'issued_documents') }} as documents
    {{ cross_join_json_list('documents.document', '$.lines', [
        'line_number', 'charge_key', 'subscription_id', 'charge_kind', 'charge_id', 'description', 'period_start',
        'period_end', 'charged_from', 'charged_to', 'quantity', 'unit', 'tax_category', 'amount_net',
        'amount_charged', 'is_correction',
    ], 'line') }}

)

select * from lines
