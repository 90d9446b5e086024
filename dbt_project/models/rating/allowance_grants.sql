-- One row per subscribed product, allowance and period: what it grants (4.1).
-- granted is in base units (seconds, messages, bytes) and 0 for an unlimited grant.
{{ config(materialized='view') }}
with grants as (

    select
        {{ allowance_grant_id('holdings.subscribed_product_id', 'allowances.allowance_id', 'grants.bill_date') }}
            as allowance_grant_id,
        allowances.allowance_id,
        holdings.subscribed_product_id,
        holdings.account_id,
        nullif(holdings.subscription_id, '') as subscription_id,
        grants.service,
        grants.is_shared,
        grants.is_unlimited,
        grants.increment,
        grants.bill_date,
        grants.held_from,
        grants.held_to,
        grants.expires_on,
        grants.granted,
        grants.grant_key
    from {{ ref('int_grants') }} as grants
    inner join {{ ref('int_holding_numbers') }} as holdings
        on grants.holding_number = holdings.holding_number
    inner join {{ ref('int_allowance_numbers') }} as allowances
        on grants.allowance_number = allowances.allowance_number

)

select * from grants
