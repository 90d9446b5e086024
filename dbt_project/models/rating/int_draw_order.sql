-- One row per event of a hot pool: the feed and record that order events of one instant (4.2).
with hot_events as (

    select distinct event_key from {{ ref('int_eligible_draws') }}

),

draw_order as (

    select
        hot_events.event_key,
        records.feed,
        records.record_id
    from hot_events
    inner join {{ source('raw', 'usage_records') }} as records
        on hot_events.event_key = {{ event_key('records.file_number', 'records.line_number') }}

)

select * from draw_order
