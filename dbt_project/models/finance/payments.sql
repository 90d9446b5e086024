-- One row per payment or write-off received. amount = allotted + refunded + unallotted.
with payments as (

    select * from {{ ref('int_payments_booked') }}

),

usable as (

    select
        credit_id as payment_id,
        usable
    from {{ ref('int_credits') }}
    where credit_kind <> 'credit_note'

),

allotments as (

    select
        credit_id as payment_id,
        sum(amount) as allotted
    from {{ ref('int_payment_allotments') }}
    where credit_kind <> 'credit_note'
    group by credit_id

),

allotted as (

    select
        payments.payment_id,
        payments.account_id,
        payments.invoice_number,
        payments.received_on,
        payments.method,
        payments.reference,
        payments.amount,
        cast(coalesce(allotments.allotted, 0) as decimal(18, 3)) as allotted,
        cast(
            case
                when not payments.is_booked then 0
                when payments.amount < 0 then payments.amount
                else payments.amount - coalesce(usable.usable, 0)
            end as decimal(18, 3)
        ) as refunded,
        payments.currency_code,
        payments.is_booked
    from payments
    left join usable
        on payments.payment_id = usable.payment_id
    left join allotments
        on payments.payment_id = allotments.payment_id

),

with_surplus as (

    select
        payment_id,
        account_id,
        invoice_number,
        received_on,
        method,
        reference,
        amount,
        allotted,
        refunded,
        cast(amount - allotted - refunded as decimal(18, 3)) as unallotted,
        currency_code,
        is_booked
    from allotted

)

select * from with_surplus
