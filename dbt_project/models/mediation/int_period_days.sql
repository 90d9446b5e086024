-- One row per local day and cycle day: the billing period that holds the day (1.1).
with cycle_days as (

    select distinct cycle_day from {{ ref('accounts') }}

),

period_days as (

    select
        days.local_day,
        cycle_days.cycle_day,
        {{ period_start('days.local_day', 'cycle_days.cycle_day') }} as period_start,
        {{ period_end('days.local_day', 'cycle_days.cycle_day') }} as bill_date
    from {{ ref('int_local_days') }} as days
    cross join cycle_days

)

select * from period_days
