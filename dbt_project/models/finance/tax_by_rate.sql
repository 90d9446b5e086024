-- One row per month, jurisdiction, tax, rate and currency: what was taxed and the tax, from issued documents.
-- amount_in_ledger stands on the month's first row and is the tax of the whole month.
{{ config(materialized='view') }}
with taxes as (

    select
        cast(date_trunc('month', taxes.bill_date) as date) as month,
        coalesce(accounts.tax_jurisdiction, accounts.country) as jurisdiction,
        taxes.tax_category,
        taxes.tax_id,
        taxes.name,
        taxes.rate_percent,
        taxes.currency_code,
        count(distinct taxes.document_number) as documents,
        sum(taxes.taxable_amount) as taxable_amount,
        sum(taxes.amount_tax) as amount_tax
    from {{ ref('invoice_taxes') }} as taxes
    left join {{ ref('accounts') }} as accounts
        on taxes.account_id = accounts.account_id
    group by
        cast(date_trunc('month', taxes.bill_date) as date),
        coalesce(accounts.tax_jurisdiction, accounts.country),
        taxes.tax_category, taxes.tax_id, taxes.name, taxes.rate_percent, taxes.currency_code

),

ledger as (

    select
        cast(date_trunc('month', entry_date) as date) as month,
        currency_code,
        sum(credit - debit) as amount
    from {{ ref('journal_entries') }}
    where posting = 'tax_collected'
    group by cast(date_trunc('month', entry_date) as date), currency_code

),

ranked as (

    select
        taxes.*,
        row_number() over (
            partition by month, currency_code
            order by
                jurisdiction asc nulls last, tax_category asc nulls last, tax_id asc nulls last,
                rate_percent asc nulls last, name asc nulls last
        ) as place
    from taxes

),

with_ledger as (

    select
        ranked.month,
        ranked.jurisdiction,
        ranked.tax_category,
        ranked.tax_id,
        ranked.name,
        ranked.rate_percent,
        cast(ranked.documents as bigint) as documents,
        cast(ranked.taxable_amount as decimal(18, 3)) as taxable_amount,
        cast(ranked.amount_tax as decimal(18, 3)) as amount_tax,
        cast(case when ranked.place = 1 then coalesce(ledger.amount, 0) end as decimal(18, 3)) as amount_in_ledger,
        ranked.currency_code
    from ranked
    left join ledger
        on ranked.month = ledger.month and ranked.currency_code = ledger.currency_code

)

select * from with_ledger
