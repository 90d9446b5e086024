-- One row per usage class of a hot pool, numbered: its events draw on grants one after another.
with classes as (

    select
        class_grants.subscription_number,
        class_grants.bill_date,
        class_grants.situation_key,
        class_grants.pool_number,
        max(class_grants.level) as last_level
    from {{ ref('int_class_grants') }} as class_grants
    inner join {{ ref('int_hot_pools') }} as hot_pools
        on class_grants.pool_number = hot_pools.pool_number
    group by
        class_grants.subscription_number, class_grants.bill_date, class_grants.situation_key,
        class_grants.pool_number

),

numbered as (

    select
        classes.*,
        row_number() over (
            order by subscription_number asc nulls last, bill_date asc nulls last, situation_key asc nulls last
        ) as class_number
    from classes

)

select * from numbered
