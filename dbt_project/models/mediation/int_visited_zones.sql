-- One row per visited zone: its number in narrow tables.
{{ config(materialized='appended') }}
with numbered as (

    {{ numbered_once(
        "select visited_zone from " ~ ref('networks') ~ " union all select 'home' as visited_zone",
        ['visited_zone'], 'visited_number'
    ) }}

)

select * from numbered
