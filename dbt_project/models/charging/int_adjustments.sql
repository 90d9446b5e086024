-- One row per credit or debit granted by hand that is in effect at the bill date (5.3). Credits are negative.
with effective as (

    select
        adjustments.adjustment_id as charge_id,
        adjustments.account_id,
        adjustments.subscription_id,
        adjustments.name as description,
        adjustments.tax_category,
        adjustments.effective_on,
        periods.period_start,
        periods.period_end,
        case
            when adjustments.effective_on = periods.period_start then periods.period_start else periods.period_end
        end as bill_date,
        {{ round_to_currency(
            'case when adjustments.kind = \'credit\' then -adjustments.amount else adjustments.amount end',
            'operator.minor_units'
        ) }} as amount_net
    from {{ ref('adjustments') }} as adjustments
    inner join {{ ref('accounts') }} as accounts
        on adjustments.account_id = accounts.account_id
    inner join {{ ref('bill_run') }} as bill_run
        on accounts.cycle_day = bill_run.cycle_day
    inner join {{ ref('int_run_periods') }} as periods
        on
            adjustments.effective_on >= periods.period_start
            and adjustments.effective_on < periods.period_end
    cross join {{ ref('operator') }} as operator
    where
        periods.is_in_window
        and adjustments.effective_on <= periods.run_bill_date

),

with_key as (

    select
        {{ charge_key('adjustment', 'charge_id') }} as charge_key,
        account_id,
        subscription_id,
        'adjustment' as charge_kind,
        charge_id,
        cast(null as string) as product_id,
        description,
        cast(null as string) as name_entity,
        cast(null as string) as name_id,
        period_start,
        period_end,
        effective_on as charged_from,
        {{ add_days('effective_on', 1) }} as charged_to,
        bill_date,
        cast(1 as decimal(28, 6)) as quantity,
        'each' as unit,
        tax_category,
        effective_on as tax_rate_date,
        amount_net,
        cast(0 as decimal(18, 6)) as rounding
    from effective

)

select * from with_key
