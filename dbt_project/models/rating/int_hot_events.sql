-- One row per event of a hot class, and when it draws: in the order of start, feed and record_id (4.2).
with hot_usage as (

    select
        events.event_key,
        events.started_at,
        events.quantity,
        hot_classes.class_number,
        hot_classes.pool_number,
        hot_classes.last_level
    from {{ ref('int_events_to_rate') }} as events
    inner join {{ ref('int_hot_classes') }} as hot_classes
        on
            events.subscription_number = hot_classes.subscription_number
            and events.bill_date = hot_classes.bill_date
            and events.situation_key = hot_classes.situation_key
    where events.quantity > 0

),

-- few events of a pool share an instant: only for those the record ids are looked at
shared_instants as (

    select
        pool_number,
        started_at
    from hot_usage
    group by pool_number, started_at
    having count(*) > 1

),

turns as (

    select
        hot_usage.event_key,
        row_number() over (
            partition by hot_usage.pool_number, hot_usage.started_at
            order by records.feed asc nulls last, records.record_id asc nulls last
        ) - 1 as turn
    from hot_usage
    inner join shared_instants
        on
            hot_usage.pool_number = shared_instants.pool_number
            and hot_usage.started_at = shared_instants.started_at
    inner join {{ source('raw', 'usage_records') }} as records
        on
            {{ floor_div('hot_usage.event_key', 4294967296) }} = records.file_number
            and hot_usage.event_key % 4294967296 = records.line_number

),

with_draw_keys as (

    select
        hot_usage.event_key,
        hot_usage.class_number,
        hot_usage.last_level,
        {{ epoch_seconds('hot_usage.started_at') }} as start_second,
        {{ draw_key(
            'hot_usage.started_at', 'cast(bill_run.window_start as timestamp)', 'coalesce(turns.turn, 0)'
        ) }} as draw_key,
        hot_usage.quantity
    from hot_usage
    left join turns
        on hot_usage.event_key = turns.event_key
    cross join {{ ref('bill_run') }} as bill_run

)

select * from with_draw_keys
