-- One row per grant and period that is over, narrow: allowance_balances shows it with its texts (4.4).
{{ config(
    materialized='replaced_in_part',
    replace_where=[
        all_of_the_window(),
        of_the_window("grant_key in (select grant_key from rating.int_changed_grants)"),
    ],
) }}
{%- set is_full = rates_all() %}
{%- set last_period = greatest_value(ref('int_grant_periods'), 'period_number') %}
with changed_grants as (

    select grant_key from {{ ref('int_changed_grants') }}

),

grant_periods as (

    select
        grant_periods.*,
        coalesce(used.used, 0) as used
    from {{ ref('int_grant_periods') }} as grant_periods
    {% if not is_full -%}
    inner join changed_grants
        on grant_periods.grant_key = changed_grants.grant_key
    {% endif -%}
    left join {{ ref('int_grant_totals') }} as used
        on
            grant_periods.grant_key = used.grant_key
            and grant_periods.bill_date = used.bill_date
            and used.bill_date >= {{ first_bill_date_in_window() }}

),

-- what is left goes on into the next period, at most rollover_max of it; the rest expires
{% for period in range(0, last_period + 1) %}
balances_{{ period }} as (

    select
        grant_periods.grant_key,
        grant_periods.period_number,
        grant_periods.used,
        grant_periods.rolls_on,
        {% if period == 0 %}
        grant_periods.opening as available,
        {% else %}
        earlier.carried_out as available,
        {% endif %}
        case
            when grant_periods.rolls_on and not grant_periods.is_unlimited
                then least(
                    {% if period == 0 %}grant_periods.opening{% else %}earlier.carried_out{% endif %}
                    - grant_periods.used,
                    coalesce(
                        grant_periods.rollover_max,
                        {% if period == 0 %}grant_periods.opening{% else %}earlier.carried_out{% endif %}
                    )
                )
            else 0
        end as carried_out
    from grant_periods
    {% if period == 0 %}
    where grant_periods.period_number = grant_periods.first_period_number
    {% else %}
    inner join balances_{{ period - 1 }} as earlier
        on
            grant_periods.grant_key = earlier.grant_key
            and grant_periods.period_number = earlier.period_number + 1
    {% endif %}

),

{% endfor %}
balances as (

    {% for period in range(0, last_period + 1) -%}
    select * from balances_{{ period }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}

),

closed as (

    select
        grant_periods.grant_key,
        grant_periods.bill_date,
        case when grant_periods.period_number = 0 then balances.available else 0 end as granted,
        case when grant_periods.period_number > 0 then balances.available else 0 end as carried_in,
        grant_periods.is_unlimited,
        balances.carried_out,
        -- an unlimited grant gives what is used of it
        case when grant_periods.is_unlimited then 0 else balances.available - balances.used - balances.carried_out end
            as expired,
        balances.used
    from balances
    inner join grant_periods
        on
            balances.grant_key = grant_periods.grant_key
            and balances.period_number = grant_periods.period_number
    where grant_periods.bill_date <= {{ bill_date() }}

),

with_unlimited as (

    select
        grant_key,
        bill_date,
        is_unlimited,
        case when is_unlimited then used else granted end as granted,
        carried_in,
        used,
        expired,
        carried_out
    from closed

)

select * from with_unlimited
