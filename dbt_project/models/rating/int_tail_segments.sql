-- One row per segment of the tail of a special event, with its billed units (3.4, 3.5).
with events as (

    select
        event_key,
        started_at,
        subscription_number,
        bill_date,
        band_number,
        rate_step_id,
        product_number,
        is_cut,
        quantity,
        covered,
        first_increment,
        next_increment
    from {{ ref('int_special_events') }}
    where quantity > covered or quantity = 0

),

segments as (

    select
        events.event_key,
        segments.band_number,
        segments.rate_step_id,
        segments.product_number,
        greatest(segments.offset_from, events.covered) as offset_from,
        segments.offset_to
    from events
    inner join {{ ref('int_cut_segments') }} as segments
        on events.event_key = segments.event_key
    where events.is_cut and segments.offset_to > events.covered
    union all
    select
        event_key,
        band_number,
        rate_step_id,
        product_number,
        covered as offset_from,
        quantity as offset_to
    from events
    where not is_cut

),

-- an increment belongs to the segment in which it begins; increments are those of the start
with_units as (

    select
        segments.event_key,
        events.started_at,
        events.subscription_number,
        events.bill_date,
        segments.band_number,
        segments.rate_step_id,
        segments.product_number,
        segments.offset_from,
        segments.offset_to,
        cast(
            {{ billed_units(
                '(segments.offset_to - events.covered)', 'events.first_increment', 'events.next_increment'
            ) }}
            - {{ billed_units(
                '(segments.offset_from - events.covered)', 'events.first_increment', 'events.next_increment'
            ) }} as bigint
        ) as billed_quantity
    from segments
    inner join events
        on segments.event_key = events.event_key

)

select * from with_units
