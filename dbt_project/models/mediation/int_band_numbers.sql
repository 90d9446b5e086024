-- One row per band: its number in narrow tables.
{{ config(materialized='appended') }}
with numbered as (

    {{ numbered_once(
        "select band from " ~ ref('bands') ~ " union all select 'standard' as band", ['band'], 'band_number'
    ) }}

)

select * from numbered
