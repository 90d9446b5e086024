-- One row per billing period of the run's cycle day, from the first one to the one after the bill date.
with bill_run as (

    select
        bill_date,
        cycle_day,
        window_start
    from {{ ref('bill_run') }}

),

periods as (

    -- every account of a cycle day has the same periods (1.1)
    select
        billing_periods.period_start,
        billing_periods.period_end,
        min(billing_periods.period_start) over () as first_period_start
    from {{ ref('billing_periods') }} as billing_periods
    inner join bill_run
        on billing_periods.cycle_day = bill_run.cycle_day
    group by billing_periods.period_start, billing_periods.period_end

),

with_window as (

    select
        periods.period_start,
        periods.period_end,
        periods.first_period_start,
        bill_run.bill_date as run_bill_date,
        -- 1.2: keys whose service period ends after the window's start
        periods.period_end > bill_run.window_start as is_in_window,
        periods.period_end <= bill_run.bill_date as is_over
    from periods
    cross join bill_run
    where periods.period_start <= bill_run.bill_date

)

select * from with_window
