-- One row per account and billing period, from the first period to two after the bill run's date.
with accounts as (

    select
        account_id,
        cycle_day
    from {{ ref('accounts') }}

),

cycle_days as (

    select distinct cycle_day from accounts

),

first_starts as (

    select
        cycle_days.cycle_day,
        bill_run.bill_date,
        -- 1.2: never a period that starts before first_period
        case
            when {{ period_start('operator.first_period', 'cycle_days.cycle_day') }} = operator.first_period
                then operator.first_period
            else {{ period_end('operator.first_period', 'cycle_days.cycle_day') }}
        end as first_start
    from cycle_days
    cross join {{ ref('operator') }} as operator
    cross join {{ ref('bill_run') }} as bill_run

),

periods as (

    select
        first_starts.cycle_day,
        {{ add_months('first_starts.first_start', 'months.n') }} as period_start,
        {{ add_months('first_starts.first_start', 'months.n + 1') }} as period_end
    from first_starts
    inner join {{ integers(0, 1200) }} as months
        on months.n <= {{ months_between('first_starts.first_start', 'first_starts.bill_date') }} + 1

),

per_account as (

    select
        accounts.account_id,
        accounts.cycle_day,
        periods.period_start,
        periods.period_end,
        periods.period_end as bill_date
    from accounts
    inner join periods
        on accounts.cycle_day = periods.cycle_day

)

select * from per_account
