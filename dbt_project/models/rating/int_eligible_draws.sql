-- One row per event of a hot pool and grant that it may draw on (4.1, 4.3).
with hot_class_grants as (

    select class_grants.*
    from {{ ref('int_class_grants') }} as class_grants
    inner join {{ ref('int_hot_pools') }} as hot_pools
        on
            class_grants.account_number = hot_pools.account_number
            and class_grants.service = hot_pools.service
            and class_grants.pool_subscription = hot_pools.pool_subscription
            and class_grants.pool_period = hot_pools.pool_period

),

eligible as (

    select
        events.event_key,
        events.started_at,
        events.quantity,
        grants.grant_key,
        grants.period_number,
        grants.level,
        grants.increment,
        grants.is_unlimited
    from {{ ref('int_usage_events') }} as events
    inner join hot_class_grants as grants
        on
            events.subscription_number = grants.subscription_number
            and events.bill_date = grants.bill_date
            and events.situation_key = grants.situation_key
            and {{ epoch_seconds('events.started_at') }} >= grants.from_second
            and {{ epoch_seconds('events.started_at') }} < grants.to_second
    where events.quantity > 0

)

select * from eligible
