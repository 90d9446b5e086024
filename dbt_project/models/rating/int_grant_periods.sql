-- One row per grant and period in which it can be used: its own, and those into which its rest rolls (4.4).
{{ config(materialized='replaced_in_part', replace_where='(select is_full from rating.int_rating_scope)') }}
{#- A rest rolls on for ten years at most. -#}
{%- set most_periods = 120 %}
{%- set stored_balances = standing('rating', 'int_grant_balances') %}
with grants as (

    select
        grants.*,
        cast(0 as bigint) as first_period_number,
        grants.granted as opening
    from {{ ref('int_grants') }} as grants
    where grants.bill_date >= {{ first_bill_date_in_window() }}
    {% if stored_balances is not none %}
    -- a rest carried out of the last period before the window opens it: that period stays as it was (1.2)
    union all
    select
        grants.*,
        {{ months_between('grants.bill_date', 'balances.bill_date') }} + 1 as first_period_number,
        balances.carried_out as opening
    from {{ ref('int_grants') }} as grants
    inner join {{ stored_balances }} as balances
        on
            grants.grant_key = balances.grant_key
            and balances.carried_out > 0
            and balances.bill_date < {{ first_bill_date_in_window() }}
            and balances.bill_date >= {{ add_months(first_bill_date_in_window(), -1) }}
    where grants.bill_date < {{ first_bill_date_in_window() }}
    {% endif %}

),

own_periods as (

    select
        grants.*,
        cast(0 as bigint) as period_number,
        grants.bill_date as used_bill_date,
        grants.held_from as usable_from,
        least(grants.bill_date, grants.product_to) as usable_to
    from grants
    where grants.first_period_number = 0

),

later_periods as (

    select
        grants.*,
        periods.n as period_number,
        {{ add_months('grants.bill_date', 'periods.n') }} as used_bill_date,
        {{ add_months('grants.bill_date', 'periods.n - 1') }} as usable_from,
        least({{ add_months('grants.bill_date', 'periods.n') }}, grants.product_to) as usable_to
    from grants
    inner join {{ integers(1, most_periods) }} as periods
        on periods.n >= grants.first_period_number and periods.n <= grants.rollover_periods
    where
        grants.rollover_periods > 0
        -- what is left goes on only while the product lasts
        and {{ add_months('grants.bill_date', 'periods.n - 1') }} < grants.ends_on

),

all_periods as (

    select * from own_periods
    union all
    select * from later_periods

),

-- days become seconds by a small calendar, not once per grant
days as (

    select usable_from as usable_day from all_periods
    union
    select usable_to as usable_day from all_periods

),

day_seconds as (

    select
        days.usable_day,
        {{ epoch_seconds(local_to_utc('days.usable_day', 'operator.time_zone')) }} as second_of_day
    from days
    cross join {{ ref('operator') }} as operator

),

usable as (

    select
        all_periods.grant_key,
        all_periods.holding_number,
        all_periods.allowance_number,
        all_periods.account_number,
        all_periods.subscription_number,
        all_periods.allowance_row,
        all_periods.service,
        all_periods.is_shared,
        all_periods.is_unlimited,
        all_periods.increment,
        all_periods.priority,
        all_periods.rollover_max,
        all_periods.expires_on,
        all_periods.bill_date as granted_bill_date,
        all_periods.opening,
        all_periods.first_period_number,
        all_periods.period_number,
        all_periods.used_bill_date as bill_date,
        case
            when all_periods.period_number < least(all_periods.rollover_periods, {{ most_periods }})
                then {{ add_months('all_periods.bill_date', 'all_periods.period_number') }} < all_periods.ends_on
            else false
        end as rolls_on,
        starts.second_of_day as from_second,
        least(ends.second_of_day, {{ epoch_seconds('all_periods.terminated_at') }}) as to_second
    from all_periods
    inner join day_seconds as starts
        on all_periods.usable_from = starts.usable_day
    inner join day_seconds as ends
        on all_periods.usable_to = ends.usable_day

),

usable_anew as (

    select *
    from usable
    {% if not rates_all() -%}
    -- nothing but usage has come: what stands stays
    where 1 = 0
    {%- endif %}

)

select * from usable_anew
