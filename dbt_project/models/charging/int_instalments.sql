-- One row per instalment that has fallen due: one per month from first_date (5.3).
with agreements as (

    select
        instalments.agreement_id,
        instalments.account_id,
        instalments.subscription_id,
        instalments.name,
        instalments.amount,
        instalments.periods,
        instalments.first_date,
        instalments.tax_category
    from {{ ref('instalments') }} as instalments
    inner join {{ ref('accounts') }} as accounts
        on instalments.account_id = accounts.account_id
    inner join {{ ref('bill_run') }} as bill_run
        on accounts.cycle_day = bill_run.cycle_day

),

candidates as (

    -- the instalment of a period falls in the month in which the period begins or in the next one
    select
        agreements.*,
        periods.period_start,
        periods.period_end,
        periods.run_bill_date,
        {{ months_between('agreements.first_date', 'periods.period_start') }} + next_month.n as months_since_first
    from agreements
    cross join {{ ref('int_run_periods') }} as periods
    cross join {{ integers(0, 1) }} as next_month
    where periods.is_in_window

),

dated as (

    select
        candidates.*,
        {{ add_months('first_date', 'months_since_first') }} as falls_on
    from candidates
    where
        months_since_first >= 0
        and months_since_first < periods

),

due as (

    select
        dated.account_id,
        dated.subscription_id,
        dated.agreement_id || '-' || cast(dated.months_since_first + 1 as string) as charge_id,
        dated.name || ' (' || cast(dated.months_since_first + 1 as string) || '/'
        || cast(dated.periods as string) || ')' as description,
        dated.period_start,
        dated.period_end,
        dated.falls_on as charged_from,
        dated.tax_category,
        case when dated.falls_on = dated.period_start then dated.period_start else dated.period_end end as bill_date,
        {{ round_to_currency('dated.amount', 'operator.minor_units') }} as amount_net
    from dated
    cross join {{ ref('operator') }} as operator
    where
        dated.falls_on >= dated.period_start
        and dated.falls_on < dated.period_end
        and dated.falls_on <= dated.run_bill_date

),

with_key as (

    select
        {{ charge_key('instalment', 'charge_id') }} as charge_key,
        account_id,
        subscription_id,
        'instalment' as charge_kind,
        charge_id,
        cast(null as string) as product_id,
        description,
        cast(null as string) as name_entity,
        cast(null as string) as name_id,
        period_start,
        period_end,
        charged_from,
        {{ add_days('charged_from', 1) }} as charged_to,
        bill_date,
        cast(1 as decimal(28, 6)) as quantity,
        'each' as unit,
        tax_category,
        charged_from as tax_rate_date,
        amount_net,
        cast(0 as decimal(18, 6)) as rounding
    from due

)

select * from with_key
