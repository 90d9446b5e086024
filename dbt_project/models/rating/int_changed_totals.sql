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
        subscription_number,
        service_number
    from {{ ref('int_touched_subscriptions') }}
    where is_redone

),

marked as (

    select
        added.subscription_number,
        added.bill_date,
        added.total_number,
        added.service_number,
        -- the total that stands, unless its usage was rated anew
        case when redone.subscription_number is null then added.total_number end as standing_number,
        added.events,
        added.quantity,
        added.included_quantity,
        added.billed_quantity,
        added.amount
    from added
    left join redone_subscriptions as redone
        on
            added.subscription_number = redone.subscription_number
            and added.service_number = redone.service_number

),

summed as (

    {% if sums is not none and not is_full -%}
    select
        added.subscription_number,
        added.bill_date,
        added.total_number,
        added.service_number,
        added.events + coalesce(sums.events, 0) as events,
        added.quantity + coalesce(sums.quantity, 0) as quantity,
        added.included_quantity + coalesce(sums.included_quantity, 0) as included_quantity,
        added.billed_quantity + coalesce(sums.billed_quantity, 0) as billed_quantity,
        cast(added.amount + coalesce(sums.amount, 0) as decimal(38, 6)) as amount
    from marked as added
    left join {{ sums }} as sums
        on
            added.subscription_number = sums.subscription_number
            and added.bill_date = sums.bill_date
            and added.standing_number = sums.total_number
    {%- else -%}
    select * from added
    {%- endif %}

)

select * from summed
