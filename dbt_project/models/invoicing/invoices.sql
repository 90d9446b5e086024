-- One row per issued document, as it was issued.
{{ config(
    tags=['issued'],
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='append_new_columns',
) }}
with documents as (

    select
        document_number,
        document_kind,
        account_id,
        bill_date,
        issued_at,
        position,
        document
    from {{ source('issued', 'issued_documents') }}
    {% if is_incremental() %}
    where position > (select coalesce(max(document_position), 0) from {{ this }})
    {% endif %}

),

invoices as (

    select
        document_number,
        document_kind,
        account_id,
        bill_date,
        cast({{ json_member('document', '$.period.start') }} as date) as period_start,
        cast({{ json_member('document', '$.period.end') }} as date) as period_end,
        cast({{ json_member('document', '$.due_date') }} as date) as due_date,
        {{ json_member('document', '$.credited_document_number') }} as credited_document_number,
        {{ json_member('document', '$.currency_code') }} as currency_code,
        cast({{ json_member('document', '$.amounts.net') }} as decimal(18, 3)) as amount_net,
        cast({{ json_member('document', '$.amounts.tax') }} as decimal(18, 3)) as amount_tax,
        cast({{ json_member('document', '$.amounts.total') }} as decimal(18, 3)) as amount_total,
        cast({{ json_member('document', '$.amounts.balance_forward') }} as decimal(18, 3)) as balance_forward,
        cast({{ json_member('document', '$.amounts.due') }} as decimal(18, 3)) as amount_due,
        'issued' as status,
        cast(null as string) as hold_reason,
        issued_at,
        position as document_position
    from documents

)

select * from invoices
