-- One row per subscription, period, charge name and tax category: rated usage of periods that are over (5.6, 6.1).
with usage as (

    select
        account_id,
        subscription_id,
        bill_date,
        charge_name,
        tax_category,
        case when min(service) = max(service) then min(service) end as service,
        cast(sum(amount) as decimal(38, 6)) as amount,
        cast(sum(quantity) as decimal(28, 6)) as quantity,
        cast(sum(events) as decimal(28, 6)) as events
    from {{ ref('int_usage_totals') }}
    group by account_id, subscription_id, bill_date, charge_name, tax_category

),

rounded as (

    select
        usage.account_id,
        usage.subscription_id,
        usage.charge_name as charge_id,
        usage.tax_category,
        periods.period_start,
        periods.period_end,
        case when usage.service is null then usage.events else usage.quantity end as quantity,
        case usage.service
            when 'voice' then 'second'
            when 'data' then 'byte'
            when 'sms' then 'message'
            when 'mms' then 'message'
            else 'each'
        end as unit,
        usage.amount,
        -- 6.1: the sum of the key's rated amounts is rounded, once
        {{ round_to_currency('usage.amount', 'operator.minor_units') }} as amount_net
    from usage
    inner join {{ ref('accounts') }} as accounts
        on usage.account_id = accounts.account_id
    inner join {{ ref('bill_run') }} as bill_run
        on accounts.cycle_day = bill_run.cycle_day
    inner join {{ ref('int_run_periods') }} as periods
        on usage.bill_date = periods.period_end
    cross join {{ ref('operator') }} as operator
    where
        periods.is_in_window
        and periods.is_over

),

with_key as (

    select
        {{ charge_key('usage', 'charge_id') }} as charge_key,
        account_id,
        subscription_id,
        'usage' as charge_kind,
        charge_id,
        cast(null as string) as product_id,
        charge_id as description,
        'charge' as name_entity,
        charge_id as name_id,
        period_start,
        period_end,
        period_start as charged_from,
        period_end as charged_to,
        period_end as bill_date,
        quantity,
        unit,
        tax_category,
        period_start as tax_rate_date,
        amount_net,
        -- rated money = billed money + rounding
        cast(amount - amount_net as decimal(18, 6)) as rounding
    from rounded

)

select * from with_key
