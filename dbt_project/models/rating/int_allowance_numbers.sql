-- One row per allowance: its number in narrow tables.
{{ config(materialized='appended') }}
with numbered as (

    {{ numbered_once('select allowance_id from ' ~ ref('allowances'), ['allowance_id'], 'allowance_number') }}

)

select * from numbered
