-- One row per month and currency: deferred revenue at its beginning, what documents deferred, what was earned, what is left.
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

rolled as (

    select
        month,
        cast(closing - deferred + earned as decimal(18, 3)) as opening,
        cast(deferred as decimal(18, 3)) as deferred,
        cast(earned as decimal(18, 3)) as earned,
        cast(closing as decimal(18, 3)) as closing,
        currency_code
    from running

)

select * from rolled
