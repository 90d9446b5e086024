-- One row per issued document whose net, tax or total is not in the ledger, deferred parts
-- included. Empty when all is well.
{{ config(tags=['issued', 'after_issue']) }}
with documents as (

    select
        document_number,
        account_id,
        amount_net,
        amount_tax,
        amount_total,
        currency_code
    from {{ ref('invoices') }}

),

ledger as (

    select
        document_number,
        -- a release moves deferred revenue to revenue: together they stay the document's net
        sum(case when posting = 'deferred_revenue' or posting like 'revenue_%' then credit - debit else 0 end) as net,
        sum(case when posting = 'tax_collected' then credit - debit else 0 end) as tax,
        sum(case when posting in ('receivable', 'customer_credit') then debit - credit else 0 end) as total
    from {{ ref('journal_entries') }}
    where journal in ('sales', 'general') and posting not like 'payment_%' and entry_id not like 'P-%'
    group by document_number

),

compared as (

    select
        coalesce(documents.document_number, ledger.document_number) as document_number,
        documents.account_id,
        documents.amount_net,
        cast(coalesce(ledger.net, 0) as decimal(18, 3)) as net_in_ledger,
        documents.amount_tax,
        cast(coalesce(ledger.tax, 0) as decimal(18, 3)) as tax_in_ledger,
        documents.amount_total,
        cast(coalesce(ledger.total, 0) as decimal(18, 3)) as total_in_ledger,
        documents.currency_code
    from documents
    full outer join ledger
        on documents.document_number = ledger.document_number

),

offenders as (

    select * from compared
    where not coalesce(
        amount_net = net_in_ledger and amount_tax = tax_in_ledger and amount_total = total_in_ledger, false
    )

)

select * from offenders
