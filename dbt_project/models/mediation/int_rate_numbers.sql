-- One row per rate row that ever was: its number in narrow tables.
{{ config(materialized='appended') }}
with numbered as (

    {{ numbered_once('select rate_id from ' ~ ref('rates'), ['rate_id'], 'rate_number') }}

)

select * from numbered
