-- One row per month and currency whose earned revenue is not the revenue in the ledger. Empty when
-- all is well.
{{ config(tags=['issued', 'after_issue']) }}
with ledger as (

    select
        cast(date_trunc('month', entry_date) as date) as month,
        currency_code,
        sum(credit - debit) as amount
    from {{ ref('journal_entries') }}
    where posting like 'revenue_%'
    group by cast(date_trunc('month', entry_date) as date), currency_code

),

revenue as (

    select
        month,
        currency_code,
        sum(amount_earned) as amount
    from {{ ref('revenue') }}
    group by month, currency_code

),

compared as (

    select
        coalesce(ledger.month, revenue.month) as month,
        cast(coalesce(ledger.amount, 0) as decimal(18, 3)) as revenue_in_ledger,
        cast(coalesce(revenue.amount, 0) as decimal(18, 3)) as amount_earned,
        coalesce(ledger.currency_code, revenue.currency_code) as currency_code
    from ledger
    full outer join revenue
        on ledger.month = revenue.month
        and ledger.currency_code = revenue.currency_code

),

offenders as (

    select * from compared
    where revenue_in_ledger <> amount_earned

)

select * from offenders
