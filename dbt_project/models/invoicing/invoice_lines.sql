-- One row per line of an issued document, as it was issued.
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

lines as (

    select
        documents.document_number,
        documents.account_id,
        documents.bill_date,
        cast(line.line_number as bigint) as line_number,
        line.charge_key,
        line.subscription_id,
        line.charge_kind,
        line.charge_id,
        line.product_id,
        line.description,
        cast(line.period_start as date) as period_start,
        cast(line.period_end as date) as period_end,
        cast(line.charged_from as date) as charged_from,
        cast(line.charged_to as date) as charged_to,
        cast(line.quantity as decimal(28, 6)) as quantity,
        line.unit,
        line.tax_category,
        cast(line.amount_net as decimal(18, 3)) as amount_net,
        line.is_correction = 'true' as is_correction,
        documents.currency_code,
        documents.position as document_position
    from documents
    {{ cross_join_json_list('documents.document', '$.lines', [
        'line_number', 'charge_key', 'subscription_id', 'charge_kind', 'charge_id', 'product_id', 'description',
        'period_start', 'period_end', 'charged_from', 'charged_to', 'quantity', 'unit', 'tax_category',
        'amount_net', 'is_correction',
    ], 'line') }}

)

select * from lines
