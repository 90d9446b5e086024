-- One row per usage event of the window whose quantity is not the sum of its rated parts. Empty
-- when all is well.
{{ config(tags=['draft', 'before_issue']) }}
with events as (

    select
        event_key,
        bill_date,
        quantity
    from {{ ref('int_usage_events') }}
    where bill_date >= {{ first_bill_date_in_window() }}

),

parts as (

    select
        event_key,
        sum(quantity) as quantity,
        min(quantity) as smallest_quantity,
        min(billed_quantity) as smallest_billed_quantity
    from {{ ref('int_rated_parts') }}
    where bill_date >= {{ first_bill_date_in_window() }}
    group by event_key

),

compared as (

    select
        coalesce(events.event_key, parts.event_key) as event_key,
        events.bill_date,
        cast(events.quantity as bigint) as quantity,
        cast(parts.quantity as bigint) as quantity_of_parts,
        coalesce(parts.smallest_quantity < 0 or parts.smallest_billed_quantity < 0, false) as is_below_zero
    from events
    full outer join parts
        on events.event_key = parts.event_key

),

differing as (

    -- an event without parts, and parts without an event, are told by the null
    select * from compared
    where quantity is null or quantity_of_parts is null or quantity <> quantity_of_parts or is_below_zero

),

offenders as (

    select
        records.feed || ':' || records.record_id as usage_event_id,
        differing.bill_date,
        differing.quantity,
        differing.quantity_of_parts,
        differing.is_below_zero
    from differing
    left join {{ source('raw', 'usage_records') }} as records
        on differing.event_key = {{ event_key('records.file_number', 'records.line_number') }}

)

select * from offenders
