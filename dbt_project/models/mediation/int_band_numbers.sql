-- One row per band: its number in narrow tables.
{{ config(materialized='incremental', incremental_strategy='append', full_refresh=false) }}
with numbered as (

    {{ numbered_once(
        "select band from " ~ ref('bands') ~ " union all select 'standard' as band", ['band'], 'band_number'
    ) }}

)

select * from numbered
