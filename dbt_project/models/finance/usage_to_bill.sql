-- One row per usage period (its bill date) and currency: what was rated, owed, billed and is still unbilled.
-- rated = owed + rounding and owed = billed + unbilled, else usage_to_bill_difference is not 0.
{{ config(materialized='view') }}
with rated as (

    select
        bill_date,
        currency_code,
        count(distinct event_key) as events,
        sum(amount) as rated_amount
    from {{ ref('rated_usage') }}
    group by bill_date, currency_code

),

owed as (

    select
        period_end as bill_date,
        currency_code,
        sum(amount_net) as owed_amount,
        sum(rounding) as rounding
    from {{ ref('owed_charges') }}
    where charge_kind = 'usage'
    group by period_end, currency_code

),

billed as (

    -- what the keys were billed: gross where prices include tax, as owed is (6.3)
    select
        period_end as bill_date,
        currency_code,
        sum(amount_charged) as billed_amount
    from {{ ref('explained_lines') }}
    where charge_kind = 'usage'
    group by period_end, currency_code

),

periods as (

    select bill_date, currency_code from rated
    union
    select bill_date, currency_code from owed
    union
    select bill_date, currency_code from billed

),

compared as (

    select
        periods.bill_date,
        cast(coalesce(rated.events, 0) as bigint) as events,
        cast(coalesce(rated.rated_amount, 0) as decimal(28, 6)) as rated_amount,
        cast(coalesce(owed.rounding, 0) as decimal(28, 6)) as rounding,
        cast(owed.owed_amount as decimal(18, 3)) as owed_amount,
        cast(coalesce(billed.billed_amount, 0) as decimal(18, 3)) as billed_amount,
        periods.currency_code,
        owed.bill_date is not null as is_owed
    from periods
    left join rated
        on periods.bill_date = rated.bill_date and periods.currency_code = rated.currency_code
    left join owed
        on periods.bill_date = owed.bill_date and periods.currency_code = owed.currency_code
    left join billed
        on periods.bill_date = billed.bill_date and periods.currency_code = billed.currency_code

),

with_difference as (

    select
        bill_date,
        events,
        rated_amount,
        rounding,
        owed_amount,
        billed_amount,
        cast(case when is_owed then owed_amount - billed_amount end as decimal(18, 3)) as unbilled_amount,
        -- a period that no bill run has reached yet owes nothing, whatever was rated
        cast(case when is_owed then rated_amount - owed_amount - rounding else 0 end as decimal(28, 6))
            as difference,
        currency_code
    from compared

)

select * from with_difference
