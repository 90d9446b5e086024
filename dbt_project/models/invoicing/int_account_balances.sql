-- One row per account of the run: what earlier documents left open, and how much it usually is billed.
with bill_run as (

    select
        bill_date,
        cycle_day
    from {{ ref('bill_run') }}

),

documents as (

    select
        documents.document_number,
        documents.account_id,
        documents.bill_date,
        documents.amount_total,
        bill_run.bill_date as run_bill_date
    from {{ ref('int_billed_documents') }} as documents
    inner join {{ ref('accounts') }} as accounts
        on documents.account_id = accounts.account_id
    inner join bill_run
        on accounts.cycle_day = bill_run.cycle_day

),

issued as (

    select
        account_id,
        sum(case when bill_date <= run_bill_date then amount_total else 0 end) as amount,
        max(case when bill_date > run_bill_date then 1 else 0 end) = 1 as has_later_document,
        max(case when bill_date = run_bill_date then 1 else 0 end) = 1 as has_document
    from documents
    group by account_id

),

payments as (

    -- 8.1: a payment that names only an invoice is the invoice's account's
    select
        coalesce(payments.account_id, documents.account_id) as account_id,
        sum(payments.amount) as amount
    from {{ source('raw', 'payments') }} as payments
    left join documents
        on payments.invoice_number = documents.document_number
    cross join bill_run
    where payments.received_on <= bill_run.bill_date
    group by coalesce(payments.account_id, documents.account_id)

),

bill_dates as (

    select
        account_id,
        bill_date,
        run_bill_date,
        sum(amount_total) as amount_total,
        row_number() over (partition by account_id order by bill_date desc nulls last) as months_ago
    from documents
    where bill_date < run_bill_date
    group by account_id, bill_date, run_bill_date

),

past as (

    -- the account's own past: its last twelve bill dates
    select
        account_id,
        count(*) as bills,
        sum(amount_total) as billed,
        max(case when bill_date = {{ add_months('run_bill_date', -1) }} then amount_total end) as last_total
    from bill_dates
    where months_ago <= 12
    group by account_id

),

balances as (

    select
        accounts.account_id,
        cast(coalesce(issued.amount, 0) as decimal(18, 3))
        - cast(coalesce(payments.amount, 0) as decimal(18, 3)) as balance_forward,
        coalesce(issued.has_later_document, false) as has_later_document,
        coalesce(issued.has_document, false) as has_document,
        coalesce(past.bills, 0) as past_bills,
        cast(coalesce(past.billed, 0) as decimal(18, 3)) as past_billed,
        cast(coalesce(past.last_total, 0) as decimal(18, 3)) as last_total
    from {{ ref('accounts') }} as accounts
    inner join bill_run
        on accounts.cycle_day = bill_run.cycle_day
    left join issued
        on accounts.account_id = issued.account_id
    left join payments
        on accounts.account_id = payments.account_id
    left join past
        on accounts.account_id = past.account_id

)

select * from balances
