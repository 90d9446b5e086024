-- One row per issued document whose lines and taxes do not sum to its totals (6.4). Empty when all
-- is well.
{{ config(tags=['issued', 'after_issue']) }}
with documents as (

    select
        document_number,
        account_id,
        bill_date,
        amount_net,
        amount_tax,
        amount_total,
        balance_forward,
        amount_due
    from {{ ref('invoices') }}

),

issued as (

    select document_number from {{ source('issued', 'issued_documents') }}

),

lines as (

    select
        document_number,
        sum(amount_net) as amount_net
    from {{ ref('invoice_lines') }}
    group by document_number

),

taxes as (

    select
        document_number,
        sum(amount_tax) as amount_tax
    from {{ ref('invoice_taxes') }}
    group by document_number

),

compared as (

    select
        issued.document_number,
        documents.account_id,
        documents.bill_date,
        documents.amount_net,
        cast(coalesce(lines.amount_net, 0) as decimal(18, 3)) as net_of_lines,
        documents.amount_tax,
        cast(coalesce(taxes.amount_tax, 0) as decimal(18, 3)) as tax_of_taxes,
        documents.amount_total,
        documents.balance_forward,
        documents.amount_due
    from issued
    left join documents
        on issued.document_number = documents.document_number
    left join lines
        on issued.document_number = lines.document_number
    left join taxes
        on issued.document_number = taxes.document_number

),

offenders as (

    -- an issued document that is not among the invoices is told by the nulls
    select * from compared
    where not coalesce(
        amount_net = net_of_lines
        and amount_tax = tax_of_taxes
        and amount_total = amount_net + amount_tax
        and amount_due = amount_total + balance_forward,
        false
    )

)

select * from offenders
