-- One row per pool in which the order of events decides who draws what; the others need no draw-down by event.
-- A pool is cold when the first grant that each of its events may draw on surely holds them all.
with first_grants as (

    select * from {{ ref('int_class_grants') }} where is_first

),

demands as (

    -- an event rounds up to whole increments: at most one increment less one unit is added each time
    select
        grant_key,
        period_number,
        cast(sum(quantity + events * (increment - 1)) as bigint) as most_wanted
    from first_grants
    group by grant_key, period_number

),

contested as (

    select first_grants.pool_number
    from first_grants
    inner join demands
        on first_grants.grant_key = demands.grant_key and first_grants.period_number = demands.period_number
    where
        -- how much of a rest rolls over is known only after the period before
        first_grants.period_number > 0
        or first_grants.is_partly_outside
        or (
            not first_grants.is_unlimited
            and {{ floor_div('first_grants.held', 'first_grants.increment') }} * first_grants.increment
            < demands.most_wanted
        )

),

hot_pools as (

    select distinct pool_number from contested

)

select * from hot_pools
