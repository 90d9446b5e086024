-- One row per grant: its pool, and the level at which it is drawn in it (4.2).
-- A grant of a lower level is drawn before one of a higher level; grants of one level never meet in one event.
{{ config(materialized='replaced_in_part', replace_where='(select is_full from rating.int_rating_scope)') }}
with grants as (

    select
        grant_key,
        account_number,
        subscription_number,
        holding_number,
        allowance_number,
        service,
        is_shared,
        priority,
        expires_on,
        granted_bill_date,
        max(period_number) as last_period_number
    from {{ ref('int_grant_periods') }}
    group by
        grant_key, account_number, subscription_number, holding_number, allowance_number, service, is_shared,
        priority, expires_on, granted_bill_date

),

accounts as (

    select
        account_number,
        service,
        max(case when is_shared then 1 else 0 end) = 1 as has_shared,
        max(last_period_number) > 0 as has_rollover
    from grants
    group by account_number, service

),

-- an account with a shared grant is one pool, else each subscription is its own; rests that roll
-- over chain the periods of a pool
pools as (

    select
        grants.*,
        accounts.has_rollover,
        {{ pool_number(
            'accounts.has_shared', 'grants.account_number', 'grants.subscription_number',
            service_number('grants.service'), 'accounts.has_rollover', 'grants.granted_bill_date'
        ) }} as pool_number,
        case when accounts.has_rollover then date '0001-01-01' else grants.granted_bill_date end as pool_period
    from grants
    inner join accounts
        on grants.account_number = accounts.account_number and grants.service = accounts.service

),

crowded_pools as (

    select pool_number
    from pools
    group by pool_number
    having count(*) > 1

),

crowded as (

    select
        pools.*,
        holdings.subscribed_product_id,
        allowances.allowance_id
    from pools
    inner join crowded_pools
        on pools.pool_number = crowded_pools.pool_number
    inner join {{ ref('int_holding_numbers') }} as holdings
        on pools.holding_number = holdings.holding_number
    inner join {{ ref('int_allowance_numbers') }} as allowances
        on pools.allowance_number = allowances.allowance_number

),

-- equal in all that orders them but the holder: drawn one after another only where they can meet
among_equals as (

    select
        crowded.*,
        case
            when
                max(case when is_shared then 1 else 0 end) over (
                    partition by account_number, service, pool_period, priority, expires_on, allowance_id
                ) = 1
                then 0
            else subscription_number
        end as equals_subscription
    from crowded

),

turns as (

    select
        among_equals.*,
        row_number() over (
            partition by
                account_number, service, pool_period, priority, expires_on, allowance_id, equals_subscription
            order by subscribed_product_id asc nulls last, grant_key asc nulls last
        ) as turn
    from among_equals

),

levels as (

    select
        grant_key,
        dense_rank() over (
            partition by pool_number
            order by
                priority asc nulls last, expires_on asc nulls last, allowance_id asc nulls last, turn asc nulls last
        ) as level
    from turns

),

all_levels as (

    select
        pools.grant_key,
        pools.pool_number,
        coalesce(levels.level, 1) as level
    from pools
    left join levels
        on pools.grant_key = levels.grant_key

),

levels_anew as (

    select *
    from all_levels
    {% if not rates_all() -%}
    -- nothing but usage has come: what stands stays
    where 1 = 0
    {%- endif %}

)

select * from levels_anew
