-- One row per event judged again that may be rated otherwise than it was, or not at all.
-- An event that was rated and still is, is what it was: nothing that decides it has changed, unless it is a part of
-- a call (2.3). So a mere copy of a record changes nothing of what was rated.
{%- set is_full = rates_all() %}
{%- set usage_events = ref('int_usage_events') %}
{%- set parts = standing('rating', 'int_rated_parts') %}
with judged_again as (

    select
        event_key,
        charging_id is not null and sequence is not null as is_part
    from {{ ref('int_records_judged_again') }}

),

{% if parts is not none and not is_full -%}
rated as (

    select distinct parts.event_key
    from {{ parts }} as parts
    inner join judged_again
        on parts.event_key = judged_again.event_key

),

{% endif -%}
changed as (

    select judged_again.event_key
    from judged_again
    {% if parts is not none and not is_full -%}
    left join {{ usage_events }} as events
        on judged_again.event_key = events.event_key
    left join rated
        on judged_again.event_key = rated.event_key
    where judged_again.is_part or events.event_key is null or rated.event_key is null
    {%- endif %}

)

select * from changed
