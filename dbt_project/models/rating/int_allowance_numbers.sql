-- One row per allowance: its number in narrow tables.
{{ config(materialized='incremental', incremental_strategy='append', full_refresh=false) }}
with numbered as (

    {{ numbered_once('select allowance_id from ' ~ ref('allowances'), ['allowance_id'], 'allowance_number') }}

)

select * from numbered
