-- One row per issued document. amount_total = credited + paid + written_off + open_amount -
-- unused_credit. A credit note counts as credited below zero what it took off invoices, so credited
-- sums to 0.
with documents as (

    select
        document_number,
        document_kind,
        account_id,
        bill_date,
        due_date,
        amount_net,
        amount_tax,
        amount_total,
        currency_code
    from {{ ref('invoices') }}

),

settled as (

    select
        document_number,
        sum(case when credit_kind = 'credit_note' then amount else 0 end) as credited,
        sum(case when credit_kind = 'payment' then amount else 0 end) as paid,
        sum(case when credit_kind = 'write_off' then amount else 0 end) as written_off,
        max(allotted_on) as last_settled_on
    from {{ ref('int_payment_allotments') }}
    group by document_number

),

used_credit_notes as (

    select
        credit_id as document_number,
        sum(amount) as used
    from {{ ref('int_payment_allotments') }}
    where credit_kind = 'credit_note'
    group by credit_id

),

refunded_credit_notes as (

    select
        credit_id as document_number,
        amount - usable as refunded
    from {{ ref('int_credits') }}
    where credit_kind = 'credit_note'

),

with_settlement as (

    select
        documents.document_number,
        documents.document_kind,
        documents.account_id,
        documents.bill_date,
        documents.due_date,
        documents.amount_net,
        documents.amount_tax,
        documents.amount_total,
        cast(coalesce(settled.credited, 0) - coalesce(used_credit_notes.used, 0) as decimal(18, 3)) as credited,
        -- what was paid out of a credit note counts as paid, below zero
        cast(coalesce(settled.paid, 0) - coalesce(refunded_credit_notes.refunded, 0) as decimal(18, 3)) as paid,
        cast(coalesce(settled.written_off, 0) as decimal(18, 3)) as written_off,
        settled.last_settled_on,
        documents.currency_code
    from documents
    left join settled
        on documents.document_number = settled.document_number
    left join used_credit_notes
        on documents.document_number = used_credit_notes.document_number
    left join refunded_credit_notes
        on documents.document_number = refunded_credit_notes.document_number

),

with_open_amount as (

    select
        with_settlement.*,
        amount_total - credited - paid - written_off as balance
    from with_settlement

),

with_age as (

    select
        with_open_amount.document_number,
        with_open_amount.document_kind,
        with_open_amount.account_id,
        with_open_amount.bill_date,
        with_open_amount.due_date,
        with_open_amount.amount_net,
        with_open_amount.amount_tax,
        with_open_amount.amount_total,
        with_open_amount.credited,
        with_open_amount.paid,
        with_open_amount.written_off,
        cast(greatest(with_open_amount.balance, 0) as decimal(18, 3)) as open_amount,
        cast(greatest(-with_open_amount.balance, 0) as decimal(18, 3)) as unused_credit,
        with_open_amount.currency_code,
        cast(
            case
                when with_open_amount.balance > 0 and ledger_date.ledger_date > with_open_amount.due_date
                    then {{ days_between('with_open_amount.due_date', 'ledger_date.ledger_date') }}
                else 0
            end as bigint
        ) as days_past_due,
        with_open_amount.last_settled_on
    from with_open_amount
    cross join {{ ref('int_ledger_date') }} as ledger_date

),

with_bucket as (

    select
        with_age.*,
        case
            when open_amount = 0 then 'settled'
            when days_past_due = 0 then 'not_due'
            when days_past_due <= 30 then 'days_1_30'
            when days_past_due <= 60 then 'days_31_60'
            when days_past_due <= 90 then 'days_61_90'
            else 'days_91_plus'
        end as bucket
    from with_age

),

with_columns_in_order as (

    select
        document_number,
        document_kind,
        account_id,
        bill_date,
        due_date,
        amount_net,
        amount_tax,
        amount_total,
        credited,
        paid,
        written_off,
        open_amount,
        unused_credit,
        currency_code,
        days_past_due,
        bucket,
        last_settled_on
    from with_bucket

)

select * from with_columns_in_order
