-- One row per subscription and billing period that is over, with a plan: its spend cap and minimum spend (5.4).
with plans as (

    select
        product_id,
        tax_category,
        minimum_spend,
        spend_cap,
        proration,
        valid_from,
        valid_to
    from {{ ref('products') }}
    where kind = 'plan'

),

held as (

    select
        held.account_id,
        held.subscription_id,
        held.subscribed_product_id,
        held.product_id,
        periods.period_start,
        periods.period_end,
        greatest(held.held_from, periods.period_start) as held_from,
        least(held.held_to, periods.period_end) as held_to
    from {{ ref('int_products_held') }} as held
    inner join {{ ref('int_run_periods') }} as periods
        on
            held.held_from < periods.period_end
            and held.held_to > periods.period_start
    where
        held.subscription_id is not null
        and periods.is_in_window
        and periods.is_over

),

{%- set days_charged -%}
case when plans.proration = 'none' then {{ billed_days('held.period_start', 'held.period_end', 'operator.day_count') }}
            else {{ billed_days('held.held_from', 'held.held_to', 'operator.day_count') }} end
{%- endset %}
{%- set days_of_period = billed_days('held.period_start', 'held.period_end', 'operator.day_count') %}

prorated as (

    select
        held.account_id,
        held.subscription_id,
        held.subscribed_product_id,
        held.product_id,
        held.period_start,
        held.period_end,
        held.held_from,
        plans.tax_category,
        {{ muldiv_to_currency('plans.spend_cap', days_charged, days_of_period, 'operator.minor_units') }}
            as spend_cap,
        coalesce(
            {{ muldiv_to_currency('plans.minimum_spend', days_charged, days_of_period, 'operator.minor_units') }}, 0
        ) as minimum_spend
    from held
    inner join plans
        on
            held.product_id = plans.product_id
            and held.held_from >= plans.valid_from
            and held.held_from < plans.valid_to
    cross join {{ ref('operator') }} as operator

),

last_first as (

    select
        prorated.*,
        row_number() over (
            partition by account_id, subscription_id, period_start
            order by held_from desc nulls last, subscribed_product_id desc nulls last
        ) as turn
    from prorated

),

summed as (

    select
        account_id,
        subscription_id,
        period_start,
        period_end,
        -- no cap if one of the plans has none
        case when count(*) = count(spend_cap) then sum(spend_cap) end as spend_cap,
        sum(minimum_spend) as minimum_spend,
        max(case when turn = 1 then product_id end) as product_id,
        max(case when turn = 1 then tax_category end) as tax_category
    from last_first
    group by account_id, subscription_id, period_start, period_end

),

with_limit as (

    select
        account_id,
        subscription_id,
        period_start,
        period_end,
        product_id,
        tax_category,
        cast(spend_cap as decimal(18, 3)) as spend_cap,
        cast(minimum_spend as decimal(18, 3)) as minimum_spend
    from summed
    where spend_cap is not null or minimum_spend > 0

)

select * from with_limit
