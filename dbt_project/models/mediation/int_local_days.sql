-- One row per local day that usage can fall on.
-- Whole months, so that it stands while usage is of the months that it was of.
{{ config(tags=['usage_months']) }}
with bounds as (

    select
        date_trunc('month', coalesce(min(started_at), timestamp '2000-01-01 00:00:00')) as first_start,
        {{ add_months(
            "cast(date_trunc('month', coalesce(max(started_at), timestamp '2000-01-01 00:00:00')) as date)", 1
        ) }} as last_start
    from {{ source('raw', 'usage_records') }}

),

days as (

    select {{ add_days("date '1970-01-01'", 'days.n') }} as local_day
    from bounds
    inner join {{ integers(-25567, 60000) }} as days
        on
            days.n >= {{ days_between("date '1970-01-01'", 'cast(bounds.first_start as date)') }} - 2
            and days.n <= {{ days_between("date '1970-01-01'", 'cast(bounds.last_start as date)') }} + 2

)

select * from days
