-- One row per account with open invoices, and currency, as of the bill date. total = sum of the
-- buckets.
with open_invoices as (

    select
        account_id,
        currency_code,
        bucket,
        open_amount
    from {{ ref('receivables') }}
    where open_amount > 0

),

by_bucket as (

    select
        account_id,
        currency_code,
        cast(
            sum(case when bucket = 'not_due' then open_amount else 0 end) as decimal(18, 3)
        ) as not_due,
        cast(
            sum(case when bucket = 'days_1_30' then open_amount else 0 end) as decimal(18, 3)
        ) as days_1_30,
        cast(
            sum(case when bucket = 'days_31_60' then open_amount else 0 end) as decimal(18, 3)
        ) as days_31_60,
        cast(
            sum(case when bucket = 'days_61_90' then open_amount else 0 end) as decimal(18, 3)
        ) as days_61_90,
        cast(
            sum(case when bucket = 'days_91_plus' then open_amount else 0 end) as decimal(18, 3)
        ) as days_91_plus,
        cast(sum(open_amount) as decimal(18, 3)) as total
    from open_invoices
    group by account_id, currency_code

),

as_of_ledger_date as (

    select
        by_bucket.account_id,
        ledger_date.ledger_date as as_of,
        by_bucket.not_due,
        by_bucket.days_1_30,
        by_bucket.days_31_60,
        by_bucket.days_61_90,
        by_bucket.days_91_plus,
        by_bucket.total,
        by_bucket.currency_code
    from by_bucket
    cross join {{ ref('int_ledger_date') }} as ledger_date

)

select * from as_of_ledger_date
