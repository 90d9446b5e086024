-- One row per booked payment that names no issued invoice of its account. It settles the oldest
-- instead (8.1).
{{ config(tags=['issued', 'after_issue']) }}
with payments as (

    select
        payment_id,
        account_id,
        invoice_number,
        received_on,
        amount,
        currency_code
    from {{ ref('int_payments_booked') }}
    where is_booked and invoice_number is not null and named_document_number is null

)

select * from payments
