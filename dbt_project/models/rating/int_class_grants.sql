-- One row per usage class and grant that its events may draw on (4.1, 4.3).
with grant_periods as (

    select
        *,
        {{ service_number('service') }} as service_number
    from {{ ref('int_grant_periods') }}

),

-- the service is told by the situation, and spares the grants of the others
classes as (

    select
        *,
        {{ floor_div('situation_key', 2) }} % 4 as service_number
    from {{ ref('int_usage_classes') }}

),

zone_patterns as (

    select allowance_row, zone
    from {{ split_rows(ref('allowances'), 'source_line as allowance_row', 'zones', 'zone') }} as zones

),

visited_patterns as (

    select allowance_row, visited_zone
    from {{ split_rows(ref('allowances'), 'source_line as allowance_row', 'visited_zones', 'visited_zone') }} as zones

),

situations as (

    select
        situation_key,
        service,
        visited_zone,
        coalesce(zone, '') as zone
    from {{ ref('int_situations') }}

),

-- which rows of the catalogue pay for which situations: a small table
payable as (

    select distinct
        situations.situation_key,
        allowances.source_line as allowance_row
    from situations
    inner join {{ ref('allowances') }} as allowances
        on situations.service = allowances.service
    inner join zone_patterns
        on
            allowances.source_line = zone_patterns.allowance_row
            and (zone_patterns.zone = '*' or zone_patterns.zone = situations.zone)
    inner join visited_patterns
        on
            allowances.source_line = visited_patterns.allowance_row
            and (visited_patterns.visited_zone = '*' or visited_patterns.visited_zone = situations.visited_zone)

),

own_grants as (

    select * from grant_periods where not is_shared

),

shared_grants as (

    select * from grant_periods where is_shared

),

own as (

    select
        classes.subscription_number,
        classes.bill_date,
        classes.situation_key,
        classes.events,
        classes.quantity,
        classes.first_second < grants.from_second or classes.last_second >= grants.to_second as is_partly_outside,
        grants.grant_key,
        grants.period_number,
        grants.increment,
        grants.is_unlimited,
        grants.from_second,
        grants.to_second,
        grants.opening
    from classes
    inner join own_grants as grants
        on
            classes.subscription_number = grants.subscription_number
            and classes.bill_date = grants.bill_date
            and classes.service_number = grants.service_number
    inner join payable
        on
            classes.situation_key = payable.situation_key
            and grants.allowance_row = payable.allowance_row

),

shared as (

    select
        classes.subscription_number,
        classes.bill_date,
        classes.situation_key,
        classes.events,
        classes.quantity,
        classes.first_second < grants.from_second or classes.last_second >= grants.to_second as is_partly_outside,
        grants.grant_key,
        grants.period_number,
        grants.increment,
        grants.is_unlimited,
        grants.from_second,
        grants.to_second,
        grants.opening
    from classes
    inner join {{ ref('int_subscription_numbers') }} as subscriptions
        on classes.subscription_number = subscriptions.subscription_number
    inner join {{ ref('int_account_numbers') }} as accounts
        on subscriptions.account_id = accounts.account_id
    inner join shared_grants as grants
        on
            accounts.account_number = grants.account_number
            and classes.bill_date = grants.bill_date
            and classes.service_number = grants.service_number
    inner join payable
        on
            classes.situation_key = payable.situation_key
            and grants.allowance_row = payable.allowance_row

),

own_and_shared as (

    select * from own
    union all
    select * from shared

),

class_grants as (

    select
        grants.subscription_number,
        grants.bill_date,
        grants.situation_key,
        grants.events,
        grants.quantity,
        grants.is_partly_outside,
        grants.grant_key,
        grants.period_number,
        levels.level,
        grants.increment,
        grants.is_unlimited,
        grants.from_second,
        grants.to_second,
        grants.opening - coalesce(grant_use.used, 0) as held,
        levels.pool_number
    from own_and_shared as grants
    inner join {{ ref('int_grant_levels') }} as levels
        on grants.grant_key = levels.grant_key
    left join {{ ref('int_grant_use') }} as grant_use
        on grants.grant_key = grant_use.grant_key and grants.bill_date = grant_use.bill_date

),

-- the grants of a class are of different levels (int_grant_levels)
lowest_levels as (

    select
        subscription_number,
        bill_date,
        situation_key,
        min(level) as level
    from class_grants
    group by subscription_number, bill_date, situation_key

),

in_order as (

    select
        class_grants.*,
        lowest_levels.level is not null as is_first
    from class_grants
    left join lowest_levels
        on
            class_grants.subscription_number = lowest_levels.subscription_number
            and class_grants.bill_date = lowest_levels.bill_date
            and class_grants.situation_key = lowest_levels.situation_key
            and class_grants.level = lowest_levels.level

)

select * from in_order
