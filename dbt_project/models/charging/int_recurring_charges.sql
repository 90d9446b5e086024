-- One row per product held and service period: advance and arrears charges owed at the bill date (5.1, 5.2).
with products as (

    select
        product_id,
        name,
        charge,
        price,
        interval_months,
        proration,
        tax_category,
        valid_from,
        valid_to
    from {{ ref('products') }}
    where charge in ('advance', 'arrears')

),

periods as (

    select
        period_start,
        period_end,
        first_period_start,
        run_bill_date
    from {{ ref('int_run_periods') }}
    where is_in_window

),

held as (

    select
        held.subscribed_product_id,
        held.account_id,
        held.subscription_id,
        held.product_id,
        held.quantity,
        held.price_override,
        held.interval_from,
        held.cycle_day,
        held.held_from,
        held.held_to,
        periods.period_start as billing_period_start,
        periods.first_period_start,
        periods.run_bill_date,
        -- 5.1: intervals are counted from interval_from, else from the boundary at or before the start
        case
            when held.interval_from is not null then held.interval_from
            when held.subscribed_from > date '0001-01-01'
                then {{ period_start('held.subscribed_from', 'held.cycle_day') }}
            else {{ period_start(
                'greatest(held.held_from, periods.first_period_start)', 'held.cycle_day'
            ) }}
        end as counted_from
    from {{ ref('int_products_held') }} as held
    cross join periods

),

in_intervals as (

    -- several billing periods of the window lie in one interval: it is one charge
    select distinct
        held.subscribed_product_id,
        held.account_id,
        held.subscription_id,
        held.product_id,
        held.quantity,
        held.price_override,
        held.cycle_day,
        held.held_from,
        held.held_to,
        held.first_period_start,
        held.run_bill_date,
        products.name,
        products.charge,
        products.price,
        products.interval_months,
        products.proration,
        products.tax_category,
        products.valid_from,
        products.valid_to,
        {{ add_months(
            'held.billing_period_start',
            '-((' ~ months_between('held.counted_from', 'held.billing_period_start')
            ~ ' % products.interval_months + products.interval_months) % products.interval_months)'
        ) }} as period_start
    from held
    inner join products
        on held.product_id = products.product_id

),

charged as (

    select
        in_intervals.*,
        {{ add_months('in_intervals.period_start', 'in_intervals.interval_months') }} as period_end,
        -- nothing before first_period is ever billed here
        greatest(
            in_intervals.held_from, in_intervals.period_start, in_intervals.first_period_start
        ) as charged_from,
        least(
            in_intervals.held_to,
            {{ add_months('in_intervals.period_start', 'in_intervals.interval_months') }}
        ) as charged_to
    from in_intervals

),

dated as (

    select
        charged.*,
        -- 5.2: advance from the period's start, arrears from the end of the period in which the stretch ends
        case
            when charge = 'advance' then greatest(period_start, first_period_start)
            else {{ period_end(add_days('charged_to', -1), 'cycle_day') }}
        end as bill_date
    from charged
    where
        charged_from < charged_to
        -- 5.1: the price in force on the first day of the charged stretch holds for the period
        and charged_from >= valid_from
        and charged_from < valid_to

),

priced as (

    select
        dated.account_id,
        dated.subscription_id,
        dated.subscribed_product_id as charge_id,
        dated.product_id,
        dated.name as description,
        dated.period_start,
        dated.period_end,
        dated.charged_from,
        dated.charged_to,
        dated.bill_date,
        -- the billing period with which it is discounted (5.5): the one that it is due with
        case
            when dated.charge = 'advance' then dated.period_start
            else {{ add_months('dated.bill_date', -1) }}
        end as settled_from,
        dated.quantity,
        dated.interval_months,
        dated.tax_category,
        {{ muldiv_to_currency(
            'coalesce(dated.price_override, dated.price)',
            'cast(dated.quantity as decimal(18, 6)) * case when dated.proration = \'none\' then '
            ~ billed_days('dated.period_start', 'dated.period_end', 'operator.day_count')
            ~ ' else '
            ~ billed_days('dated.charged_from', 'dated.charged_to', 'operator.day_count')
            ~ ' end',
            billed_days('dated.period_start', 'dated.period_end', 'operator.day_count'),
            'operator.minor_units',
            b_digits=6
        ) }} as amount_net
    from dated
    cross join {{ ref('operator') }} as operator
    where dated.bill_date <= dated.run_bill_date

),

with_key as (

    select
        {{ charge_key('recurring', 'charge_id') }} as charge_key,
        account_id,
        subscription_id,
        'recurring' as charge_kind,
        charge_id,
        product_id,
        description,
        'product' as name_entity,
        product_id as name_id,
        period_start,
        period_end,
        charged_from,
        charged_to,
        bill_date,
        settled_from,
        cast(quantity as decimal(28, 6)) as quantity,
        case interval_months when 1 then 'month' when 12 then 'year' else 'each' end as unit,
        tax_category,
        charged_from as tax_rate_date,
        amount_net,
        cast(0 as decimal(18, 6)) as rounding
    from priced

)

select * from with_key
