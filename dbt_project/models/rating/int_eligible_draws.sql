-- One row per event and grant that it may draw on (4.1, 4.3): narrow, for the draw-down alone.
with grant_periods as (

    select
        grant_periods.*,
        levels.level
    from {{ ref('int_grant_periods') }} as grant_periods
    inner join {{ ref('int_grant_levels') }} as levels
        on grant_periods.allowance_grant_id = levels.allowance_grant_id

),

zone_lists as (

    select distinct zones, visited_zones from grant_periods

),

zone_patterns as (

    select zones, zone from {{ split_rows('(select distinct zones from zone_lists)', 'zones', 'zones', 'zone') }} as z

),

visited_patterns as (

    select visited_zones, visited_zone
    from {{ split_rows(
        '(select distinct visited_zones from zone_lists)', 'visited_zones', 'visited_zones', 'visited_zone'
    ) }} as v

),

events as (

    select
        events.file_number,
        events.line_number,
        events.feed,
        events.record_id,
        events.account_id,
        events.subscription_id,
        events.bill_date,
        events.service,
        coalesce(events.zone, '') as zone,
        events.visited_zone,
        events.quantity,
        {{ epoch_seconds('events.started_at') }} as start_second
    from {{ ref('usage_events') }} as events
    where
        events.bill_date >= {{ first_bill_date_in_window() }}
        and events.quantity > 0

),

classes as (

    select distinct
        account_id,
        subscription_id,
        bill_date,
        service,
        zone,
        visited_zone
    from events

),

class_grants as (

    select distinct
        classes.account_id,
        classes.subscription_id,
        classes.bill_date,
        classes.service,
        classes.zone,
        classes.visited_zone,
        grant_periods.allowance_grant_id,
        grant_periods.period_number,
        grant_periods.level,
        grant_periods.increment,
        grant_periods.is_unlimited,
        grant_periods.from_second,
        grant_periods.to_second
    from classes
    inner join grant_periods
        on
            classes.account_id = grant_periods.account_id
            and classes.service = grant_periods.service
            and classes.bill_date = grant_periods.bill_date
            and (grant_periods.is_shared or classes.subscription_id = grant_periods.subscription_id)
    inner join zone_patterns
        on
            grant_periods.zones = zone_patterns.zones
            and (zone_patterns.zone = '*' or zone_patterns.zone = classes.zone)
    inner join visited_patterns
        on
            grant_periods.visited_zones = visited_patterns.visited_zones
            and (visited_patterns.visited_zone = '*' or visited_patterns.visited_zone = classes.visited_zone)

),

eligible as (

    select
        events.file_number,
        events.line_number,
        events.feed,
        events.record_id,
        events.start_second,
        events.quantity,
        class_grants.allowance_grant_id,
        class_grants.period_number,
        class_grants.level,
        class_grants.increment,
        class_grants.is_unlimited
    from events
    inner join class_grants
        on
            events.subscription_id = class_grants.subscription_id
            and events.bill_date = class_grants.bill_date
            and events.service = class_grants.service
            and events.zone = class_grants.zone
            and events.visited_zone = class_grants.visited_zone
            and events.start_second >= class_grants.from_second
            and events.start_second < class_grants.to_second

)

select * from eligible
