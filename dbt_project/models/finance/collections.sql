-- One row per month, payment method and currency: what documents ask to be paid so, and what was booked as paid so.
-- sent_to_stripe counts the month's documents that Stripe holds; fees and payouts are not known here.
{{ config(materialized='view') }}
with asked as (

    select
        cast(date_trunc('month', invoices.bill_date) as date) as month,
        coalesce(accounts.payment_method, 'none') as method,
        invoices.currency_code,
        count(*) as documents,
        sum(invoices.amount_total) as amount_billed,
        count(stripe.document_number) as sent_to_stripe
    from {{ ref('invoices') }} as invoices
    left join {{ ref('accounts') }} as accounts
        on invoices.account_id = accounts.account_id
    left join {{ source('raw', 'stripe_objects') }} as stripe
        on invoices.document_number = stripe.document_number
    group by
        cast(date_trunc('month', invoices.bill_date) as date),
        coalesce(accounts.payment_method, 'none'), invoices.currency_code

),

booked as (

    select
        cast(date_trunc('month', received_on) as date) as month,
        method,
        currency_code,
        count(*) as payments,
        sum(amount) as amount_received
    from {{ ref('payments') }}
    where is_booked
    group by cast(date_trunc('month', received_on) as date), method, currency_code

),

both_sides as (

    select
        month, method, currency_code, documents, amount_billed, sent_to_stripe, 0 as payments, 0 as amount_received
    from asked
    union all
    select
        month, method, currency_code, 0 as documents, 0 as amount_billed, 0 as sent_to_stripe, payments, amount_received
    from booked

),

by_method as (

    select
        month,
        method,
        cast(sum(documents) as bigint) as documents,
        cast(sum(amount_billed) as decimal(18, 3)) as amount_billed,
        cast(sum(sent_to_stripe) as bigint) as sent_to_stripe,
        cast(sum(payments) as bigint) as payments,
        cast(sum(amount_received) as decimal(18, 3)) as amount_received,
        currency_code
    from both_sides
    group by month, method, currency_code

)

select * from by_method
