-- One row per discount line: discount, subscription (none: the account), service period and tax category (5.5).
with lines as (

    select
        account_id,
        discount_subscription_id as subscription_id,
        discount_id as charge_id,
        min(discount_name) as description,
        period_start,
        period_end,
        tax_category,
        -- a fixed discount that reaches usage is due with the period's end, any other with what it reduces
        case when max(case when is_due_at_end then 1 else 0 end) = 1 then period_end else min(bill_date) end
            as bill_date,
        -- 6.2: the rate of the earliest charge that it reduces
        min(tax_rate_date) as tax_rate_date,
        cast(-max(discount_amount) as decimal(18, 3)) as amount_net
    from {{ ref('int_discount_shares') }}
    group by
        account_id, discount_subscription_id, discount_id, period_start, period_end, tax_category

),

with_key as (

    select
        {{ charge_key('discount', 'charge_id') }} as charge_key,
        account_id,
        subscription_id,
        'discount' as charge_kind,
        charge_id,
        cast(null as string) as product_id,
        description,
        'discount' as name_entity,
        charge_id as name_id,
        period_start,
        period_end,
        period_start as charged_from,
        period_end as charged_to,
        bill_date,
        cast(1 as decimal(28, 6)) as quantity,
        'each' as unit,
        tax_category,
        tax_rate_date,
        amount_net,
        cast(0 as decimal(18, 6)) as rounding
    from lines

)

select * from with_key
