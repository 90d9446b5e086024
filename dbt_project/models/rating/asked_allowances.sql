-- One row per event and grant that is open to it: the order of the grants, and what each held and gave (4.2, 9.1).
-- For the question after one event or one account: each event is set against all draws on its grants.
{{ config(materialized='view') }}
with openings as (

    select
        openings.*,
        ';' || replace(replace(trim(zones), '; ', ';'), ' ;', ';') || ';' as zone_list,
        ';' || replace(replace(trim(visited_zones), '; ', ';'), ' ;', ';') || ';' as visited_zone_list
    from {{ ref('allowance_openings') }} as openings

),

open_grants as (

    select
        events.event_key,
        events.usage_event_id,
        events.feed,
        events.record_id,
        events.account_id,
        events.subscription_id,
        events.bill_date,
        events.started_at,
        openings.allowance_grant_id,
        openings.allowance_id,
        openings.allowance_name,
        openings.subscribed_product_id,
        openings.allowance_file,
        openings.allowance_line,
        openings.is_shared,
        openings.is_unlimited,
        openings.increment,
        openings.priority,
        openings.expires_on,
        openings.granted,
        openings.carried_in,
        cast(events.local_started_at as date) < openings.held_to as is_held
    from {{ ref('usage_events') }} as events
    inner join openings
        on
            events.account_id = openings.account_id
            and events.bill_date = openings.bill_date
            and events.service = openings.service
            and (openings.is_shared or events.subscription_id = openings.subscription_id)
            and cast(events.local_started_at as date) >= openings.held_from
            -- on the day of a termination it is open to its very moment: what was drawn then tells
            and cast(events.local_started_at as date) <= openings.held_to
            and (
                instr(openings.zone_list, ';*;') > 0
                or instr(openings.zone_list, ';' || events.zone || ';') > 0
            )
            and (
                instr(openings.visited_zone_list, ';*;') > 0
                or instr(openings.visited_zone_list, ';' || events.visited_zone || ';') > 0
            )

),

-- what the grant had given when the event came, and what it gave to the event
draws as (

    select
        open_grants.account_id,
        open_grants.bill_date,
        open_grants.event_key,
        open_grants.allowance_grant_id,
        cast(sum(case when parts.event_key <> open_grants.event_key then parts.billed_quantity else 0 end) as bigint)
            as used_before,
        cast(sum(case when parts.event_key = open_grants.event_key then parts.billed_quantity else 0 end) as bigint)
            as drawn,
        cast(sum(case when parts.event_key = open_grants.event_key then parts.quantity else 0 end) as bigint)
            as covered
    from open_grants
    inner join {{ ref('rated_usage') }} as parts
        on
            open_grants.account_id = parts.account_id
            and open_grants.bill_date = parts.bill_date
            and open_grants.allowance_grant_id = parts.allowance_grant_id
            and (
                parts.event_key = open_grants.event_key
                or parts.started_at < open_grants.started_at
                or (parts.started_at = open_grants.started_at and parts.feed < open_grants.feed)
                or (
                    parts.started_at = open_grants.started_at and parts.feed = open_grants.feed
                    and parts.record_id < open_grants.record_id
                )
            )
    group by
        open_grants.account_id, open_grants.bill_date, open_grants.event_key, open_grants.allowance_grant_id

),

with_levels as (

    select
        open_grants.usage_event_id,
        open_grants.event_key,
        open_grants.account_id,
        open_grants.subscription_id,
        open_grants.bill_date,
        cast(row_number() over (
            partition by open_grants.account_id, open_grants.bill_date, open_grants.event_key
            order by
                open_grants.priority asc nulls last, open_grants.expires_on asc nulls last,
                open_grants.allowance_id asc nulls last, open_grants.subscribed_product_id asc nulls last,
                open_grants.allowance_grant_id asc nulls last
        ) as bigint) as turn,
        open_grants.allowance_grant_id,
        open_grants.allowance_id,
        open_grants.allowance_name,
        open_grants.allowance_file,
        open_grants.allowance_line,
        open_grants.is_shared,
        open_grants.is_unlimited,
        open_grants.increment,
        open_grants.granted,
        open_grants.carried_in,
        coalesce(draws.used_before, 0) as used_before,
        coalesce(draws.covered, 0) as covered,
        coalesce(draws.drawn, 0) as drawn,
        case
            when not open_grants.is_unlimited
                then
                    open_grants.granted + open_grants.carried_in - coalesce(draws.used_before, 0)
                    - coalesce(draws.drawn, 0)
        end as rest
    from open_grants
    left join draws
        on
            open_grants.account_id = draws.account_id
            and open_grants.bill_date = draws.bill_date
            and open_grants.event_key = draws.event_key
            and open_grants.allowance_grant_id = draws.allowance_grant_id
    where open_grants.is_held or draws.drawn > 0

),

with_outcome as (

    select
        with_levels.*,
        case
            when drawn > 0 then 'drawn'
            when rest < increment then 'empty'
            else 'not_needed'
        end as outcome
    from with_levels

)

select * from with_outcome
