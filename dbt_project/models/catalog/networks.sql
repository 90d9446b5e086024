-- One row per network (MCC+MNC or MCC) and validity.
with networks as (

    select
        network,
        country,
        visited_zone,
        source_file,
        source_line,
        coalesce(valid_from, date '0001-01-01') as valid_from,
        coalesce(valid_to, date '9999-12-31') as valid_to
    from {{ source('raw', 'networks') }}

)

select * from networks
