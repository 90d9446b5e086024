-- One row per holiday.
with holidays as (

    select
        name,
        cast(date as date) as holiday_date
    from {{ source('raw', 'holidays') }}

)

select * from holidays
