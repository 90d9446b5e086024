-- One row per account: its number in narrow tables.
{{ config(materialized='incremental', incremental_strategy='append', full_refresh=false) }}
with numbered as (

    {{ numbered_once('select account_id from ' ~ ref('accounts'), ['account_id'], 'account_number') }}

)

select * from numbered
