-- One row per line of an issued document and tax on it: the rate as issued, and its row of taxes.csv (6.2, 9.1).
-- For whoever asks; nothing that bills reads it.
{{ config(materialized='view', tags=['issued']) }}
with lines as (

    select
        documents.document_number,
        documents.account_id,
        documents.bill_date,
        cast(line.line_number as bigint) as line_number,
        line.charge_key,
        line.tax_category,
        cast(line.charged_from as date) as charged_from,
        line.taxes
    from {{ source('issued', 'issued_documents') }} as documents
    {{ cross_join_json_list('documents.document', '$.lines', [
        'line_number', 'charge_key', 'tax_category', 'charged_from', 'taxes',
    ], 'line') }}

),

taxed as (

    select
        lines.document_number,
        lines.account_id,
        lines.bill_date,
        lines.line_number,
        lines.charge_key,
        lines.tax_category,
        lines.charged_from,
        tax.tax_id,
        tax.name,
        cast(tax.rate_percent as decimal(18, 6)) as rate_percent
    from lines
    {{ cross_join_json_list('lines.taxes', '$', ['tax_id', 'name', 'rate_percent'], 'tax') }}

),

-- the row with that rate on the day of the charge; the account's own jurisdiction before its country
with_row as (

    select
        taxed.document_number,
        taxed.account_id,
        taxed.bill_date,
        taxed.line_number,
        taxed.charge_key,
        taxed.tax_category,
        taxed.tax_id,
        taxed.name,
        taxed.rate_percent,
        max(taxes.jurisdiction) as jurisdiction,
        max(taxes.source_file) as tax_file,
        max(taxes.source_line) as tax_line
    from taxed
    left join {{ ref('accounts') }} as accounts
        on taxed.account_id = accounts.account_id
    left join {{ ref('taxes') }} as taxes
        on
            taxed.tax_category = taxes.tax_category
            and taxed.tax_id = taxes.tax_id
            and taxed.rate_percent = taxes.rate_percent
            and taxed.charged_from >= taxes.valid_from
            and taxed.charged_from < taxes.valid_to
            and taxes.jurisdiction in (
                accounts.tax_jurisdiction, accounts.country, accounts.country || '-' || accounts.region
            )
    group by
        taxed.document_number, taxed.account_id, taxed.bill_date, taxed.line_number, taxed.charge_key,
        taxed.tax_category, taxed.tax_id, taxed.name, taxed.rate_percent

)

select * from with_row
