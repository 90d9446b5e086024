-- One row per subscription, period and tariff that goes on counting units (4.5): how many earlier runs have counted.
-- Empty where everything is rated, and for accounts and services that are rated anew.
{%- set is_full = rates_all() %}
{%- set counts = standing('rating', 'int_tier_counts') %}
with counts as (

    {% if counts is not none and not is_full -%}
    select * from {{ counts }}
    {%- else -%}
    select
        cast(null as bigint) as subscription_number,
        cast(null as date) as bill_date,
        cast(null as bigint) as tariff_id,
        cast(null as bigint) as service_number,
        cast(null as bigint) as units
    where 1 = 0
    {%- endif %}

),

still_counting as (

    select
        counts.subscription_number,
        counts.bill_date,
        counts.tariff_id,
        counts.service_number,
        counts.units
    from counts
    inner join {{ ref('int_touched_subscriptions') }} as touched
        on
            counts.subscription_number = touched.subscription_number
            and counts.service_number = touched.service_number
    where not touched.is_redone

)

select * from still_counting
