-- One row per charge that a discount may reduce: recurring, once and usage above zero (5.4, 5.5).
-- period_start and period_end are those of the billing period with which it is discounted.
with charges as (

    select
        charge_key,
        account_id,
        subscription_id,
        charge_kind,
        product_id,
        settled_from,
        period_start as key_period_start,
        period_end as key_period_end,
        bill_date,
        tax_category,
        tax_rate_date,
        amount_net
    from {{ ref('int_recurring_charges') }}

    union all

    select
        charge_key,
        account_id,
        subscription_id,
        charge_kind,
        product_id,
        period_start as settled_from,
        period_start as key_period_start,
        period_end as key_period_end,
        bill_date,
        tax_category,
        tax_rate_date,
        amount_net
    from {{ ref('int_once_charges') }}

    union all

    select
        charge_key,
        account_id,
        subscription_id,
        charge_kind,
        product_id,
        period_start as settled_from,
        period_start as key_period_start,
        period_end as key_period_end,
        bill_date,
        tax_category,
        tax_rate_date,
        amount_net
    from {{ ref('int_usage_charges') }}

),

discountable as (

    select
        charges.charge_key,
        charges.account_id,
        charges.subscription_id,
        charges.charge_kind,
        charges.product_id,
        periods.period_start,
        periods.period_end,
        periods.is_over,
        -- 5.4: only charges whose service period is the billing period count for caps and minimums
        charges.key_period_start = periods.period_start and charges.key_period_end = periods.period_end
            as counts_for_limits,
        charges.bill_date,
        charges.tax_category,
        charges.tax_rate_date,
        charges.amount_net
    from charges
    inner join {{ ref('int_run_periods') }} as periods
        on charges.settled_from = periods.period_start
    where
        -- below zero: usage whose first part bears the cut to the event's maximum (3.6); limits count it
        charges.amount_net <> 0
        and periods.is_in_window

)

select * from discountable
