-- One row per account: its number in narrow tables.
{{ config(materialized='appended') }}
with numbered as (

    {{ numbered_once('select account_id from ' ~ ref('accounts'), ['account_id'], 'account_number') }}

)

select * from numbered
