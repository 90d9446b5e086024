-- One row per subscription: its number in narrow tables.
{{ config(materialized='appended') }}
with numbered as (

    {{ numbered_once(
        'select subscription_id, account_id from ' ~ ref('subscriptions'),
        ['subscription_id', 'account_id'], 'subscription_number'
    ) }}

)

select * from numbered
