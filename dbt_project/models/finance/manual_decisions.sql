-- One row per decision that somebody took by hand and that moved money: adjustment, write-off, credit in full, release.
{{ config(materialized='view') }}
with decisions as (

    select
        'adjustment' as decision,
        adjustment_id as decision_id,
        account_id,
        effective_on as decided_on,
        cast(null as string) as document_number,
        cast(case when kind = 'credit' then -amount else amount end as decimal(18, 3)) as amount,
        currency_code,
        reason || ': ' || name as reason,
        approved_by as decided_by
    from {{ ref('adjustments') }}
    union all
    select
        'write_off' as decision,
        payment_id as decision_id,
        account_id,
        received_on as decided_on,
        invoice_number as document_number,
        cast(-amount as decimal(18, 3)) as amount,
        currency_code,
        reference as reason,
        cast(null as string) as decided_by
    from {{ ref('payments') }}
    where method = 'write_off'
    union all
    select
        'credit_in_full' as decision,
        document_number as decision_id,
        account_id,
        bill_date as decided_on,
        {{ json_member('document', '$.credited_document_number') }} as document_number,
        cast({{ json_member('document', '$.amounts.total') }} as decimal(18, 3)) as amount,
        {{ json_member('document', '$.currency_code') }} as currency_code,
        {{ json_member('document', '$.credit_reason') }} as reason,
        cast(null as string) as decided_by
    from {{ source('issued', 'issued_documents') }}
    where {{ json_member('document', '$.credited_document_number') }} is not null
    union all
    select
        'release' as decision,
        releases.account_id || '/' || cast(releases.bill_date as string) as decision_id,
        releases.account_id,
        releases.bill_date as decided_on,
        invoices.document_number,
        cast(invoices.amount_total as decimal(18, 3)) as amount,
        coalesce(invoices.currency_code, operator.currency_code) as currency_code,
        releases.reason,
        cast(null as string) as decided_by
    from {{ source('raw', 'draft_releases') }} as releases
    cross join {{ ref('operator') }} as operator
    left join {{ ref('invoices') }} as invoices
        on
            releases.account_id = invoices.account_id
            and releases.bill_date = invoices.bill_date
            and invoices.credited_document_number is null

)

select * from decisions
