-- One row per product held that is charged once, from the day it starts (5.2).
with started as (

    select
        held.subscribed_product_id,
        held.account_id,
        held.subscription_id,
        held.product_id,
        held.quantity,
        held.price_override,
        held.held_from,
        periods.period_start,
        periods.period_end,
        periods.run_bill_date
    from {{ ref('int_products_held') }} as held
    inner join {{ ref('int_run_periods') }} as periods
        on
            held.held_from >= periods.period_start
            and held.held_from < periods.period_end
    where
        periods.is_in_window
        and held.held_from <= periods.run_bill_date

),

priced as (

    select
        started.account_id,
        started.subscription_id,
        started.subscribed_product_id as charge_id,
        started.product_id,
        products.name as description,
        started.period_start,
        started.period_end,
        started.held_from as charged_from,
        started.quantity,
        products.tax_category,
        case when started.held_from = started.period_start then started.period_start else started.period_end end
            as bill_date,
        {{ round_to_currency(
            'cast(coalesce(started.price_override, products.price) as decimal(19, 9))'
            ~ ' * cast(started.quantity as decimal(18, 6))',
            'operator.minor_units'
        ) }} as amount_net
    from started
    inner join {{ ref('products') }} as products
        on
            started.product_id = products.product_id
            and started.held_from >= products.valid_from
            and started.held_from < products.valid_to
    cross join {{ ref('operator') }} as operator
    where products.charge = 'once'

),

with_key as (

    select
        {{ charge_key('once', 'charge_id') }} as charge_key,
        account_id,
        subscription_id,
        'once' as charge_kind,
        charge_id,
        product_id,
        description,
        'product' as name_entity,
        product_id as name_id,
        period_start,
        period_end,
        charged_from,
        {{ add_days('charged_from', 1) }} as charged_to,
        bill_date,
        cast(quantity as decimal(28, 6)) as quantity,
        'each' as unit,
        tax_category,
        charged_from as tax_rate_date,
        amount_net,
        cast(0 as decimal(18, 6)) as rounding
    from priced

)

select * from with_key
