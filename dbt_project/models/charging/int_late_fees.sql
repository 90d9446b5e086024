-- One row per invoice that was unpaid late_fee_after_days past due (5.3). Only for operators that take a fee.
with operator as (

    select
        minor_units,
        late_fee_percent,
        late_fee_amount,
        late_fee_after_days,
        late_fee_tax_category
    from {{ ref('operator') }}
    where late_fee_percent > 0 or late_fee_amount > 0

),

documents as (

    select
        documents.document_number,
        documents.document_kind,
        documents.account_id,
        documents.bill_date,
        documents.due_date,
        documents.credited_document_number,
        documents.amount_total,
        documents.position
    from {{ ref('int_billed_documents') }} as documents
    inner join {{ ref('accounts') }} as accounts
        on documents.account_id = accounts.account_id
    inner join {{ ref('bill_run') }} as bill_run
        on
            accounts.cycle_day = bill_run.cycle_day
            -- an earlier bill date drafted again does not see later documents
            and documents.bill_date <= bill_run.bill_date
    cross join operator

),

payments as (

    select
        account_id,
        invoice_number,
        received_on,
        amount
    from {{ source('raw', 'payments') }}

),

-- what takes from an account's debt, with the day it counts from and the invoice it names
settlements as (

    select
        payments.account_id,
        payments.received_on as settled_on,
        invoices.document_number,
        payments.amount
    from payments
    left join documents as invoices
        on
            payments.invoice_number = invoices.document_number
            and payments.account_id = invoices.account_id

    union all

    select
        credit_notes.account_id,
        -- from the day after: a run that is repeated must not see its own credit notes (7.2)
        {{ add_days('credit_notes.bill_date', '1') }} as settled_on,
        credit_notes.credited_document_number as document_number,
        -credit_notes.amount_total as amount
    from documents as credit_notes
    where credit_notes.amount_total < 0

),

fees_due as (

    select
        invoices.document_number,
        invoices.account_id,
        invoices.bill_date,
        invoices.position,
        periods.period_start,
        periods.period_end,
        {{ add_days('invoices.due_date', 'operator.late_fee_after_days') }} as fee_date
    from documents as invoices
    cross join operator
    inner join {{ ref('int_run_periods') }} as periods
        on
            {{ add_days('invoices.due_date', 'operator.late_fee_after_days') }} >= periods.period_start
            and {{ add_days('invoices.due_date', 'operator.late_fee_after_days') }} < periods.period_end
            and {{ add_days('invoices.due_date', 'operator.late_fee_after_days') }} <= periods.run_bill_date
    where
        invoices.amount_total > 0
        and periods.is_in_window

),

-- each invoice with a fee date, against itself and the account's older invoices, as things stood on that date
debts as (

    select
        fees_due.document_number,
        fees_due.account_id,
        fees_due.fee_date,
        older.document_number as older_document_number,
        max(older.amount_total) as amount_total,
        sum(case when settlements.settled_on <= fees_due.fee_date then settlements.amount else 0 end) as named
    from fees_due
    inner join documents as older
        on
            fees_due.account_id = older.account_id
            and older.amount_total > 0
            and (
                older.bill_date < fees_due.bill_date
                or (older.bill_date = fees_due.bill_date and older.position <= fees_due.position)
            )
    left join settlements
        on older.document_number = settlements.document_number
    group by
        fees_due.document_number, fees_due.account_id, fees_due.fee_date, older.document_number

),

-- 8.1: the named invoice first, a surplus counts as money that names none
open_before_unnamed as (

    select
        document_number,
        account_id,
        fee_date,
        sum(greatest(amount_total - named, 0)) as debt,
        max(case when older_document_number = document_number then greatest(amount_total - named, 0) else 0 end)
            as own_debt
    from debts
    group by document_number, account_id, fee_date

),

unnamed as (

    select
        fees_due.document_number,
        sum(settlements.amount) as amount
    from fees_due
    inner join settlements
        on
            fees_due.account_id = settlements.account_id
            and settlements.settled_on <= fees_due.fee_date
    where settlements.document_number is null
    group by fees_due.document_number

),

surplus as (

    -- of any invoice of the account that had been issued by the fee date
    select
        paid.fee_document_number as document_number,
        sum(greatest(paid.named - paid.amount_total, 0)) as amount
    from (
        select
            fees_due.document_number as fee_document_number,
            invoices.document_number,
            max(invoices.amount_total) as amount_total,
            sum(settlements.amount) as named
        from fees_due
        inner join documents as invoices
            on
                fees_due.account_id = invoices.account_id
                and invoices.amount_total > 0
        inner join settlements
            on
                invoices.document_number = settlements.document_number
                and settlements.settled_on <= fees_due.fee_date
        group by fees_due.document_number, invoices.document_number
    ) as paid
    group by paid.fee_document_number

),

unpaid as (

    -- oldest first: what names no invoice pays the older debts before this one
    select
        open_before_unnamed.document_number,
        cast(
            least(
                open_before_unnamed.own_debt,
                greatest(
                    open_before_unnamed.debt - coalesce(unnamed.amount, 0) - coalesce(surplus.amount, 0), 0
                )
            ) as decimal(18, 3)
        ) as amount
    from open_before_unnamed
    left join unnamed
        on open_before_unnamed.document_number = unnamed.document_number
    left join surplus
        on open_before_unnamed.document_number = surplus.document_number

),

fees as (

    select
        fees_due.account_id,
        cast(null as string) as subscription_id,
        fees_due.document_number as charge_id,
        'Late payment fee ' || fees_due.document_number as description,
        fees_due.period_start,
        fees_due.period_end,
        fees_due.fee_date,
        operator.late_fee_tax_category as tax_category,
        unpaid.amount as unpaid_amount,
        {{ muldiv_to_currency(
            'unpaid.amount', 'operator.late_fee_percent', '100', 'operator.minor_units', a_digits=3, b_digits=6
        ) }} + {{ round_to_currency('operator.late_fee_amount', 'operator.minor_units') }} as amount_net
    from fees_due
    inner join unpaid
        on fees_due.document_number = unpaid.document_number
    cross join operator
    where unpaid.amount > 0

),

with_key as (

    select
        {{ charge_key('late_fee', 'charge_id') }} as charge_key,
        account_id,
        subscription_id,
        'late_fee' as charge_kind,
        charge_id,
        cast(null as string) as product_id,
        description,
        'charge' as name_entity,
        'late_fee' as name_id,
        period_start,
        period_end,
        fee_date as charged_from,
        {{ add_days('fee_date', 1) }} as charged_to,
        case when fee_date = period_start then period_start else period_end end as bill_date,
        cast(1 as decimal(28, 6)) as quantity,
        'each' as unit,
        tax_category,
        fee_date as tax_rate_date,
        unpaid_amount,
        cast(amount_net as decimal(18, 3)) as amount_net,
        cast(0 as decimal(18, 6)) as rounding
    from fees

)

select * from with_key
