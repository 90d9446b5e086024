-- One row per subscription and billing period that is over and stayed below its minimum spend: the top-up (5.4).
with limits as (

    select
        account_id,
        subscription_id,
        period_start,
        period_end,
        product_id,
        tax_category,
        minimum_spend
    from {{ ref('int_spend_limits') }}
    where minimum_spend > 0

),

spent as (

    select
        account_id,
        subscription_id,
        period_start,
        period_end,
        sum(amount_left) as amount
    from {{ ref('int_charges_left') }}
    group by account_id, subscription_id, period_start, period_end

),

capped as (

    select
        account_id,
        subscription_id,
        period_start,
        period_end,
        sum(amount_net) as amount
    from {{ ref('int_spend_caps') }}
    group by account_id, subscription_id, period_start, period_end

),

missing as (

    select
        limits.account_id,
        limits.subscription_id,
        limits.product_id as charge_id,
        limits.period_start,
        limits.period_end,
        limits.tax_category,
        {{ round_to_currency(
            'round(limits.minimum_spend - coalesce(spent.amount, 0) - coalesce(capped.amount, 0), 7)',
            'operator.minor_units'
        ) }} as amount_net
    from limits
    left join spent
        on
            limits.account_id = spent.account_id
            and limits.subscription_id = spent.subscription_id
            and limits.period_start = spent.period_start
            and limits.period_end = spent.period_end
    left join capped
        on
            limits.account_id = capped.account_id
            and limits.subscription_id = capped.subscription_id
            and limits.period_start = capped.period_start
            and limits.period_end = capped.period_end
    cross join {{ ref('operator') }} as operator

),

with_key as (

    select
        {{ charge_key('minimum_top_up', 'charge_id') }} as charge_key,
        account_id,
        subscription_id,
        'minimum_top_up' as charge_kind,
        charge_id,
        charge_id as product_id,
        'Minimum spend' as description,
        'charge' as name_entity,
        'minimum_top_up' as name_id,
        period_start,
        period_end,
        period_start as charged_from,
        period_end as charged_to,
        period_end as bill_date,
        cast(1 as decimal(28, 6)) as quantity,
        'each' as unit,
        tax_category,
        period_start as tax_rate_date,
        amount_net,
        cast(0 as decimal(18, 6)) as rounding
    from missing
    where amount_net > 0

)

select * from with_key
