-- One row per sum that settles invoices: a credit note, a payment or a write-off, booked by the
-- ledger date. usable is what refunds left of amount.
with settling as (

    select
        'credit_note' as credit_kind,
        document_number as credit_id,
        account_id,
        currency_code,
        bill_date as received_on,
        credited_document_number as named_document_number,
        cast(-amount_total as decimal(18, 3)) as amount
    from {{ ref('invoices') }}
    where amount_total < 0

    union all

    select
        case when method = 'write_off' then 'write_off' else 'payment' end as credit_kind,
        payment_id as credit_id,
        account_id,
        currency_code,
        received_on,
        named_document_number,
        amount
    from {{ ref('int_payments_booked') }}
    where is_booked and amount > 0

),

-- a payment below zero is money given back: a refund or a returned debit
refunds_by_name as (

    select
        account_id,
        named_document_number,
        sum(-amount) as refunded
    from {{ ref('int_payments_booked') }}
    where is_booked and amount < 0
    group by account_id, named_document_number

),

running_by_name as (

    select
        settling.*,
        sum(settling.amount) over (
            partition by settling.account_id, settling.named_document_number
            order by
                -- payments give way before credit notes, the last ones first
                case when settling.credit_kind = 'credit_note' then 1 else 2 end asc nulls last,
                settling.received_on asc nulls last,
                settling.credit_id asc nulls last
            rows between unbounded preceding and current row
        ) as running_amount,
        sum(settling.amount) over (
            partition by settling.account_id, settling.named_document_number
        ) as whole_amount
    from settling

),

-- a refund that names an invoice undoes what was paid under that name
less_named_refunds as (

    select
        running_by_name.credit_kind,
        running_by_name.credit_id,
        running_by_name.account_id,
        running_by_name.currency_code,
        running_by_name.received_on,
        running_by_name.named_document_number,
        running_by_name.amount,
        greatest(
            0,
            least(
                running_by_name.running_amount,
                running_by_name.whole_amount - coalesce(refunds_by_name.refunded, 0)
            ) - (running_by_name.running_amount - running_by_name.amount)
        ) as usable
    from running_by_name
    left join refunds_by_name
        on running_by_name.account_id = refunds_by_name.account_id
        and running_by_name.named_document_number = refunds_by_name.named_document_number

),

whole_by_account as (

    select
        account_id,
        sum(amount) as settled,
        sum(usable) as usable
    from less_named_refunds
    group by account_id

),

refunds_by_account as (

    select
        account_id,
        sum(refunded) as refunded
    from refunds_by_name
    group by account_id

),

running_by_account as (

    select
        less_named_refunds.*,
        sum(less_named_refunds.usable) over (
            partition by less_named_refunds.account_id
            order by
                less_named_refunds.received_on asc nulls last,
                less_named_refunds.credit_kind asc nulls last,
                less_named_refunds.credit_id asc nulls last
            rows between unbounded preceding and current row
        ) as running_usable,
        -- what named refunds have not taken yet is taken from the account as a whole
        whole_by_account.settled - coalesce(refunds_by_account.refunded, 0) as left_in_account
    from less_named_refunds
    inner join whole_by_account
        on less_named_refunds.account_id = whole_by_account.account_id
    left join refunds_by_account
        on less_named_refunds.account_id = refunds_by_account.account_id

),

less_refunds as (

    select
        credit_kind,
        credit_id,
        account_id,
        currency_code,
        received_on,
        named_document_number,
        amount,
        cast(
            greatest(0, least(running_usable, left_in_account) - (running_usable - usable))
            as decimal(18, 3)
        ) as usable
    from running_by_account

)

select * from less_refunds
