-- One row per account that was given back more than it had paid or been credited. No invoice holds
-- the difference.
{{ config(tags=['issued', 'after_issue']) }}
with balances as (

    select
        account_id,
        paid,
        credited,
        refunded_in_excess,
        currency_code
    from {{ ref('account_balances') }}
    where refunded_in_excess > 0

)

select * from balances
