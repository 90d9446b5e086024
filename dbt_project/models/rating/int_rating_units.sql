-- One row per account and service that new files touch, and whether its usage of the window is rated anew.
-- No grant and no tier reaches beyond it. Usage that starts after all that was rated can only add to it: what came
-- first drew first (4.2). Earlier usage, changed usage and usage with volume tiers make all of it to be rated anew.
{%- set is_full = rates_all() %}
{%- set parts = standing('rating', 'int_rated_parts') %}
{%- set starts = standing('rating', 'int_unit_starts') %}
with scope as (

    select (after_file_number + 1) * 4294967296 as first_new_key from {{ ref('int_rating_scope') }}

),

subscriptions as (

    select
        subscriptions.subscription_number,
        accounts.account_number
    from {{ ref('int_subscription_numbers') }} as subscriptions
    inner join {{ ref('int_account_numbers') }} as accounts
        on subscriptions.account_id = accounts.account_id

),

-- Of these the usage of a period is rated together: with volume tiers its total prices all of it, and a tier that comes
-- into force later is entered by what comes first in it. Else the units before are counted (int_counted_before).
tariffs_in_one as (

    select steps.tariff_id
    from {{ ref('int_rate_steps') }} as steps
    inner join {{ ref('int_rate_tiers') }} as tiers
        on steps.rate_step_id = tiers.rate_step_id
    where steps.is_tiered and tiers.tier_mode = 'volume'
    union
    select tariff_id
    from {{ ref('int_rate_steps') }}
    group by tariff_id, starts_at
    having count(distinct rate_ids) > 1 and max(case when is_tiered then 1 else 0 end) = 1

),

tiered_steps as (

    select steps.rate_step_id
    from {{ ref('int_rate_steps') }} as steps
    inner join tariffs_in_one
        on steps.tariff_id = tariffs_in_one.tariff_id

),

tiered_events as (

    select events.event_key
    from {{ ref('int_usage_events') }} as events
    inner join tiered_steps
        on events.rate_step_id = tiered_steps.rate_step_id
    inner join scope
        on events.event_key >= scope.first_new_key
    union
    select segments.event_key
    from {{ ref('int_cut_segments') }} as segments
    inner join tiered_steps
        on segments.rate_step_id = tiered_steps.rate_step_id
    inner join scope
        on segments.event_key >= scope.first_new_key

),

changed as (

    select
        events.subscription_number,
        {{ floor_div('events.situation_key', 2) }} % 4 as service_number,
        events.started_at as first_start,
        tiered_events.event_key is not null as is_redone
    from {{ ref('int_usage_events') }} as events
    inner join scope
        on events.event_key >= scope.first_new_key
    left join tiered_events
        on events.event_key = tiered_events.event_key
    union all
    -- changed as it was judged again: as it is now, and as it was rated
    select
        events.subscription_number,
        {{ floor_div('events.situation_key', 2) }} % 4 as service_number,
        events.started_at as first_start,
        true as is_redone
    from {{ ref('int_usage_events') }} as events
    inner join {{ ref('int_changed_events') }} as changed_events
        on events.event_key = changed_events.event_key
    {% if parts is not none -%}
    union all
    select
        parts.subscription_number,
        {{ floor_div('parts.situation_key', 2) }} % 4 as service_number,
        parts.started_at as first_start,
        true as is_redone
    from {{ parts }} as parts
    inner join {{ ref('int_changed_events') }} as changed_events
        on parts.event_key = changed_events.event_key
    {%- endif %}

),

touched as (

    select
        subscriptions.account_number,
        changed.service_number,
        min(changed.first_start) as first_start,
        max(case when changed.is_redone then 1 else 0 end) = 1 as is_redone
    from changed
    inner join subscriptions
        on changed.subscription_number = subscriptions.subscription_number
    group by subscriptions.account_number, changed.service_number

),

units as (

    select
        touched.account_number,
        touched.service_number,
        {% if starts is not none -%}
        starts.last_second,
        touched.is_redone
        or coalesce({{ epoch_seconds('touched.first_start') }} <= starts.last_second, false) as is_redone
        {%- else -%}
        cast(null as bigint) as last_second,
        touched.is_redone
        {%- endif %}
    from touched
    {% if starts is not none -%}
    left join {{ starts }} as starts
        on
            touched.account_number = starts.account_number
            and touched.service_number = starts.service_number
    {% endif -%}
    {% if is_full -%}
    -- a run that rates everything needs no list
    where 1 = 0
    {%- endif %}

)

select * from units
