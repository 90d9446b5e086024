-- One row per posting of an entry, before account codes. amount above zero is debit, below zero
-- credit.
with ledger_date as (

    select ledger_date from {{ ref('int_ledger_date') }}

),

documents as (

    select
        document_number,
        document_kind,
        account_id,
        bill_date,
        amount_total,
        currency_code
    from {{ ref('invoices') }}

),

booked_payments as (

    select * from {{ ref('int_payments_booked') }}
    where is_booked

),

-- What the account owes stands in receivables, what it is owed in customer credit: never both.
account_events as (

    select
        'D-' || document_number as entry_id,
        account_id,
        bill_date as entry_date,
        -- within a day invoices come first, then what takes them back or pays them
        case when amount_total > 0 then 1 else 2 end as day_order,
        currency_code,
        amount_total as amount
    from documents

    union all

    select
        'P-' || payment_id as entry_id,
        account_id,
        received_on as entry_date,
        3 as day_order,
        currency_code,
        -amount as amount
    from booked_payments

),

running_balances as (

    select
        entry_id,
        entry_date,
        amount,
        sum(amount) over (
            partition by account_id, currency_code
            order by entry_date asc nulls last, day_order asc nulls last, entry_id asc nulls last
            rows between unbounded preceding and current row
        ) as balance
    from account_events

),

customer_side as (

    select
        entry_id,
        'receivable' as posting,
        greatest(balance, 0) - greatest(balance - amount, 0) as amount
    from running_balances

    union all

    select
        entry_id,
        'customer_credit' as posting,
        least(balance, 0) - least(balance - amount, 0) as amount
    from running_balances

),

entries as (

    select
        'D-' || document_number as entry_id,
        bill_date as entry_date,
        'sales' as journal,
        document_number,
        account_id,
        case when document_kind = 'credit_note' then 'Credit note ' else 'Invoice ' end
        || document_number as description,
        currency_code
    from documents

    union all

    select
        'P-' || payment_id as entry_id,
        received_on as entry_date,
        case when method = 'write_off' then 'general' else 'receipts' end as journal,
        named_document_number as document_number,
        account_id,
        case
            when method = 'write_off' then 'Write-off '
            when amount < 0 then 'Money given back '
            else 'Payment '
        end || payment_id as description,
        currency_code
    from booked_payments

),

revenue_parts as (

    select
        document_number,
        account_id,
        bill_date,
        posting,
        earned_on,
        is_released_later,
        amount,
        currency_code,
        'R-' || document_number || '-' || cast(year(earned_on) as string) || '-'
        || lpad(cast(month(earned_on) as string), 2, '0') as release_entry_id
    from {{ ref('int_revenue_parts') }}

),

document_side as (

    select
        'D-' || document_number as entry_id,
        case when is_released_later then 'deferred_revenue' else posting end as posting,
        -amount as amount
    from revenue_parts

    union all

    select
        'D-' || document_number as entry_id,
        'tax_collected' as posting,
        -amount_tax as amount
    from {{ ref('invoice_taxes') }}

),

payment_side as (

    select
        'P-' || payment_id as entry_id,
        'payment_' || method as posting,
        amount
    from booked_payments

),

releases as (

    select
        release_entry_id as entry_id,
        earned_on as entry_date,
        'general' as journal,
        document_number,
        account_id,
        'Revenue earned of ' || document_number as description,
        currency_code,
        posting,
        amount
    from revenue_parts
    inner join ledger_date
        on revenue_parts.earned_on <= ledger_date.ledger_date
    where is_released_later

),

sides as (

    select entry_id, posting, amount from customer_side

    union all

    select entry_id, posting, amount from document_side

    union all

    select entry_id, posting, amount from payment_side

),

postings as (

    select
        entries.entry_id,
        entries.entry_date,
        entries.journal,
        entries.document_number,
        entries.account_id,
        entries.description,
        entries.currency_code,
        sides.posting,
        sides.amount
    from sides
    inner join entries
        on sides.entry_id = entries.entry_id

    union all

    select
        entry_id,
        entry_date,
        journal,
        document_number,
        account_id,
        description,
        currency_code,
        posting,
        -amount as amount
    from releases

    union all

    select
        entry_id,
        entry_date,
        journal,
        document_number,
        account_id,
        description,
        currency_code,
        'deferred_revenue' as posting,
        amount
    from releases

),

by_posting as (

    select
        entry_id,
        entry_date,
        journal,
        document_number,
        account_id,
        description,
        posting,
        cast(sum(amount) as decimal(18, 3)) as amount,
        currency_code
    from postings
    group by
        entry_id, entry_date, journal, document_number, account_id, description, posting, currency_code
    having sum(amount) <> 0

)

select * from by_posting
