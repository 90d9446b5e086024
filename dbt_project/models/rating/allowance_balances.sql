-- One row per grant and period that is over: granted + carried_in = used + expired + carried_out (4.4).
{{ config(materialized='view') }}
with balances as (

    select
        grants.allowance_grant_id,
        grants.allowance_id,
        grants.account_id,
        grants.subscription_id,
        balances.bill_date,
        balances.is_unlimited,
        balances.granted,
        balances.carried_in,
        balances.used,
        balances.expired,
        balances.carried_out
    from {{ ref('int_grant_balances') }} as balances
    inner join {{ ref('allowance_grants') }} as grants
        on balances.grant_key = grants.grant_key

)

select * from balances
