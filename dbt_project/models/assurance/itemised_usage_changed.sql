-- One row per issued document whose itemised usage is not what its digest was made of (7.3).
-- Usage that is erased as a whole, after its retention, is no offender. Empty when all is well.
{{ config(tags=['issued', 'after_issue']) }}
with digests as (

    select
        document_number,
        account_id,
        bill_date,
        cast({{ json_member('document', '$.usage_details.records') }} as bigint) as records_issued,
        {{ json_member('document', '$.usage_details.sha256') }} as sha256_issued
    from {{ source('issued', 'issued_documents') }}

),

itemised as (

    -- the members and their order are those of int_documents_to_issue
    select
        document_number,
        cast(count(*) as bigint) as records,
        {{ sha256_hex(json_list(
            json_obj([
                ['position', json_number('position')],
                ['subscription_id', json_text('subscription_id')],
                ['usage_event_id', json_text('usage_event_id')],
                ['service', json_text('service')],
                ['direction', json_text('direction')],
                ['other_party', json_text('other_party')],
                ['destination', json_text('destination')],
                ['zone', json_text('zone')],
                ['visited_zone', json_text('visited_zone')],
                ['charge_name', json_text('charge_name')],
                ['local_started_at', json_text('local_started_at')],
                ['quantity', json_number('quantity')],
                ['included_quantity', json_number('included_quantity')],
                ['billed_quantity', json_number('billed_quantity')],
                ['amount', json_text('amount')],
            ]),
            'position asc nulls last'
        )) }} as sha256
    from {{ source('issued', 'issued_usage') }}
    group by document_number

),

compared as (

    select
        itemised.document_number,
        digests.account_id,
        digests.bill_date,
        digests.records_issued,
        itemised.records,
        digests.sha256_issued,
        itemised.sha256
    from itemised
    left join digests
        on itemised.document_number = digests.document_number

),

offenders as (

    select * from compared
    where not coalesce(records = records_issued and sha256 = sha256_issued, false)

)

select * from offenders
