-- One row per band, kind of day and stretch of the day.
with bands as (

    select
        band,
        days,
        priority,
        source_file,
        source_line,
        from_time,
        to_time
    from {{ source('raw', 'bands') }}

),

one_row_per_day_kind as (

    select
        bands.band,
        bands.source_file,
        bands.source_line,
        days.day_kind,
        coalesce(bands.priority, 0) as priority,
        {{ seconds_of_day('bands.from_time') }} as from_second,
        {{ seconds_of_day('bands.to_time') }} as to_second
    from bands
    inner join {{ split_rows('bands', 'source_line', 'days', 'day_kind') }} as days
        on bands.source_line = days.source_line

)

select * from one_row_per_day_kind
