-- One row per grant and period that goes on being drawn on: how much of it earlier runs have drawn.
-- Empty where everything is rated, and for accounts and services that are rated anew.
{%- set is_full = rates_all() %}
{%- set totals = standing('rating', 'int_grant_totals') %}
{%- set first_bill_date = first_bill_date_in_window() %}
with drawn as (

    {% if totals is not none and not is_full -%}
    select
        grant_key,
        bill_date,
        used
    from {{ totals }}
    where bill_date >= {{ first_bill_date }}
    {%- else -%}
    select
        cast(null as bigint) as grant_key,
        cast(null as date) as bill_date,
        cast(null as bigint) as used
    where 1 = 0
    {%- endif %}

),

still_drawn_on as (

    select
        drawn.grant_key,
        drawn.bill_date,
        drawn.used
    from drawn
    inner join {{ ref('int_grants') }} as grants
        on drawn.grant_key = grants.grant_key
    inner join {{ ref('int_rating_units') }} as units
        on
            grants.account_number = units.account_number
            and {{ service_number('grants.service') }} = units.service_number
    where not units.is_redone

)

select * from still_drawn_on
