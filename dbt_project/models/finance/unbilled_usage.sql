-- One row per period, service, charge name and currency of rated usage that no document of its account has reached yet.
{{ config(materialized='view') }}
with last_bills as (

    select
        account_id,
        max(bill_date) as bill_date
    from {{ ref('invoices') }}
    group by account_id

),

unbilled as (

    select
        usage.bill_date,
        usage.service,
        usage.charge_name,
        usage.currency_code,
        count(distinct usage.event_key) as events,
        sum(usage.quantity) as quantity,
        sum(usage.amount) as amount
    from {{ ref('rated_usage') }} as usage
    left join last_bills
        on usage.account_id = last_bills.account_id
    where last_bills.bill_date is null or usage.bill_date > last_bills.bill_date
    group by usage.bill_date, usage.service, usage.charge_name, usage.currency_code

),

by_name as (

    select
        bill_date,
        service,
        charge_name,
        cast(events as bigint) as events,
        cast(quantity as bigint) as quantity,
        cast(amount as decimal(28, 6)) as amount,
        currency_code
    from unbilled

)

select * from by_name
