-- One row per subscription, period, service, charge name and tax category of the accounts and services that new files
-- touch: the new total. Empty where everything is rated.
{%- set is_full = rates_all() %}
{%- set totals = standing('rating', 'int_usage_totals') %}
{%- set first_bill_date = first_bill_date_in_window() %}
{%- set first_new_key = (judging_scope().after_file_number + 1) * 4294967296 %}
with touched_subscriptions as (

    select
        subscriptions.subscription_number,
        units.service_number,
        units.is_redone
    from {{ ref('int_rating_units') }} as units
    inner join {{ ref('int_subscription_numbers') }} as subscriptions
        on units.account_id = subscriptions.account_id

),

-- what was rated anew counts as it stands, of the others what is new
parts as (

    select parts.*
    from {{ ref('int_rated_parts') }} as parts
    inner join touched_subscriptions as touched
        on
            parts.subscription_number = touched.subscription_number
            and {{ floor_div('parts.situation_key', 2) }} % 4 = touched.service_number
    where
        touched.is_redone
        and parts.bill_date >= {{ first_bill_date }}
    union all
    select parts.*
    from {{ ref('int_rated_parts') }} as parts
    inner join touched_subscriptions as touched
        on
            parts.subscription_number = touched.subscription_number
            and {{ floor_div('parts.situation_key', 2) }} % 4 = touched.service_number
    where
        not touched.is_redone
        and parts.bill_date >= {{ first_bill_date }}
        and parts.event_key >= {{ first_new_key }}

),

added as (

    {{ usage_totals('parts') }}

),

standing_totals as (

    {% if totals is not none and not is_full -%}
    select totals.*
    from {{ totals }} as totals
    inner join {{ ref('int_rating_units') }} as units
        on totals.account_id = units.account_id and totals.service = units.service
    where totals.bill_date >= {{ first_bill_date }} and not units.is_redone
    {%- else -%}
    select * from added where 1 = 0
    {%- endif %}

),

summed as (

    select
        account_id,
        subscription_id,
        bill_date,
        service,
        charge_name,
        tax_category,
        cast(sum(events) as bigint) as events,
        cast(sum(quantity) as bigint) as quantity,
        cast(sum(included_quantity) as bigint) as included_quantity,
        cast(sum(billed_quantity) as bigint) as billed_quantity,
        cast(sum(amount) as decimal(38, 6)) as amount
    from (
        select * from added
        union all
        select * from standing_totals
    ) as both_parts
    group by account_id, subscription_id, bill_date, service, charge_name, tax_category

)

select * from summed
