-- One row per draft, tax category, list of taxes and tax: the tax of the lines that bear the list (6.2, 6.3).
-- One pass per step of the list. taxable_amount is the net, and the taxes before it if the tax is compound.
{%- set last_step = greatest_value(ref('int_tax_shares'), 'step') %}
with operator as (

    select
        minor_units,
        prices_include_tax
    from {{ ref('operator') }}

),

charged as (

    select
        account_id,
        tax_category,
        tax_vector,
        cast(sum(amount_charged) as decimal(18, 3)) as amount_charged
    from {{ ref('int_draft_lines') }}
    where tax_vector is not null
    group by account_id, tax_category, tax_vector

),

-- 6.3: out of gross, tax = gross x its share of 1 and all shares, half up
taxed_gross as (

    select
        charged.account_id,
        charged.tax_category,
        charged.tax_vector,
        shares.tax_id,
        {{ muldiv_to_currency(
            'charged.amount_charged', whole_units('shares.share', 16), whole_units('shares.whole', 16),
            'operator.minor_units', a_digits=3
        ) }} as amount_tax
    from charged
    inner join {{ ref('int_tax_shares') }} as shares
        on charged.tax_vector = shares.tax_vector
    cross join operator
    where operator.prices_include_tax

),

gross_tax as (

    select
        account_id,
        tax_category,
        tax_vector,
        sum(amount_tax) as amount_tax
    from taxed_gross
    group by account_id, tax_category, tax_vector

),

nets as (

    select
        charged.account_id,
        charged.tax_category,
        charged.tax_vector,
        cast(charged.amount_charged - coalesce(gross_tax.amount_tax, 0) as decimal(18, 3)) as amount_net
    from charged
    left join gross_tax
        on
            charged.account_id = gross_tax.account_id
            and coalesce(charged.tax_category, '') = coalesce(gross_tax.tax_category, '')
            and charged.tax_vector = gross_tax.tax_vector

),

taxes_0 as (

    select
        nets.account_id,
        nets.tax_category,
        nets.tax_vector,
        nets.amount_net,
        cast(0 as decimal(18, 3)) as earlier_tax
    from nets

),

{% for step in range(1, last_step + 1) %}
-- a tax on net is net x rate, half up; a compound one on the net and the taxes before it (6.2)
amounts_{{ step }} as (

    select
        so_far.account_id,
        so_far.tax_category,
        so_far.tax_vector,
        so_far.amount_net,
        shares.tax_id,
        shares.name,
        shares.rate_percent,
        shares.sequence,
        shares.en16931_category,
        shares.legal_text,
        cast(
            so_far.amount_net + case when shares.is_compound then so_far.earlier_tax else 0 end as decimal(18, 3)
        ) as taxable_amount,
        case
            when operator.prices_include_tax then taxed_gross.amount_tax
            else {{ muldiv_to_currency(
                '(so_far.amount_net + case when shares.is_compound then so_far.earlier_tax else 0 end)',
                'shares.rate_percent', '100', 'operator.minor_units', a_digits=3, b_digits=6
            ) }}
        end as amount_tax
    from taxes_{{ step - 1 }} as so_far
    inner join {{ ref('int_tax_shares') }} as shares
        on
            so_far.tax_vector = shares.tax_vector
            and shares.step = {{ step }}
    cross join operator
    left join taxed_gross
        on
            so_far.account_id = taxed_gross.account_id
            and coalesce(so_far.tax_category, '') = coalesce(taxed_gross.tax_category, '')
            and so_far.tax_vector = taxed_gross.tax_vector
            and shares.tax_id = taxed_gross.tax_id

),

{% if step < last_step %}
taxes_{{ step }} as (

    select
        so_far.account_id,
        so_far.tax_category,
        so_far.tax_vector,
        so_far.amount_net,
        cast(so_far.earlier_tax + coalesce(sum(amounts.amount_tax), 0) as decimal(18, 3)) as earlier_tax
    from taxes_{{ step - 1 }} as so_far
    left join amounts_{{ step }} as amounts
        on
            so_far.account_id = amounts.account_id
            and coalesce(so_far.tax_category, '') = coalesce(amounts.tax_category, '')
            and so_far.tax_vector = amounts.tax_vector
    group by
        so_far.account_id, so_far.tax_category, so_far.tax_vector, so_far.amount_net, so_far.earlier_tax

),

{% endif %}
{% endfor %}
tax_amounts as (

    {% for step in range(1, last_step + 1) -%}
    select
        account_id,
        tax_category,
        tax_vector,
        tax_id,
        name,
        rate_percent,
        sequence,
        en16931_category,
        legal_text,
        amount_net,
        taxable_amount,
        cast(amount_tax as decimal(18, 3)) as amount_tax
    from amounts_{{ step }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}

)

select * from tax_amounts
