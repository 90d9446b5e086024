-- One row: the bill run that is built (1.2) and its window.
with operator as (

    select * from {{ ref('operator') }}

),

dates as (

    select
        {{ bill_date() }} as bill_date,
        day({{ bill_date() }}) as cycle_day,
        greatest(
            {{ add_months(bill_date(), '-(operator.lookback_periods + 1)') }}, operator.first_period
        ) as window_start,
        -- the earliest bill date whose period lies in the window, whatever the cycle day
        {{ add_months(bill_date(), '-operator.lookback_periods') }} as first_bill_date,
        operator.time_zone
    from operator

),

with_instants as (

    select
        dates.bill_date,
        dates.window_start,
        dates.first_bill_date,
        cast(dates.cycle_day as bigint) as cycle_day,
        {{ local_to_utc('dates.bill_date', 'dates.time_zone') }} as bill_date_at
    from dates

)

select * from with_instants
