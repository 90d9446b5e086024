-- One row per charge key of an account issued at this bill date whose billed sum is not what is
-- owed. Empty when all is well.
{{ config(tags=['issued', 'after_issue']) }}
with documents_of_accounts as (

    select
        invoices.account_id,
        invoices.bill_date,
        invoices.credited_document_number,
        row_number() over (
            partition by issued_documents.account_id order by issued_documents.position desc nulls last
        ) as from_last
    from {{ ref('invoices') }} as invoices
    inner join {{ source('issued', 'issued_documents') }} as issued_documents
        on invoices.document_number = issued_documents.document_number

),

issued_accounts as (

    -- after a credit note in full the keys are owed again, until the next bill (7.3)
    select account_id from documents_of_accounts
    where from_last = 1 and bill_date = {{ bill_date() }} and credited_document_number is null

),

bill_run as (

    select window_start from {{ ref('bill_run') }}

),

owed as (

    select
        owed_charges.charge_key,
        owed_charges.account_id,
        owed_charges.period_end,
        sum(owed_charges.amount_net) as amount
    from {{ ref('owed_charges') }} as owed_charges
    inner join issued_accounts
        on owed_charges.account_id = issued_accounts.account_id
    group by owed_charges.charge_key, owed_charges.account_id, owed_charges.period_end

),

billed as (

    select
        invoice_lines.charge_key,
        invoices.account_id,
        max(invoice_lines.period_end) as period_end,
        -- as owed: gross where prices include tax (6.3)
        sum(invoice_lines.amount_charged) as amount
    from {{ ref('invoice_lines') }} as invoice_lines
    inner join {{ ref('invoices') }} as invoices
        on invoice_lines.document_number = invoices.document_number
    inner join issued_accounts
        on invoices.account_id = issued_accounts.account_id
    group by invoice_lines.charge_key, invoices.account_id

),

compared as (

    select
        coalesce(owed.charge_key, billed.charge_key) as charge_key,
        coalesce(owed.account_id, billed.account_id) as account_id,
        coalesce(owed.period_end, billed.period_end) as period_end,
        cast(coalesce(owed.amount, 0) as decimal(18, 3)) as amount_owed,
        cast(coalesce(billed.amount, 0) as decimal(18, 3)) as amount_billed
    from owed
    full outer join billed
        on owed.charge_key = billed.charge_key

),

offenders as (

    select compared.*
    from compared
    inner join bill_run
        -- 1.2: what lies before the window stays as it was
        on compared.period_end > bill_run.window_start
    where compared.amount_owed <> compared.amount_billed

)

select * from offenders
