-- One row per draft, tax category, tax and rate (6.2).
{{ config(
    materialized='incremental',
    incremental_strategy='replace_where',
    replace_where='bill_date = (select bill_date from customers.bill_run)',
    on_schema_change='append_new_columns',
    full_refresh=false,
) }}
with summed as (

    -- lists of taxes that hold the same tax at the same rate are taxed together
    select
        account_id,
        tax_category,
        tax_id,
        rate_percent,
        min(name) as name,
        min(sequence) as sequence,
        min(en16931_category) as en16931_category,
        min(legal_text) as legal_text,
        cast(sum(taxable_amount) as decimal(18, 3)) as taxable_amount,
        cast(sum(amount_tax) as decimal(18, 3)) as amount_tax
    from {{ ref('int_draft_tax_amounts') }}
    group by account_id, tax_category, tax_id, rate_percent

),

taxes as (

    select
        summed.account_id,
        {{ bill_date() }} as bill_date,
        summed.tax_category,
        summed.tax_id,
        summed.name,
        summed.rate_percent,
        summed.taxable_amount,
        case
            when operator.prices_include_tax then summed.amount_tax
            else {{ muldiv_to_currency(
                'summed.taxable_amount', 'summed.rate_percent', '100', 'operator.minor_units',
                a_digits=3, b_digits=6
            ) }}
        end as amount_tax,
        summed.sequence,
        summed.en16931_category,
        summed.legal_text,
        operator.currency_code
    from summed
    cross join {{ ref('operator') }} as operator

)

select * from taxes
