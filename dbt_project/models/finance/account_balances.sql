-- One row per account with a document or a payment, and currency. balance = issued - credited -
-- paid - written_off (8.1). A balance below zero is the account's credit.
with documents as (

    select
        account_id,
        currency_code,
        sum(case when amount_total > 0 then amount_total else 0 end) as issued,
        sum(case when amount_total < 0 then -amount_total else 0 end) as credited,
        sum(open_amount) as open_amount,
        0 as paid,
        0 as written_off
    from {{ ref('receivables') }}
    group by account_id, currency_code

),

payments as (

    select
        account_id,
        currency_code,
        0 as issued,
        0 as credited,
        0 as open_amount,
        sum(case when method <> 'write_off' then amount else 0 end) as paid,
        sum(case when method = 'write_off' then amount else 0 end) as written_off
    from {{ ref('payments') }}
    where is_booked
    group by account_id, currency_code

),

documents_and_payments as (

    select account_id, currency_code, issued, credited, open_amount, paid, written_off from documents

    union all

    select account_id, currency_code, issued, credited, open_amount, paid, written_off from payments

),

balances as (

    select
        account_id,
        cast(sum(issued) as decimal(18, 3)) as issued,
        cast(sum(credited) as decimal(18, 3)) as credited,
        cast(sum(paid) as decimal(18, 3)) as paid,
        cast(sum(written_off) as decimal(18, 3)) as written_off,
        cast(sum(issued) - sum(credited) - sum(paid) - sum(written_off) as decimal(18, 3)) as balance,
        cast(sum(open_amount) as decimal(18, 3)) as open_amount,
        currency_code
    from documents_and_payments
    group by account_id, currency_code

),

with_credit as (

    select
        account_id,
        issued,
        credited,
        paid,
        written_off,
        balance,
        open_amount,
        cast(greatest(open_amount - balance, 0) as decimal(18, 3)) as credit,
        cast(greatest(balance - open_amount, 0) as decimal(18, 3)) as refunded_in_excess,
        currency_code
    from balances

)

select * from with_credit
