-- One row per month, period, service, charge name and currency: rated usage that no document had reached at the month's end.
{{ config(materialized='view') }}
with ledger_date as (

    select ledger_date from {{ ref('int_ledger_date') }}

),

used as (

    select
        usage.account_id,
        -- the operator's month, not that of UTC
        cast(date_trunc('month', events.local_started_at) as date) as used_in,
        usage.bill_date,
        usage.service,
        usage.charge_name,
        usage.currency_code,
        count(distinct usage.event_key) as events,
        sum(usage.quantity) as quantity,
        sum(usage.amount) as amount
    from {{ ref('rated_usage') }} as usage
    inner join {{ ref('usage_events') }} as events
        on usage.event_key = events.event_key
    group by
        usage.account_id, cast(date_trunc('month', events.local_started_at) as date), usage.bill_date,
        usage.service, usage.charge_name, usage.currency_code

),

-- the first document of the account that reaches the period
billed as (

    select
        periods.account_id,
        periods.bill_date,
        min(invoices.bill_date) as billed_on
    from (select distinct account_id, bill_date from used) as periods
    inner join {{ ref('invoices') }} as invoices
        on
            periods.account_id = invoices.account_id
            and periods.bill_date <= invoices.bill_date
    group by periods.account_id, periods.bill_date

),

waiting as (

    select
        used.used_in,
        cast(date_trunc('month', billed.billed_on) as date) as billed_in,
        used.bill_date,
        used.service,
        used.charge_name,
        used.currency_code,
        sum(used.events) as events,
        sum(used.quantity) as quantity,
        sum(used.amount) as amount
    from used
    left join billed
        on
            used.account_id = billed.account_id
            and used.bill_date = billed.bill_date
    group by
        used.used_in, cast(date_trunc('month', billed.billed_on) as date), used.bill_date,
        used.service, used.charge_name, used.currency_code

),

by_month as (

    select
        {{ add_months('waiting.used_in', 'months.n') }} as month,
        waiting.*
    from waiting
    inner join {{ integers(0, 1200) }} as months
        on {{ add_months('waiting.used_in', 'months.n') }} < coalesce(waiting.billed_in, date '9999-12-01')
    inner join ledger_date
        on {{ add_months('waiting.used_in', 'months.n') }} <= ledger_date.ledger_date

),

by_name as (

    select
        cast(month as date) as month,
        bill_date,
        service,
        charge_name,
        cast(sum(events) as bigint) as events,
        cast(sum(quantity) as bigint) as quantity,
        cast(sum(amount) as decimal(28, 6)) as amount,
        currency_code
    from by_month
    group by month, bill_date, service, charge_name, currency_code

)

select * from by_name
