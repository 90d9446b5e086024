-- One row per segment of a tail that is cut or priced by tiers, with its billed units (3.4, 3.5).
-- Other tails are one part each and priced where rated_usage is written.
with events as (

    select
        file_number,
        line_number,
        feed,
        record_id,
        subscription_id,
        bill_date,
        band,
        rate_step_id,
        product_id,
        is_cut,
        is_tiered,
        quantity,
        covered,
        first_increment,
        next_increment,
        {{ epoch_seconds('started_at') }} as start_second
    from {{ ref('int_priced_events') }}
    where (is_cut or is_tiered) and quantity > covered

),

segments as (

    select
        events.file_number,
        events.line_number,
        segments.band,
        segments.rate_step_id,
        segments.product_id,
        greatest(segments.offset_from, events.covered) as offset_from,
        segments.offset_to
    from events
    inner join {{ ref('int_cut_segments') }} as segments
        on events.file_number = segments.file_number and events.line_number = segments.line_number
    where events.is_cut and segments.offset_to > events.covered
    union all
    select
        file_number,
        line_number,
        band,
        rate_step_id,
        product_id,
        covered as offset_from,
        quantity as offset_to
    from events
    where not is_cut

),

-- an increment belongs to the segment in which it begins; increments are those of the start
with_units as (

    select
        segments.file_number,
        segments.line_number,
        events.feed,
        events.record_id,
        events.subscription_id,
        events.bill_date,
        events.start_second,
        segments.band,
        segments.rate_step_id,
        segments.product_id,
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
        on segments.file_number = events.file_number and segments.line_number = events.line_number

)

select * from with_units
