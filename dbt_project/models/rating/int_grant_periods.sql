-- One row per grant and period in which it can be used: its own, and those into which its rest rolls (4.4).
{%- set stored_grants = load_relation(api.Relation.create(database=target.database, schema='rating', identifier='allowance_grants')) %}
{%- set stored_balances = load_relation(api.Relation.create(database=target.database, schema='rating', identifier='allowance_balances')) %}
with grants as (

    select
        grants.*,
        {{ months_between('grants.bill_date', 'grants.bill_date') }} as first_period_number,
        grants.granted as opening
    from {{ ref('allowance_grants') }} as grants
    where grants.bill_date >= {{ first_bill_date_in_window() }}
    {% if stored_grants is not none and stored_balances is not none %}
    -- a rest carried out of the last period before the window opens it: that period stays as it was (1.2)
    union all
    select
        grants.*,
        {{ months_between('grants.bill_date', 'balances.bill_date') }} + 1 as first_period_number,
        balances.carried_out as opening
    from {{ ref('allowance_grants') }} as grants
    inner join {{ stored_balances }} as balances
        on
            grants.allowance_grant_id = balances.allowance_grant_id
            and balances.carried_out > 0
            and balances.bill_date < {{ first_bill_date_in_window() }}
            and balances.bill_date >= {{ add_months(first_bill_date_in_window(), -1) }}
    where grants.bill_date < {{ first_bill_date_in_window() }}
    {% endif %}

),

periods as (

    select
        grants.allowance_grant_id,
        grants.account_id,
        grants.subscription_id,
        grants.subscribed_product_id,
        grants.allowance_id,
        grants.service,
        grants.is_shared,
        grants.is_unlimited,
        grants.increment,
        grants.priority,
        grants.zones,
        grants.visited_zones,
        grants.rollover_max,
        grants.expires_on,
        grants.bill_date as granted_bill_date,
        grants.opening,
        grants.first_period_number,
        periods.n as period_number,
        {{ add_months('grants.bill_date', 'periods.n') }} as bill_date,
        case
            when periods.n = 0 then grants.held_from
            else {{ add_months('grants.bill_date', 'periods.n - 1') }}
        end as usable_from,
        case
            when periods.n = 0 then grants.held_to
            else least({{ add_months('grants.bill_date', 'periods.n') }}, grants.ends_on)
        end as usable_to
    from grants
    inner join {{ integers(0, 120) }} as periods
        on periods.n >= grants.first_period_number and periods.n <= grants.rollover_periods

),

usable as (

    select
        periods.*,
        {{ epoch_seconds(local_to_utc('periods.usable_from', 'operator.time_zone')) }} as from_second,
        {{ epoch_seconds(local_to_utc('periods.usable_to', 'operator.time_zone')) }} as to_second
    from periods
    cross join {{ ref('operator') }} as operator
    where periods.usable_from < periods.usable_to

)

select * from usable
