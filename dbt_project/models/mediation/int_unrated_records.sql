-- One row per usage record that is not rated: its verdict, and what is known of it. Rated ones are in int_usage_events.
{{ config(materialized='replaced_in_part', replace_where=rows_judged()) }}
with verdicts as (

    select
        guided.event_key,
        coalesce(guided.verdict, unpriced.verdict) as verdict,
        guided.quantity,
        guided.subscription_number,
        guided.situation_key
    from {{ ref('int_guided_usage') }} as guided
    left join {{ ref('int_unpriced_usage') }} as unpriced
        on guided.event_key = unpriced.event_key
    where guided.verdict is not null or unpriced.verdict is not null

)

select * from verdicts
