-- One row per issued document, read once from its canonical JSON. Appended: issued rows never change (7.3).
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='append_new_columns',
    tags=['every_run'],
) }}
with documents as (

    select
        document_number,
        document_kind,
        account_id,
        bill_date,
        series,
        sequence,
        position,
        document
    from {{ billed_so_far() }}
    {% if is_incremental() %}
    where position > (select coalesce(max(position), 0) from {{ this }})
    {% endif %}

),

read as (

    select
        document_number,
        document_kind,
        account_id,
        bill_date,
        series,
        sequence,
        position,
        {{ json_member('document', '$.credited_document_number') }} as credited_document_number,
        cast({{ json_member('document', '$.due_date') }} as date) as due_date,
        cast({{ json_member('document', '$.amounts.total') }} as decimal(18, 3)) as amount_total
    from documents

)

select * from read
