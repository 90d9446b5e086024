-- One row per usage class of which one grant covers every event in full.
with first_grants as (

    select
        class_grants.*,
        row_number() over (
            partition by subscription_number, bill_date, situation_key
            order by level asc nulls last, grant_key asc nulls last
        ) as preference
    from {{ ref('int_class_grants') }} as class_grants

),

cold as (

    select
        first_grants.subscription_number,
        first_grants.bill_date,
        first_grants.situation_key,
        first_grants.grant_key,
        first_grants.increment
    from first_grants
    left join {{ ref('int_hot_pools') }} as hot_pools
        on
            first_grants.account_number = hot_pools.account_number
            and first_grants.service = hot_pools.service
            and first_grants.pool_subscription = hot_pools.pool_subscription
            and first_grants.pool_period = hot_pools.pool_period
    where first_grants.preference = 1 and hot_pools.account_number is null

)

select * from cold
