-- One row per line of an issued document, read once from its canonical JSON. Appended: issued rows never change (7.3).
-- amount_charged is as in owed_charges (gross where prices include tax), tax_vector the taxes it was billed with.
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='append_new_columns',
    tags=['every_run'],
) }}
with documents as (

    select
        document_number,
        account_id,
        bill_date,
        position,
        document
    from {{ billed_so_far() }}
    {% if is_incremental() %}
    where position > (select coalesce(max(position), 0) from {{ this }})
    {% endif %}

),

lines as (

    select
        documents.document_number,
        documents.account_id,
        documents.bill_date,
        documents.position,
        cast(line.line_number as bigint) as line_number,
        line.is_correction = 'true' as is_correction,
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
        line.taxes as tax_vector,
        cast(coalesce(line.amount_charged, line.amount_net) as decimal(18, 3)) as amount_charged,
        cast(line.amount_net as decimal(18, 3)) as amount_net
    from documents
    {{ cross_join_json_list('documents.document', '$.lines', [
        'line_number', 'charge_key', 'subscription_id', 'charge_kind', 'charge_id', 'product_id', 'description',
        'period_start', 'period_end', 'charged_from', 'charged_to', 'quantity', 'unit', 'tax_category', 'taxes',
        'amount_charged', 'amount_net', 'is_correction',
    ], 'line') }}

)

select * from lines
