-- One row per issued document and service: the usage that it sums up, read once from its canonical JSON.
-- billed_quantity counts what was paid for. Appended: issued rows never change (7.3).
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    tags=['every_run'],
) }}
with documents as (

    select
        document_number,
        position,
        document
    from {{ billed_so_far() }}
    {% if is_incremental() %}
    where position > (select coalesce(max(position), 0) from {{ this }})
    {% endif %}

),

usage as (

    select
        documents.document_number,
        documents.position,
        line.service,
        cast(line.quantity as bigint) as quantity,
        cast(line.billed_quantity as bigint) as billed_quantity,
        cast(line.amount as decimal(18, 6)) as amount
    from documents
    {{ cross_join_json_list('documents.document', '$.usage', [
        'service', 'quantity', 'billed_quantity', 'amount',
    ], 'line') }}

),

summed as (

    select
        document_number,
        service,
        max(position) as position,
        cast(sum(quantity) as bigint) as quantity,
        cast(sum(case when amount <> 0 then billed_quantity else 0 end) as bigint) as billed_quantity,
        cast(sum(amount) as decimal(18, 6)) as amount
    from usage
    group by document_number, service

)

select * from summed
