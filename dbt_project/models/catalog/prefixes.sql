-- One row per prefix and validity.
with prefixes as (

    select
        prefix,
        zone,
        source_file,
        source_line,
        coalesce(destination, zone) as destination,
        coalesce(exact, false) as exact,
        coalesce(unlisted, false) as unlisted,
        coalesce(valid_from, date '0001-01-01') as valid_from,
        coalesce(valid_to, date '9999-12-31') as valid_to
    from {{ source('raw', 'prefixes') }}

)

select * from prefixes
