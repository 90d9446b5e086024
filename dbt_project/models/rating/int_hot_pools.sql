-- One row per pool in which the order of events decides who draws what; the others need no draw-down by event.
-- A pool is cold when the first grant that each of its events may draw on surely holds them all.
with first_grants as (

    select
        class_grants.*,
        row_number() over (
            partition by subscription_number, bill_date, situation_key
            order by level asc nulls last, grant_key asc nulls last
        ) as preference
    from {{ ref('int_class_grants') }} as class_grants

),

demands as (

    -- an event rounds up to whole increments: at most one increment less one unit is added each time
    select
        grant_key,
        period_number,
        cast(sum(quantity + events * (increment - 1)) as bigint) as most_wanted
    from first_grants
    where preference = 1
    group by grant_key, period_number

),

contested as (

    select
        first_grants.account_number,
        first_grants.service,
        first_grants.pool_subscription,
        first_grants.pool_period
    from first_grants
    inner join demands
        on first_grants.grant_key = demands.grant_key and first_grants.period_number = demands.period_number
    where
        first_grants.preference = 1
        and (
            first_grants.has_rollover
            or first_grants.first_second < first_grants.from_second
            or first_grants.last_second >= first_grants.to_second
            or (
                not first_grants.is_unlimited
                and {{ floor_div('first_grants.opening', 'first_grants.increment') }} * first_grants.increment
                < demands.most_wanted
            )
        )

),

hot_pools as (

    select distinct
        account_number,
        service,
        pool_subscription,
        pool_period
    from contested

)

select * from hot_pools
