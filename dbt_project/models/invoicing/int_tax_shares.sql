-- One row per list of taxes and tax: its share of a net of 1 (6.3). whole is 1 and all shares of the list.
-- One pass per step: a compound tax is on the net and the taxes with a lower sequence.
{%- set last_step = greatest_value(ref('int_tax_vectors'), 'step') %}
with taxes as (

    select * from {{ ref('int_tax_vectors') }}

),

{% for step in range(1, last_step + 1) %}
shares_{{ step }} as (

    select
        taxes.tax_vector,
        taxes.tax_id,
        {{ muldiv(
            'case when taxes.is_compound then 1 + coalesce(earlier.share, 0) else 1 end'
            if step > 1 else 'cast(1 as decimal(18, 16))',
            'taxes.rate_percent', '100', 16, a_digits=16, b_digits=6
        ) }} as share
    from taxes
    {% if step > 1 %}
    left join (
        select
            tax_vector,
            sum(share) as share
        from (
            {% for earlier in range(1, step) -%}
            select tax_vector, share from shares_{{ earlier }}
            {% if not loop.last %}union all{% endif %}
            {% endfor %}
        ) as shares_so_far
        group by tax_vector
    ) as earlier
        on taxes.tax_vector = earlier.tax_vector
    {% endif %}
    where taxes.step = {{ step }}

),

{% endfor %}
shares as (

    {% for step in range(1, last_step + 1) -%}
    select
        tax_vector,
        tax_id,
        cast(share as decimal(28, 16)) as share
    from shares_{{ step }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}

),

with_whole as (

    select
        taxes.tax_vector,
        taxes.step,
        taxes.tax_id,
        taxes.name,
        taxes.rate_percent,
        taxes.sequence,
        taxes.is_compound,
        taxes.en16931_category,
        taxes.legal_text,
        shares.share,
        cast(
            1 + sum(shares.share) over (partition by shares.tax_vector) as decimal(28, 16)
        ) as whole
    from taxes
    inner join shares
        on
            taxes.tax_vector = shares.tax_vector
            and taxes.tax_id = shares.tax_id

)

select * from with_whole
