-- One row per subscription.
with subscriptions as (

    select
        subscriptions.subscription_id,
        subscriptions.account_id,
        subscriptions.name,
        operator.time_zone,
        coalesce(subscriptions.activated_at, timestamp '0001-01-02 00:00:00') as activated_at,
        coalesce(subscriptions.terminated_at, timestamp '9999-12-30 00:00:00') as terminated_at
    from {{ source('raw', 'subscriptions') }} as subscriptions
    cross join {{ ref('operator') }} as operator

),

with_local_days as (

    select
        subscription_id,
        account_id,
        name,
        activated_at,
        terminated_at,
        -- 5.1: the first day counts, the day of the end does not
        cast({{ utc_to_local('activated_at', 'time_zone') }} as date) as active_from,
        cast({{ utc_to_local('terminated_at', 'time_zone') }} as date) as active_to
    from subscriptions

)

select * from with_local_days
