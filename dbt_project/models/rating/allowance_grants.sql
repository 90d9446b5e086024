-- One row per subscribed product, allowance and period: what it grants (4.1).
-- granted is in base units (seconds, messages, bytes) and 0 for an unlimited grant.
{{ config(
    materialized='incremental',
    incremental_strategy='replace_where',
    replace_where='bill_date >= ' ~ first_bill_date_in_window(),
    on_schema_change='append_new_columns',
    full_refresh=false,
) }}
with periods as (

    select *
    from {{ ref('billing_periods') }}
    where bill_date >= {{ first_bill_date_in_window() }}

),

held as (

    select
        subscribed_products.subscribed_product_id,
        subscribed_products.account_id,
        subscribed_products.subscription_id,
        subscribed_products.product_id,
        subscribed_products.quantity,
        subscribed_products.valid_to as held_to,
        greatest(
            subscribed_products.valid_from, coalesce(subscriptions.active_from, date '0001-01-01')
        ) as held_from,
        least(
            subscribed_products.valid_to, coalesce(subscriptions.active_to, date '9999-12-31')
        ) as ends_on
    from {{ ref('subscribed_products') }} as subscribed_products
    left join {{ ref('subscriptions') }} as subscriptions
        on subscribed_products.subscription_id = subscriptions.subscription_id
    where exists (
        select 1
        from {{ ref('allowances') }} as allowances
        where allowances.product_id = subscribed_products.product_id
    )

),

held_in_periods as (

    select
        held.subscribed_product_id,
        held.account_id,
        held.subscription_id,
        held.product_id,
        held.quantity,
        held.ends_on,
        periods.bill_date,
        periods.period_start,
        periods.period_end,
        greatest(held.held_from, periods.period_start) as held_from,
        least(held.ends_on, periods.period_end) as held_to
    from held
    inner join periods
        on
            held.account_id = periods.account_id
            and held.held_from < periods.period_end
            and held.ends_on > periods.period_start

),

granted as (

    select
        held_in_periods.subscribed_product_id || '/' || allowances.allowance_id || '/'
        || cast(held_in_periods.bill_date as string) as allowance_grant_id,
        allowances.allowance_id,
        allowances.name,
        allowances.product_id,
        held_in_periods.subscribed_product_id,
        held_in_periods.account_id,
        held_in_periods.subscription_id,
        allowances.service,
        allowances.scope = 'account' or held_in_periods.subscription_id is null as is_shared,
        allowances.is_unlimited,
        allowances.increment,
        allowances.priority,
        allowances.zones,
        allowances.visited_zones,
        allowances.rollover_periods,
        allowances.base_rollover_max as rollover_max,
        held_in_periods.bill_date,
        held_in_periods.held_from,
        held_in_periods.held_to,
        held_in_periods.ends_on,
        least(
            {{ add_months('held_in_periods.bill_date', 'allowances.rollover_periods') }}, held_in_periods.ends_on
        ) as expires_on,
        case
            when allowances.is_unlimited then 0
            when allowances.prorate
                then cast(ceil({{ muldiv(
                    'allowances.base_quantity * held_in_periods.quantity',
                    billed_days('held_in_periods.held_from', 'held_in_periods.held_to', 'operator.day_count'),
                    billed_days('held_in_periods.period_start', 'held_in_periods.period_end', 'operator.day_count'),
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
    cross join {{ ref('operator') }} as operator

)

select * from granted
