-- One row per event and grant that it drew on (4.2): covered base units of the event, units drawn from the grant.
-- One pass per level. In a pass the events of a grant and period draw whole increments in the order
-- of their start, feed and record_id; only where the grant cannot hold them all is that order looked at.
{%- set last_level = greatest_value(ref('int_eligible_draws'), 'level') %}
{%- set last_period = greatest_value(ref('int_grant_periods'), 'period_number') %}
with eligible as (

    select * from {{ ref('int_eligible_draws') }}

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
        levels.level
    from {{ ref('int_grant_periods') }} as grant_periods
    inner join {{ ref('int_grant_levels') }} as levels
        on grant_periods.grant_key = levels.grant_key

),

{% for level in range(1, last_level + 1) %}
{%- set earlier = 'covered_' ~ (level - 1) %}
needs_{{ level }} as (

    select
        eligible.event_key,
        eligible.started_at,
        eligible.grant_key,
        eligible.period_number,
        eligible.increment,
        eligible.is_unlimited,
        {% if level == 1 %}
        eligible.quantity as remaining
        {% else %}
        eligible.quantity - coalesce({{ earlier }}.covered, 0) as remaining
        {% endif %}
    from eligible
    {% if level > 1 %}
    left join {{ earlier }}
        on eligible.event_key = {{ earlier }}.event_key
    {% endif %}
    where
        eligible.level = {{ level }}
        {% if level > 1 %}and eligible.quantity > coalesce({{ earlier }}.covered, 0){% endif %}

),

wanted_{{ level }} as (

    select
        grant_key,
        period_number,
        cast(sum({{ ceil_div('remaining', 'increment') }}) as bigint) as increments
    from needs_{{ level }}
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
        grant_periods.opening as available,
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
        ) as available,
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
held_{{ level }} as (

    {% for period in range(0, last_period + 1) -%}
    select * from held_{{ level }}_{{ period }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}

),

needs_of_{{ level }} as (

    select
        needs.event_key,
        needs.started_at,
        needs.grant_key,
        needs.period_number,
        needs.increment,
        needs.remaining,
        held.available,
        {{ ceil_div('needs.remaining', 'needs.increment') }} as increments,
        {{ floor_div('held.available', 'needs.increment') }} as increments_available,
        needs.is_unlimited
        or held.wanted <= {{ floor_div('held.available', 'needs.increment') }} as is_ample
    from needs_{{ level }} as needs
    inner join held_{{ level }} as held
        on needs.grant_key = held.grant_key and needs.period_number = held.period_number

),

scarce_{{ level }} as (

    select
        needs.*,
        sum(increments) over (
            partition by grant_key, period_number
            order by
                needs.started_at asc nulls last, records.feed asc nulls last, records.record_id asc nulls last
            rows unbounded preceding
        ) - increments as taken_before
    from needs_of_{{ level }} as needs
    inner join {{ ref('int_draw_order') }} as records
        on needs.event_key = records.event_key
    where not needs.is_ample

),

draws_{{ level }} as (

    select
        event_key,
        grant_key,
        period_number,
        remaining,
        cast(increments as bigint) * increment as drawn
    from needs_of_{{ level }}
    where is_ample
    union all
    select
        event_key,
        grant_key,
        period_number,
        remaining,
        cast(least(increments, greatest(increments_available - taken_before, 0)) as bigint) * increment as drawn
    from scarce_{{ level }}

),

found_{{ level }} as (

    select
        event_key,
        grant_key,
        period_number,
        drawn,
        {{ level }} as level,
        least(remaining, drawn) as covered
    from draws_{{ level }}
    where drawn > 0

),

{% if level < last_level %}
covered_{{ level }} as (

    select
        event_key,
        sum(covered) as covered
    from (
        {% if level > 1 %}
        select event_key, covered from {{ earlier }}
        union all
        {% endif %}
        select event_key, covered from found_{{ level }}
    ) as covered_so_far
    group by event_key

),

{% endif %}
{% endfor %}
draws as (

    {% for level in range(1, last_level + 1) -%}
    select
        event_key,
        grant_key,
        period_number,
        cast(level as bigint) as level,
        cast(drawn as bigint) as drawn,
        cast(covered as bigint) as covered
    from found_{{ level }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}

)

select * from draws
