-- One row per usage or recurring charge of a subscription: what discounts leave of it (5.4).
with shares as (

    select
        charge_key,
        sum(share) as share
    from {{ ref('int_discount_shares') }}
    group by charge_key

),

charges_left as (

    select
        charges.charge_key,
        charges.account_id,
        charges.subscription_id,
        charges.charge_kind,
        charges.period_start,
        charges.period_end,
        charges.tax_category,
        charges.tax_rate_date,
        cast(
            case
                when charges.amount_net > 0 then greatest(charges.amount_net - coalesce(shares.share, 0), 0)
                else charges.amount_net
            end as decimal(28, 9)
        ) as amount_left
    from {{ ref('int_discountable_charges') }} as charges
    left join shares
        on charges.charge_key = shares.charge_key
    where
        charges.subscription_id is not null
        and charges.counts_for_limits
        and charges.charge_kind in ('recurring', 'usage')

)

select * from charges_left
