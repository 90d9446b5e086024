-- One row per cycle day and billing period, from the first period to one after the bill date and all usage.
{{ config(tags=['later_usage']) }}
with cycle_days as (

    select distinct cycle_day from {{ ref('accounts') }}

),

-- usage loaded already may belong to periods after the bill date: they are rated too
later_usage as (

    select cast(max(records.started_at) as date) as last_date
    from {{ source('raw', 'usage_records') }} as records
    inner join {{ source('raw', 'usage_files') }} as files
        on records.file_number = files.file_number
    where
        records.started_at >= {{ bill_date() }}
        and {{ epoch_seconds('records.started_at') }} <= {{ epoch_seconds('files.loaded_at') }} + 3600

),

last_dates as (

    select greatest(bill_run.bill_date, coalesce(later_usage.last_date, bill_run.bill_date)) as last_date
    from {{ ref('bill_run') }} as bill_run
    cross join later_usage

),

first_starts as (

    select
        cycle_days.cycle_day,
        last_dates.last_date,
        -- 1.2: never a period that starts before first_period
        case
            when {{ period_start('operator.first_period', 'cycle_days.cycle_day') }} = operator.first_period
                then operator.first_period
            else {{ period_end('operator.first_period', 'cycle_days.cycle_day') }}
        end as first_start
    from cycle_days
    cross join {{ ref('operator') }} as operator
    cross join last_dates

),

periods as (

    select
        first_starts.cycle_day,
        {{ add_months('first_starts.first_start', 'months.n') }} as period_start,
        {{ add_months('first_starts.first_start', 'months.n + 1') }} as period_end
    from first_starts
    inner join {{ integers(0, 1200) }} as months
        on months.n <= {{ months_between('first_starts.first_start', 'first_starts.last_date') }} + 1

)

select * from periods
