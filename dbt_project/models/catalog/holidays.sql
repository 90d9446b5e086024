-- One row per holiday.
with holidays as (

    select
        name,
        source_file,
        source_line,
        cast(date as date) as holiday_date
    from {{ source('raw', 'holidays') }}

)

select * from holidays
