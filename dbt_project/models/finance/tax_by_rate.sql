-- One row per month, jurisdiction, tax, rate and currency: what was taxed and the tax, from issued documents.
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

by_rate as (

    select
        month,
        jurisdiction,
        tax_category,
        tax_id,
        name,
        rate_percent,
        cast(documents as bigint) as documents,
        cast(taxable_amount as decimal(18, 3)) as taxable_amount,
        cast(amount_tax as decimal(18, 3)) as amount_tax,
        currency_code
    from taxes

)

select * from by_rate
