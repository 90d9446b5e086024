-- One row per event of a hot pool and stretch [part_offset, part_offset + covered) drawn from one grant (4.2).
-- One pass per level. In a pass the events of a grant and period draw whole increments in the order of
-- their draw_key; only where the grant cannot hold them all is that order looked at, and what it gives is one
-- cut: the event at which the grant runs dry, and the increments that it still gets.
{%- set last_level = greatest_value(ref('int_hot_classes'), 'last_level') %}
{%- set last_period = greatest_value(ref('int_grant_periods'), 'period_number') %}
with class_grants as (

    select
        hot_classes.class_number,
        class_grants.level,
        class_grants.grant_key,
        class_grants.period_number,
        class_grants.increment,
        class_grants.from_second,
        class_grants.to_second
    from {{ ref('int_class_grants') }} as class_grants
    inner join {{ ref('int_hot_classes') }} as hot_classes
        on
            class_grants.subscription_number = hot_classes.subscription_number
            and class_grants.bill_date = hot_classes.bill_date
            and class_grants.situation_key = hot_classes.situation_key

),

hot_grants as (

    select
        levels.grant_key,
        levels.level
    from {{ ref('int_grant_levels') }} as levels
    inner join {{ ref('int_hot_pools') }} as hot_pools
        on levels.pool_number = hot_pools.pool_number

),

grant_periods as (

    select
        grant_periods.grant_key,
        grant_periods.period_number,
        grant_periods.first_period_number,
        grant_periods.opening,
        grant_periods.increment,
        grant_periods.is_unlimited,
        grant_periods.rollover_max,
        hot_grants.level,
        coalesce(grant_use.used, 0) as used_before
    from {{ ref('int_grant_periods') }} as grant_periods
    inner join hot_grants
        on grant_periods.grant_key = hot_grants.grant_key
    left join {{ ref('int_grant_use') }} as grant_use
        on grant_periods.grant_key = grant_use.grant_key and grant_periods.bill_date = grant_use.bill_date

),

-- what events still need before a pass
needs_1 as (

    select
        event_key,
        draw_key,
        start_second,
        class_number,
        last_level,
        quantity as remaining,
        cast(0 as bigint) as covered_before,
        0 as parts_before
    from {{ ref('int_hot_events') }}

),

{% for level in range(1, last_level + 1) %}
asked_{{ level }} as (

    select
        needs.*,
        grants.grant_key,
        grants.period_number,
        grants.increment,
        {{ ceil_div('needs.remaining', 'grants.increment') }} as increments
    from needs_{{ level }} as needs
    left join (select * from class_grants where level = {{ level }}) as grants
        on
            needs.class_number = grants.class_number
            and needs.start_second >= grants.from_second
            and needs.start_second < grants.to_second

),

wanted_{{ level }} as (

    select
        grant_key,
        period_number,
        cast(sum(increments) as bigint) as increments
    from asked_{{ level }}
    where grant_key is not null
    group by grant_key, period_number

),

-- the rest of a period opens the next one, at most rollover_max of it
held_{{ level }}_0 as (

    select
        grant_periods.grant_key,
        grant_periods.increment,
        grant_periods.is_unlimited,
        grant_periods.rollover_max,
        grant_periods.period_number,
        grant_periods.opening - grant_periods.used_before as available,
        coalesce(wanted.increments, 0) as wanted
    from grant_periods
    left join wanted_{{ level }} as wanted
        on
            grant_periods.grant_key = wanted.grant_key
            and grant_periods.period_number = wanted.period_number
    where grant_periods.level = {{ level }} and grant_periods.period_number = grant_periods.first_period_number

),

{% for period in range(1, last_period + 1) %}
held_{{ level }}_{{ period }} as (

    select
        grant_periods.grant_key,
        grant_periods.increment,
        grant_periods.is_unlimited,
        grant_periods.rollover_max,
        grant_periods.period_number,
        least(
            earlier.available
            - least({{ floor_div('earlier.available', 'earlier.increment') }}, earlier.wanted) * earlier.increment,
            coalesce(earlier.rollover_max, earlier.available)
        ) - grant_periods.used_before as available,
        coalesce(wanted.increments, 0) as wanted
    from held_{{ level }}_{{ period - 1 }} as earlier
    inner join grant_periods
        on
            earlier.grant_key = grant_periods.grant_key
            and earlier.period_number + 1 = grant_periods.period_number
    left join wanted_{{ level }} as wanted
        on
            grant_periods.grant_key = wanted.grant_key
            and grant_periods.period_number = wanted.period_number

),

{% endfor %}
scarce_{{ level }} as (

    {% for period in range(0, last_period + 1) -%}
    select
        grant_key,
        period_number,
        {{ floor_div('available', 'increment') }} as increments_held
    from held_{{ level }}_{{ period }}
    where not is_unlimited and wanted > {{ floor_div('available', 'increment') }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}

),

running_{{ level }} as (

    select
        asked.grant_key,
        asked.period_number,
        asked.draw_key,
        asked.increments,
        scarce.increments_held,
        sum(asked.increments) over (
            partition by asked.grant_key, asked.period_number
            order by asked.draw_key asc nulls last rows unbounded preceding
        ) as increments_to_here
    from asked_{{ level }} as asked
    inner join scarce_{{ level }} as scarce
        on asked.grant_key = scarce.grant_key and asked.period_number = scarce.period_number

),

cuts_{{ level }} as (

    select
        grant_key,
        period_number,
        draw_key as cut_key,
        increments_held - (increments_to_here - increments) as increments_left
    from running_{{ level }}
    where increments_to_here > increments_held and increments_to_here - increments <= increments_held

),

given_{{ level }} as (

    select
        asked.*,
        cast(
            case
                when asked.grant_key is null then 0
                when cuts.cut_key is null or asked.draw_key < cuts.cut_key then asked.increments
                when asked.draw_key = cuts.cut_key then cuts.increments_left
                else 0
            end * asked.increment as bigint
        ) as drawn
    from asked_{{ level }} as asked
    left join cuts_{{ level }} as cuts
        on asked.grant_key = cuts.grant_key and asked.period_number = cuts.period_number

),

{% if level < last_level %}
needs_{{ level + 1 }} as (

    select
        event_key,
        draw_key,
        start_second,
        class_number,
        last_level,
        remaining - coalesce(drawn, 0) as remaining,
        covered_before + coalesce(drawn, 0) as covered_before,
        parts_before + case when drawn > 0 then 1 else 0 end as parts_before
    from given_{{ level }}
    where remaining > coalesce(drawn, 0) and last_level > {{ level }}

),

{% endif %}
{% endfor %}
draws as (

    {% for level in range(1, last_level + 1) -%}
    select
        event_key,
        grant_key,
        period_number,
        cast(parts_before + 1 as bigint) as part_number,
        covered_before as part_offset,
        drawn,
        least(remaining, drawn) as covered,
        parts_before = 0 and drawn >= remaining as is_whole
    from given_{{ level }}
    where drawn > 0
    {% if not loop.last %}union all{% endif %}
    {% endfor %}

)

select * from draws
