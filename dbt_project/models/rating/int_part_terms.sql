-- One row per situation, price step, product, rate row and span of days that can meet: the number of its terms.
{{ config(materialized='grown') }}
{%- set known = known_rows() %}
with part_terms as (

    select
        situation_terms.situation_key,
        situation_terms.rate_step_id,
        situation_terms.product_number,
        situation_terms.rate_number,
        situation_terms.valid_from,
        situation_terms.valid_to,
        terms.terms_number
    from {{ ref('int_situation_terms') }} as situation_terms
    inner join {{ ref('int_terms') }} as terms
        on
            situation_terms.service_number = terms.service_number
            and situation_terms.rate_number = terms.rate_number
            and situation_terms.price = terms.price
            and situation_terms.per = terms.per
            and situation_terms.product_number = terms.product_number
            and situation_terms.charge_number = terms.charge_number
            and situation_terms.tax_category_number = terms.tax_category_number
    {% if known is not none -%}
    where situation_terms.situation_key not in (select situation_key from {{ known }})
    {%- endif %}

)

select * from part_terms
