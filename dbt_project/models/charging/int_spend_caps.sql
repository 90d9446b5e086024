-- One row per subscription, billing period and tax category of usage above the spend cap: the credit for it (5.4).
with usage as (

    select
        charges.account_id,
        charges.subscription_id,
        charges.period_start,
        charges.period_end,
        charges.tax_category,
        limits.product_id,
        limits.spend_cap,
        min(charges.tax_rate_date) as tax_rate_date,
        sum(charges.amount_left) as category_left,
        sum(sum(charges.amount_left)) over (
            partition by charges.account_id, charges.subscription_id, charges.period_start
        ) as whole_left
    from {{ ref('int_charges_left') }} as charges
    inner join {{ ref('int_spend_limits') }} as limits
        on
            charges.account_id = limits.account_id
            and charges.subscription_id = limits.subscription_id
            and charges.period_start = limits.period_start
            and charges.period_end = limits.period_end
    where
        charges.charge_kind = 'usage'
        and limits.spend_cap is not null
    group by
        charges.account_id,
        charges.subscription_id,
        charges.period_start,
        charges.period_end,
        charges.tax_category,
        limits.product_id,
        limits.spend_cap

),

above_cap as (

    select
        usage.*,
        operator.minor_units,
        {{ to_minor_units(
            round_to_currency('round(usage.whole_left - usage.spend_cap, 7)', 'operator.minor_units'),
            'operator.minor_units'
        ) }} as credit_units
    from usage
    cross join {{ ref('operator') }} as operator
    where usage.whole_left > usage.spend_cap

),

weighed as (

    -- a category below zero bears no credit
    select
        above_cap.*,
        greatest(category_left, 0) as category_weight,
        sum(greatest(category_left, 0)) over (
            partition by account_id, subscription_id, period_start
        ) as whole_weight
    from above_cap

),

parts as (

    -- 5.7: shared by the tax categories of the usage, largest remainder
    select
        weighed.*,
        {{ whole_part('credit_units', 'category_weight', 'whole_weight', digits=9) }} as part_units,
        {{ part_remainder('credit_units', 'category_weight', 'whole_weight', digits=9) }} as remainder
    from weighed

),

ranked as (

    select
        parts.*,
        credit_units - sum(part_units) over (
            partition by account_id, subscription_id, period_start
        ) as missing_units,
        row_number() over (
            partition by account_id, subscription_id, period_start
            order by remainder desc nulls last, coalesce(tax_category, '-') asc nulls last
        ) as remainder_turn
    from parts

),

credits as (

    select
        account_id,
        subscription_id,
        product_id as charge_id,
        period_start,
        period_end,
        tax_category,
        tax_rate_date,
        cast(-{{ from_minor_units(
            '(part_units + case when remainder_turn <= missing_units then 1 else 0 end)', 'minor_units'
        ) }} as decimal(18, 3)) as amount_net
    from ranked

),

with_key as (

    select
        {{ charge_key('cap_credit', 'charge_id') }} as charge_key,
        account_id,
        subscription_id,
        'cap_credit' as charge_kind,
        charge_id,
        charge_id as product_id,
        'Spend cap' as description,
        'charge' as name_entity,
        'cap_credit' as name_id,
        period_start,
        period_end,
        period_start as charged_from,
        period_end as charged_to,
        period_end as bill_date,
        cast(1 as decimal(28, 6)) as quantity,
        'each' as unit,
        tax_category,
        tax_rate_date,
        amount_net,
        cast(0 as decimal(18, 6)) as rounding
    from credits
    where amount_net <> 0

)

select * from with_key
