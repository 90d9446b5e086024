-- One row per payment, with its account, the invoice it names (null when there is none) and whether
-- it is booked.
with invoices as (

    select
        document_number,
        account_id
    from {{ ref('invoices') }}

),

payments as (

    select
        payments.payment_id,
        payments.invoice_number,
        payments.received_on,
        payments.reference,
        coalesce(payments.account_id, invoices.account_id) as account_id,
        invoices.account_id as invoice_account_id,
        coalesce(payments.method, 'other') as method,
        cast(payments.amount as decimal(18, 3)) as amount
    from {{ source('raw', 'payments') }} as payments
    left join invoices
        on payments.invoice_number = invoices.document_number

),

with_ledger_date as (

    select
        payments.payment_id,
        payments.account_id,
        payments.invoice_number,
        -- an invoice of somebody else is no name: the money is the payer's
        case
            when payments.account_id = payments.invoice_account_id then payments.invoice_number
        end as named_document_number,
        payments.received_on,
        payments.method,
        payments.reference,
        payments.amount,
        ledger_date.currency_code,
        payments.received_on <= ledger_date.ledger_date as is_booked
    from payments
    cross join {{ ref('int_ledger_date') }} as ledger_date

)

select * from with_ledger_date
