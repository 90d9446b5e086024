-- One row per month and currency: deferred revenue at its beginning, what documents deferred, what was earned, what is left.
-- The movements are the ledger's; unearned comes from the issued lines alone, so that the two can be held together.
{{ config(materialized='view') }}
with movements as (

    select
        cast(date_trunc('month', entry_date) as date) as month,
        currency_code,
        sum(case when journal = 'sales' then credit - debit else 0 end) as deferred,
        sum(case when journal <> 'sales' then debit - credit else 0 end) as earned
    from {{ ref('journal_entries') }}
    where posting = 'deferred_revenue'
    group by cast(date_trunc('month', entry_date) as date), currency_code

),

running as (

    select
        month,
        currency_code,
        deferred,
        earned,
        sum(deferred - earned) over (
            partition by currency_code order by month asc nulls last rows unbounded preceding
        ) as closing
    from movements

),

parts as (

    select
        bill_date,
        earned_on,
        currency_code,
        sum(amount) as amount
    from {{ ref('int_revenue_parts') }}
    where is_released_later
    group by bill_date, earned_on, currency_code

),

unearned as (

    select
        movements.month,
        movements.currency_code,
        sum(parts.amount) as unearned
    from movements
    cross join {{ ref('int_ledger_date') }} as ledger_date
    inner join parts
        on
            movements.currency_code = parts.currency_code
            and parts.bill_date < {{ add_months('movements.month', 1) }}
            -- a month that runs is deferred up to the ledger date
            and parts.earned_on > least(
                {{ add_days(add_months('movements.month', 1), -1) }}, ledger_date.ledger_date
            )
    group by movements.month, movements.currency_code

),

rolled as (

    select
        running.month,
        cast(running.closing - running.deferred + running.earned as decimal(18, 3)) as opening,
        cast(running.deferred as decimal(18, 3)) as deferred,
        cast(running.earned as decimal(18, 3)) as earned,
        cast(running.closing as decimal(18, 3)) as closing,
        cast(coalesce(unearned.unearned, 0) as decimal(18, 3)) as unearned,
        running.currency_code
    from running
    left join unearned
        on
            running.month = unearned.month
            and running.currency_code = unearned.currency_code

)

select * from rolled
