-- One row per issued document, subscription, service and charge name: the usage that it sums up, as it was issued.
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

usage as (

    select
        documents.document_number,
        documents.account_id,
        documents.bill_date,
        used.subscription_id,
        used.service,
        used.charge_name,
        used.description,
        cast(used.events as bigint) as events,
        cast(used.quantity as bigint) as quantity,
        cast(used.included_quantity as bigint) as included_quantity,
        cast(used.billed_quantity as bigint) as billed_quantity,
        cast(used.amount as decimal(18, 6)) as amount,
        documents.currency_code,
        documents.position as document_position
    from documents
    {{ cross_join_json_list('documents.document', '$.usage', [
        'subscription_id', 'service', 'charge_name', 'description', 'events', 'quantity', 'included_quantity',
        'billed_quantity', 'amount',
    ], 'used') }}

)

select * from usage
