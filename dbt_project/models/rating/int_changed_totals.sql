-- One row per subscription, period and total to which new files add, or that they change: the new total.
-- Empty where everything is rated.
{%- set is_full = rates_all() %}
{%- set sums = standing('rating', 'int_usage_sums') %}
with parts as (

    -- what was rated anew counts as it stands, of the others what is new
    select *
    from {{ ref('int_new_parts') }}
    {% if is_full -%}
    where 1 = 0
    {%- endif %}

),

added as (

    {{ usage_sums('parts') }}

),

redone_subscriptions as (

    select
        subscriptions.subscription_number,
        units.service_number
    from {{ ref('int_rating_units') }} as units
    inner join {{ ref('int_subscription_numbers') }} as subscriptions
        on units.account_id = subscriptions.account_id
    where units.is_redone

),

standing_sums as (

    {% if sums is not none and not is_full -%}
    select sums.*
    from {{ sums }} as sums
    left join redone_subscriptions as redone
        on
            sums.subscription_number = redone.subscription_number
            and sums.service_number = redone.service_number
    where redone.subscription_number is null
    {%- else -%}
    select * from added where 1 = 0
    {%- endif %}

),

summed as (

    select
        added.subscription_number,
        added.bill_date,
        added.total_number,
        added.service_number,
        added.events + coalesce(standing_sums.events, 0) as events,
        added.quantity + coalesce(standing_sums.quantity, 0) as quantity,
        added.included_quantity + coalesce(standing_sums.included_quantity, 0) as included_quantity,
        added.billed_quantity + coalesce(standing_sums.billed_quantity, 0) as billed_quantity,
        cast(added.amount + coalesce(standing_sums.amount, 0) as decimal(38, 6)) as amount
    from added
    left join standing_sums
        on
            added.subscription_number = standing_sums.subscription_number
            and added.bill_date = standing_sums.bill_date
            and added.total_number = standing_sums.total_number

)

select * from summed
