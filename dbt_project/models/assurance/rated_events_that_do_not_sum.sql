-- One row per usage event of the window whose quantity is not the sum of its rated parts. Empty
-- when all is well.
{{ config(tags=['draft', 'before_issue']) }}
with events as (

    select
        usage_event_id,
        account_id,
        bill_date,
        quantity
    from {{ ref('usage_events') }}
    where bill_date >= {{ first_bill_date_in_window() }}

),

parts as (

    select
        usage_event_id,
        sum(quantity) as quantity,
        min(quantity) as smallest_quantity,
        min(billed_quantity) as smallest_billed_quantity
    from {{ ref('rated_usage') }}
    where bill_date >= {{ first_bill_date_in_window() }}
    group by usage_event_id

),

compared as (

    select
        coalesce(events.usage_event_id, parts.usage_event_id) as usage_event_id,
        events.account_id,
        events.bill_date,
        cast(events.quantity as bigint) as quantity,
        cast(parts.quantity as bigint) as quantity_of_parts,
        coalesce(parts.smallest_quantity < 0 or parts.smallest_billed_quantity < 0, false) as is_below_zero
    from events
    full outer join parts
        on events.usage_event_id = parts.usage_event_id

),

offenders as (

    -- an event without parts, and parts without an event, are told by the null
    select * from compared
    where quantity is null or quantity_of_parts is null or quantity <> quantity_of_parts or is_below_zero

)

select * from offenders
