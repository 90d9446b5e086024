-- One row per usage class of which one grant covers every event in full.
with cold as (

    select
        first_grants.subscription_number,
        first_grants.bill_date,
        first_grants.situation_key,
        first_grants.grant_key,
        first_grants.increment
    from {{ ref('int_class_grants') }} as first_grants
    left join {{ ref('int_hot_pools') }} as hot_pools
        on first_grants.pool_number = hot_pools.pool_number
    where first_grants.is_first and hot_pools.pool_number is null

)

select * from cold
