-- One row per payment that the ledger does not hold with its amount, or holds too early. Empty when
-- all is well.
{{ config(tags=['issued', 'after_issue']) }}
with payments as (

    select
        payment_id,
        account_id,
        amount,
        is_booked,
        currency_code
    from {{ ref('payments') }}

),

ledger as (

    select
        entry_id,
        sum(case when posting like 'payment_%' then debit - credit else 0 end) as amount
    from {{ ref('journal_entries') }}
    where entry_id like 'P-%'
    group by entry_id

),

compared as (

    select
        payments.payment_id,
        payments.account_id,
        payments.amount,
        payments.is_booked,
        cast(coalesce(ledger.amount, 0) as decimal(18, 3)) as amount_in_ledger,
        payments.currency_code
    from payments
    left join ledger
        on 'P-' || payments.payment_id = ledger.entry_id

),

offenders as (

    select * from compared
    where amount_in_ledger <> case when is_booked then amount else 0 end

)

select * from offenders
