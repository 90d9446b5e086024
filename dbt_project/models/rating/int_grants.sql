-- One row per product held, allowance and period (4.1), narrow: allowance_grants shows it with its texts.
{{ config(materialized='replaced_in_part', replace_where=all_of_the_window()) }}
with holdings as (

    select
        numbers.holding_number,
        subscription_numbers.subscription_number,
        accounts.cycle_day,
        account_numbers.account_number,
        held.product_id,
        held.quantity,
        held.subscription_id is null as is_of_account,
        greatest(held.valid_from, coalesce(subscriptions.active_from, date '0001-01-01')) as held_from,
        least(held.valid_to, coalesce(subscriptions.active_to, date '9999-12-31')) as ends_on,
        held.valid_to as product_to,
        coalesce(subscriptions.terminated_at, timestamp '9999-12-30 00:00:00') as terminated_at
    from {{ ref('subscribed_products') }} as held
    inner join {{ ref('int_holding_numbers') }} as numbers
        on
            held.subscribed_product_id = numbers.subscribed_product_id
            and held.account_id = numbers.account_id
            and coalesce(held.subscription_id, '') = numbers.subscription_id
    inner join {{ ref('accounts') }} as accounts
        on held.account_id = accounts.account_id
    inner join {{ ref('int_account_numbers') }} as account_numbers
        on held.account_id = account_numbers.account_id
    left join {{ ref('subscriptions') }} as subscriptions
        on held.subscription_id = subscriptions.subscription_id
    left join {{ ref('int_subscription_numbers') }} as subscription_numbers
        on
            held.subscription_id = subscription_numbers.subscription_id
            and held.account_id = subscription_numbers.account_id

),

-- periods that are over, and open ones as far as there is usage
periods as (

    select
        periods.cycle_day,
        periods.period_start,
        periods.period_end,
        {{ billed_days('periods.period_start', 'periods.period_end', 'operator.day_count') }} as period_days,
        {{ months_between("date '1970-01-01'", 'periods.period_end') }} as period_month
    from {{ ref('int_cycle_periods') }} as periods
    cross join {{ ref('operator') }} as operator
    left join (select distinct bill_date from {{ ref('int_usage_classes') }}) as used
        on periods.period_end = used.bill_date
    where
        periods.period_end >= {{ first_bill_date_in_window() }}
        and (periods.period_end <= {{ bill_date() }} or used.bill_date is not null)

),

held_in_periods as (

    select
        holdings.holding_number,
        holdings.subscription_number,
        holdings.account_number,
        holdings.product_id,
        holdings.quantity,
        holdings.is_of_account,
        holdings.ends_on,
        holdings.product_to,
        holdings.terminated_at,
        periods.period_start,
        periods.period_end,
        periods.period_days,
        periods.period_month,
        greatest(holdings.held_from, periods.period_start) as held_from,
        least(holdings.ends_on, periods.period_end) as held_to
    from holdings
    inner join periods
        on
            holdings.cycle_day = periods.cycle_day
            and holdings.held_from < periods.period_end
            and holdings.ends_on > periods.period_start
            -- no active day, no grant
            and holdings.held_from < holdings.ends_on

),

granted as (

    select
        {{ grant_key(
            'held_in_periods.holding_number', 'allowance_numbers.allowance_number', 'held_in_periods.period_month'
        ) }} as grant_key,
        held_in_periods.holding_number,
        allowance_numbers.allowance_number,
        held_in_periods.account_number,
        held_in_periods.subscription_number,
        -- the row of the catalogue on the first day of the charged stretch holds for the period
        allowances.source_line as allowance_row,
        allowances.service,
        allowances.scope = 'account' or held_in_periods.is_of_account as is_shared,
        allowances.is_unlimited,
        allowances.increment,
        allowances.priority,
        allowances.rollover_periods,
        allowances.base_rollover_max as rollover_max,
        held_in_periods.period_end as bill_date,
        held_in_periods.held_from,
        held_in_periods.held_to,
        held_in_periods.ends_on,
        -- usable while the product is held, on the day of a termination to its very moment
        held_in_periods.product_to,
        held_in_periods.terminated_at,
        least(
            case
                when allowances.rollover_periods = 0 then held_in_periods.period_end
                else {{ add_months('held_in_periods.period_end', 'allowances.rollover_periods') }}
            end,
            held_in_periods.ends_on
        ) as expires_on,
        case
            when allowances.is_unlimited then 0
            when allowances.prorate
                and (
                    held_in_periods.held_from > held_in_periods.period_start
                    or held_in_periods.held_to < held_in_periods.period_end
                )
                then cast(ceil({{ muldiv(
                    'allowances.base_quantity * held_in_periods.quantity',
                    billed_days('held_in_periods.held_from', 'held_in_periods.held_to', 'operator.day_count'),
                    'held_in_periods.period_days',
                    scale=12
                ) }}) as bigint)
            else cast(ceil(allowances.base_quantity * held_in_periods.quantity) as bigint)
        end as granted
    from held_in_periods
    inner join {{ ref('allowances') }} as allowances
        on
            held_in_periods.product_id = allowances.product_id
            and held_in_periods.held_from >= allowances.valid_from
            and held_in_periods.held_from < allowances.valid_to
    inner join {{ ref('int_allowance_numbers') }} as allowance_numbers
        on allowances.allowance_id = allowance_numbers.allowance_id
    cross join {{ ref('operator') }} as operator

),

granted_anew as (

    select *
    from granted
    {% if not rates_all() -%}
    -- nothing but usage has come: what stands stays
    where 1 = 0
    {%- endif %}

)

select * from granted_anew
