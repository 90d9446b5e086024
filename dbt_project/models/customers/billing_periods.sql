-- One row per account and billing period, from the first period to one after the run's bill date and all usage.
with periods as (

    select
        accounts.account_id,
        accounts.cycle_day,
        periods.period_start,
        periods.period_end,
        periods.period_end as bill_date
    from {{ ref('accounts') }} as accounts
    inner join {{ ref('int_cycle_periods') }} as periods
        on accounts.cycle_day = periods.cycle_day

)

select * from periods
