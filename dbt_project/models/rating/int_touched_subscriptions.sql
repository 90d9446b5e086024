-- One row per subscription and service that new files touch, or whose account they touch (int_rating_units).
{{ config(materialized='view') }}
with touched as (

    select
        subscriptions.subscription_number,
        units.service_number,
        units.is_redone
    from {{ ref('int_rating_units') }} as units
    inner join {{ ref('int_account_numbers') }} as accounts
        on units.account_number = accounts.account_number
    inner join {{ ref('int_subscription_numbers') }} as subscriptions
        on accounts.account_id = subscriptions.account_id

)

select * from touched
