-- One row per payment, credit note or invoice of which more was allotted than there is. Empty when
-- all is well.
{{ config(tags=['issued', 'after_issue']) }}
with allotments as (

    select
        credit_kind,
        credit_id,
        document_number,
        amount
    from {{ ref('int_payment_allotments') }}

),

by_credit as (

    select
        allotments.credit_kind as side,
        allotments.credit_id as id,
        max(credits.usable) as amount,
        sum(allotments.amount) as allotted
    from allotments
    left join {{ ref('int_credits') }} as credits
        on allotments.credit_kind = credits.credit_kind
        and allotments.credit_id = credits.credit_id
    group by allotments.credit_kind, allotments.credit_id

),

by_document as (

    select
        'document' as side,
        allotments.document_number as id,
        max(invoices.amount_total) as amount,
        sum(allotments.amount) as allotted
    from allotments
    left join {{ ref('invoices') }} as invoices
        on allotments.document_number = invoices.document_number
    group by allotments.document_number

),

sides as (

    select side, id, amount, allotted from by_credit

    union all

    select side, id, amount, allotted from by_document

),

offenders as (

    select
        side,
        id,
        cast(amount as decimal(18, 3)) as amount,
        cast(allotted as decimal(18, 3)) as allotted
    from sides
    where not coalesce(allotted <= amount, false)

)

select * from offenders
