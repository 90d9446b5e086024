-- One row per feed, state and reason of usage that was not billed: records that did not become a rated event.
{{ config(materialized='view') }}
with states as (

    select
        feed,
        state,
        sum(records) as records,
        sum(seconds) as seconds,
        sum(bytes) as bytes,
        sum(messages) as messages
    from {{ ref('usage_accounting') }}
    where state not in ('rated', 'suspended')
    group by feed, state

),

suspended as (

    select
        feed,
        reason,
        count(*) as records,
        min(first_suspended_at) as oldest
    from {{ ref('suspended_usage') }}
    group by feed, reason

),

left_out as (

    select
        feed,
        state,
        cast(null as string) as reason,
        cast(records as bigint) as records,
        cast(seconds as bigint) as seconds,
        cast(bytes as bigint) as bytes,
        cast(messages as bigint) as messages,
        cast(null as timestamp) as waiting_since
    from states
    union all
    select
        feed,
        'suspended' as state,
        reason,
        cast(records as bigint) as records,
        cast(null as bigint) as seconds,
        cast(null as bigint) as bytes,
        cast(null as bigint) as messages,
        oldest as waiting_since
    from suspended

)

select * from left_out
