-- One row per charge: what is owed, and the rows of the operator folder that it was computed from (9.1).
-- For whoever asks; nothing that bills reads it.
{{ config(materialized='view') }}
with subscribed_discounts as (

    -- a discount subscribed twice in a period is one line (5.5): the earlier row stands for both
    select
        charges.charge_key,
        min(held.source_file) as source_file,
        min(held.source_line) as source_line
    from {{ ref('owed_charges') }} as charges
    inner join {{ ref('subscribed_discounts') }} as held
        on
            charges.account_id = held.account_id
            and coalesce(charges.subscription_id, '') = coalesce(held.subscription_id, '')
            and charges.charge_id = held.discount_id
            and charges.period_end > held.valid_from
            and charges.period_start < held.valid_to
    where charges.charge_kind = 'discount'
    group by charges.charge_key

),

instalments as (

    select
        instalments.*,
        instalments.agreement_id || '-' as id_head
    from {{ ref('instalments') }} as instalments

),

explained as (

    select
        charges.charge_key,
        charges.account_id,
        charges.subscription_id,
        charges.charge_kind,
        charges.charge_id,
        charges.product_id,
        charges.description,
        charges.period_start,
        charges.period_end,
        charges.charged_from,
        charges.charged_to,
        case
            when charges.charge_kind = 'recurring'
                then {{ billed_days('charges.charged_from', 'charges.charged_to', 'operator.day_count') }}
        end as charged_days,
        case
            when charges.charge_kind = 'recurring'
                then {{ billed_days('charges.period_start', 'charges.period_end', 'operator.day_count') }}
        end as period_days,
        products.proration,
        charges.bill_date,
        products.charge as due,
        charges.quantity,
        charges.unit,
        products.price,
        held.price_override,
        held.quantity as held_quantity,
        held.valid_from as held_from,
        held.valid_to as held_to,
        coalesce(instalments.amount, adjustments.amount) as agreed_amount,
        instalments.periods as agreed_instalments,
        adjustments.reason as adjustment_reason,
        adjustments.approved_by,
        discounts.kind as discount_kind,
        discounts.value as discount_value,
        discounts.applies_to as discount_applies_to,
        case when charges.charge_kind = 'cap_credit' then products.spend_cap end as spend_cap,
        case when charges.charge_kind = 'minimum_top_up' then products.minimum_spend end as minimum_spend,
        case when charges.charge_kind = 'late_fee' then operator.late_fee_percent end as late_fee_percent,
        case when charges.charge_kind = 'late_fee' then operator.late_fee_amount end as late_fee_amount,
        coalesce(products.source_file, discounts.source_file) as ratebook_file,
        coalesce(products.source_line, discounts.source_line) as ratebook_line,
        coalesce(
            held.source_file, subscribed_discounts.source_file, instalments.source_file, adjustments.source_file
        ) as crm_file,
        coalesce(
            held.source_line, subscribed_discounts.source_line, instalments.source_line, adjustments.source_line
        ) as crm_line,
        charges.tax_category,
        charges.tax_rate_date,
        cast(charges.amount_net + charges.rounding as decimal(18, 6)) as exact_amount,
        charges.rounding,
        charges.amount_net,
        charges.currency_code
    from {{ ref('owed_charges') }} as charges
    left join {{ ref('products') }} as products
        on
            charges.product_id = products.product_id
            and charges.charged_from >= products.valid_from
            and charges.charged_from < products.valid_to
    left join {{ ref('subscribed_products') }} as held
        on
            charges.charge_kind in ('recurring', 'once')
            and charges.charge_id = held.subscribed_product_id
    left join {{ ref('discounts') }} as discounts
        on
            charges.charge_kind = 'discount'
            and charges.charge_id = discounts.discount_id
            and charges.charged_from >= discounts.valid_from
            and charges.charged_from < discounts.valid_to
    left join subscribed_discounts
        on charges.charge_key = subscribed_discounts.charge_key
    left join instalments
        on
            charges.charge_kind = 'instalment'
            and charges.subscription_id = instalments.subscription_id
            and left(charges.charge_id, length(instalments.id_head)) = instalments.id_head
            and instr(substring(charges.charge_id, length(instalments.id_head) + 1), '-') = 0
    left join {{ ref('adjustments') }} as adjustments
        on charges.charge_kind = 'adjustment' and charges.charge_id = adjustments.adjustment_id
    cross join {{ ref('operator') }} as operator

)

select * from explained
