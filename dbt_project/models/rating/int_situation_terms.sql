-- One row per situation, price step, product, rate row and span of days that can meet: the terms on which a part is rated.
-- An empty charge name is the zone; where any zone is priced alike, that of the event, else the service.
{{ config(materialized='grown') }}
{%- set known = known_rows() %}
with pairs as (

    select distinct
        situations.situation_key,
        situations.zone,
        situations.service,
        timeline.rate_step_id,
        timeline.product_number
    from {{ ref('int_situations') }} as situations
    inner join {{ ref('int_tariff_timeline') }} as timeline
        on situations.situation_id = timeline.situation_id
    {% if known is not none -%}
    where situations.situation_key not in (select situation_key from {{ known }})
    {%- endif %}

),

-- a tier has a rate row of its own
rate_rows as (

    select
        rate_step_id,
        rate_number,
        price,
        per_base_units as per
    from {{ ref('int_rate_steps') }}
    union
    select
        rate_step_id,
        rate_number,
        price,
        per_base_units as per
    from {{ ref('int_rate_tiers') }}

),

named as (

    select
        pairs.situation_key,
        pairs.rate_step_id,
        pairs.product_number,
        {{ service_number('pairs.service') }} as service_number,
        coalesce(
            steps.charge_name,
            case when steps.zone = '*' then coalesce(pairs.zone, pairs.service) else steps.zone end
        ) as charge_name
    from pairs
    inner join {{ ref('int_rate_steps') }} as steps
        on pairs.rate_step_id = steps.rate_step_id

),

with_numbers as (

    select
        named.situation_key,
        named.rate_step_id,
        named.product_number,
        named.service_number,
        rate_rows.rate_number,
        rate_rows.price,
        rate_rows.per,
        charge_names.charge_number,
        tax_categories.tax_category_number,
        tax_categories.valid_from,
        tax_categories.valid_to
    from named
    inner join rate_rows
        on named.rate_step_id = rate_rows.rate_step_id
    inner join {{ ref('int_charge_names') }} as charge_names
        on named.charge_name = charge_names.charge_name
    inner join {{ ref('int_product_tax_categories') }} as tax_categories
        on named.product_number = tax_categories.product_number

)

select * from with_numbers
