-- One row per charge and discount that reduces it: what the charge falls by (5.5).
-- discount_amount is the rounded discount line of the charge's tax category; it repeats on each of its charges.
-- One pass per step of the sequence, each on what the earlier ones left. Shares carry 9 decimals.
{%- set last_step = greatest_value(ref('int_discounts_held'), 'step') %}
with held as (

    select
        held.*,
        operator.minor_units
    from {{ ref('int_discounts_held') }} as held
    cross join {{ ref('operator') }} as operator

),

left_0 as (

    select
        charges.charge_key,
        charges.account_id,
        charges.subscription_id,
        charges.charge_kind,
        charges.product_id,
        charges.period_start,
        charges.period_end,
        charges.bill_date,
        charges.tax_category,
        charges.tax_rate_date,
        cast(charges.amount_net as decimal(28, 9)) as amount_left
    from {{ ref('int_discountable_charges') }} as charges
    where exists (
        select 1 from held
        where
            held.account_id = charges.account_id
            and held.period_start = charges.period_start
            and held.period_end = charges.period_end
    )

),

{% for step in range(1, last_step + 1) %}
matched_{{ step }} as (

    select
        charges.charge_key,
        charges.account_id,
        charges.period_start,
        charges.period_end,
        charges.tax_category,
        charges.amount_left,
        held.discount_id,
        held.subscription_id as discount_subscription_id,
        held.name as discount_name,
        held.kind as discount_kind,
        held.value as discount_value,
        held.days_held,
        held.days_of_period,
        held.minor_units,
        held.is_due_at_end
    from left_{{ step - 1 }} as charges
    inner join held
        on
            charges.account_id = held.account_id
            and charges.period_start = held.period_start
            and charges.period_end = held.period_end
    where
        held.step = {{ step }}
        and charges.amount_left > 0
        and (held.subscription_id is null or held.subscription_id = charges.subscription_id)
        and (
            held.reduces_all
            or (held.reduces_recurring and charges.charge_kind = 'recurring')
            or (held.reduces_usage and charges.charge_kind = 'usage')
            or instr(held.applies_to, ';' || charges.product_id || ';') > 0
        )

),

weighed_{{ step }} as (

    select
        matched.*,
        sum(amount_left) over (
            partition by account_id, period_start, period_end, discount_id, discount_subscription_id
        ) as whole_left,
        sum(amount_left) over (
            partition by account_id, period_start, period_end, discount_id, discount_subscription_id, tax_category
        ) as category_left,
        row_number() over (
            partition by account_id, period_start, period_end, discount_id, discount_subscription_id, tax_category
            order by charge_key asc nulls last
        ) as turn_in_category
    from matched_{{ step }} as matched

),

{# the first step sees whole minor units; later ones see shares whose last decimal was cut #}
{%- set percent_amount = muldiv(
    'category_left', 'cast(discount_value as decimal(18, 6)) * days_held', '(days_of_period * 100)',
    9 if step == 1 else 7, a_digits=9, b_digits=6
) %}
{%- set fixed_amount = muldiv_to_currency('discount_value', 'days_held', 'days_of_period', 'minor_units') %}
amounts_{{ step }} as (

    select
        weighed.*,
        case
            when discount_kind = 'percent'
                then least(
                    {{ round_to_currency(percent_amount, 'minor_units') }},
                    {{ floor_to_currency('category_left', 'minor_units') }}
                )
        end as percent_amount,
        case
            when discount_kind = 'amount'
                then {{ to_minor_units(
                    'least(' ~ fixed_amount ~ ', ' ~ floor_to_currency('whole_left', 'minor_units') ~ ')', 'minor_units'
                ) }}
        end as fixed_units
    from weighed_{{ step }} as weighed

),

parts_{{ step }} as (

    select
        amounts.*,
        {{ whole_part('fixed_units', 'category_left', 'whole_left', digits=9) }} as part_units,
        {{ part_remainder('fixed_units', 'category_left', 'whole_left', digits=9) }} as remainder
    from amounts_{{ step }} as amounts

),

ranked_{{ step }} as (

    -- the units that are still missing go to the greatest remainders, one each
    select
        parts.*,
        fixed_units - sum(case when turn_in_category = 1 then part_units else 0 end) over (
            partition by account_id, period_start, period_end, discount_id, discount_subscription_id
        ) as missing_units,
        dense_rank() over (
            partition by account_id, period_start, period_end, discount_id, discount_subscription_id
            order by remainder desc nulls last, coalesce(tax_category, '-') asc nulls last
        ) as remainder_turn
    from parts_{{ step }} as parts

),

discounted_{{ step }} as (

    select
        ranked.*,
        case
            when discount_kind = 'percent' then percent_amount
            when discount_kind = 'amount'
                then {{ from_minor_units(
                    '(part_units + case when remainder_turn <= missing_units then 1 else 0 end)', 'minor_units'
                ) }}
        end as discount_amount
    from ranked_{{ step }} as ranked

),

shared_{{ step }} as (

    select
        charge_key,
        discount_id,
        discount_subscription_id,
        discount_name,
        is_due_at_end,
        discount_amount,
        {{ exact_share('amount_left', 'discount_amount', 'category_left') }} as share
    from discounted_{{ step }}
    where discount_amount > 0

),

{% if not loop.last %}
left_{{ step }} as (

    select
        charges.charge_key,
        charges.account_id,
        charges.subscription_id,
        charges.charge_kind,
        charges.product_id,
        charges.period_start,
        charges.period_end,
        charges.bill_date,
        charges.tax_category,
        charges.tax_rate_date,
        cast(greatest(charges.amount_left - coalesce(shared.share, 0), 0) as decimal(28, 9)) as amount_left
    from left_{{ step - 1 }} as charges
    left join shared_{{ step }} as shared
        on charges.charge_key = shared.charge_key

),

{% endif %}
{% endfor %}
shares as (

    {% for step in range(1, last_step + 1) -%}
    select
        charge_key,
        discount_id,
        discount_subscription_id,
        discount_name,
        is_due_at_end,
        cast({{ step }} as bigint) as step,
        discount_amount,
        share
    from shared_{{ step }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}

),

with_charge as (

    select
        shares.charge_key,
        charges.account_id,
        charges.subscription_id,
        charges.charge_kind,
        charges.period_start,
        charges.period_end,
        charges.bill_date,
        charges.tax_category,
        charges.tax_rate_date,
        shares.discount_id,
        shares.discount_subscription_id,
        shares.discount_name,
        shares.is_due_at_end,
        shares.step,
        shares.discount_amount,
        shares.share
    from shares
    inner join {{ ref('int_discountable_charges') }} as charges
        on shares.charge_key = charges.charge_key

)

select * from with_charge
