-- One row per subscription, period and situation: how much usage of it there is (what allowances meet, 4.1).
with classes as (

    select
        subscription_number,
        bill_date,
        situation_key,
        count(*) as events,
        cast(sum(quantity) as bigint) as quantity,
        {{ epoch_seconds('min(started_at)') }} as first_second,
        {{ epoch_seconds('max(started_at)') }} as last_second
    from {{ ref('int_events_to_rate') }}
    where quantity > 0
    group by subscription_number, bill_date, situation_key

)

select * from classes
