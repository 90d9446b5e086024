-- One row per zone and destination of called numbers: its number in narrow tables; 0 is none.
{{ config(materialized='appended') }}
with numbered as (

    {{ numbered_once('select zone, destination from ' ~ ref('prefixes'), ['zone', 'destination'], 'place_number') }}

)

select * from numbered
