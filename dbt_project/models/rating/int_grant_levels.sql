-- One row per grant that can run dry or cover usage: the level at which it is drawn (4.2).
-- A grant of a lower level is drawn before one of a higher level; grants of one level never meet in one event.
with grants as (

    select
        allowance_grant_id,
        account_id,
        subscription_id,
        subscribed_product_id,
        allowance_id,
        service,
        is_shared,
        priority,
        expires_on,
        granted_bill_date,
        count(*) as periods,
        min(period_number) as first_period_number,
        max(period_number) as last_period_number
    from {{ ref('int_grant_periods') }}
    group by
        allowance_grant_id, account_id, subscription_id, subscribed_product_id, allowance_id, service, is_shared,
        priority, expires_on, granted_bill_date

),

-- an account with a shared grant is one pool, else each subscription is its own; rests that roll
-- over chain the periods of a pool
pools as (

    select
        grants.*,
        case
            when max(case when is_shared then 1 else 0 end) over (partition by account_id, service) = 1 then ''
            else subscription_id
        end as pool_subscription,
        case
            when max(last_period_number) over (partition by account_id, service) > 0 then date '0001-01-01'
            else granted_bill_date
        end as pool_period
    from grants

),

-- equal in all that orders them but the holder: drawn one after another only where they can meet
among_equals as (

    select
        pools.*,
        case
            when
                max(case when is_shared then 1 else 0 end) over (
                    partition by account_id, service, pool_period, priority, expires_on, allowance_id
                ) = 1
                then ''
            else subscription_id
        end as equals_subscription
    from pools

),

turns as (

    select
        among_equals.*,
        row_number() over (
            partition by
                account_id, service, pool_period, priority, expires_on, allowance_id, equals_subscription
            order by subscribed_product_id asc nulls last, allowance_grant_id asc nulls last
        ) as turn
    from among_equals

),

levels as (

    select
        allowance_grant_id,
        dense_rank() over (
            partition by account_id, service, pool_subscription, pool_period
            order by
                priority asc nulls last, expires_on asc nulls last, allowance_id asc nulls last, turn asc nulls last
        ) as level
    from turns

)

select * from levels
