-- One row per quarter of an hour (UTC) that usage of the window can touch: the operator's offset from UTC and local day.
-- Every change of a time zone's offset falls on a quarter of an hour, and so does every midnight: a slot has one of each.
-- Whole months, so that it stands while usage is of the months that it was of.
{{ config(tags=['usage_months']) }}
with bounds as (

    select
        date_trunc('month', min(started_at)) as first_start,
        cast({{ add_months("cast(date_trunc('month', max(started_at)) as date)", 1) }} as timestamp) as last_start
    from {{ source('raw', 'usage_records') }}

),

limited as (

    -- a junk date must not blow the calendar up: at most two years past the bill date. Two days and
    -- the longest call beyond the last start, for calls that run on
    select
        {{ floor_div(epoch_seconds(
            'greatest(coalesce(bounds.first_start, bill_run.bill_date_at), cast('
            ~ add_days('bill_run.window_start', -2) ~ ' as timestamp))'
        ), 900) }} as first_slot,
        {{ floor_div(epoch_seconds('coalesce(bounds.last_start, bill_run.bill_date_at)'), 900) }}
        + 192 + operator.max_voice_hours * 4 as last_slot,
        {{ floor_div(epoch_seconds('bill_run.bill_date_at'), 900) }} + 70176 as last_allowed_slot
    from bounds
    cross join {{ ref('bill_run') }} as bill_run
    cross join {{ ref('operator') }} as operator

),

slots as (

    select
        slots.n as slot,
        slots.n * 900 as slot_second,
        {{ epoch_seconds(utc_to_local(instant_of('slots.n * 900'), 'operator.time_zone')) }}
        - slots.n * 900 as offset_seconds
    from limited
    inner join {{ integers(0, 4000000) }} as slots
        on slots.n >= limited.first_slot and slots.n <= least(limited.last_slot, limited.last_allowed_slot)
    cross join {{ ref('operator') }} as operator

),

with_local_days as (

    select
        slot,
        slot_second,
        offset_seconds,
        {{ add_days("date '1970-01-01'", floor_div('slot_second + offset_seconds', 86400)) }} as local_day
    from slots

)

select * from with_local_days
