-- One row per jurisdiction or exemption, tax category and rate date of what is billed anew: its taxes (6.2).
-- tax_vector is the list of taxes as the issued line keeps it; null: the category has no rate there (5.7).
with needed as (

    select distinct
        jurisdictions.jurisdiction,
        jurisdictions.tax_exempt_reason,
        differences.tax_category,
        differences.tax_rate_date
    from {{ ref('int_unbilled_differences') }} as differences
    inner join {{ ref('int_account_jurisdictions') }} as jurisdictions
        on differences.account_id = jurisdictions.account_id
    where
        differences.rest <> 0
        and differences.tax_category is not null

),

rates as (

    select
        needed.jurisdiction,
        needed.tax_category,
        needed.tax_rate_date,
        {{ json_list(
            json_obj([
                ['tax_id', json_text('taxes.tax_id')],
                ['name', json_text('taxes.name')],
                ['rate_percent', json_text(decimal_text('taxes.rate_percent'))],
                ['sequence', json_number('taxes.sequence')],
                ['compound', json_boolean('taxes.compound')],
                ['en16931_category', json_text('taxes.en16931_category')],
                ['legal_text', json_text('taxes.legal_text')],
            ]),
            'taxes.sequence asc nulls last, taxes.tax_id asc nulls last'
        ) }} as tax_vector
    from needed
    inner join {{ ref('taxes') }} as taxes
        on
            needed.jurisdiction = taxes.jurisdiction
            and needed.tax_category = taxes.tax_category
            and needed.tax_rate_date >= taxes.valid_from
            and needed.tax_rate_date < taxes.valid_to
    where needed.tax_exempt_reason is null
    group by needed.jurisdiction, needed.tax_category, needed.tax_rate_date

),

exempt as (

    -- an exempt account gets category, reason and legal text instead of rates
    select
        needed.jurisdiction,
        needed.tax_exempt_reason,
        needed.tax_category,
        needed.tax_rate_date,
        '[' || {{ json_obj([
            ['tax_id', json_text("'exempt'")],
            ['name', json_text('needed.tax_exempt_reason')],
            ['rate_percent', json_text("'0'")],
            ['sequence', json_number('0')],
            ['compound', json_boolean('false')],
            ['en16931_category', json_text(en16931_exemption('needed.tax_exempt_reason'))],
            ['legal_text', json_text('needed.tax_exempt_reason')],
        ]) }} || ']' as tax_vector
    from needed
    where needed.tax_exempt_reason is not null

),

vectors as (

    select
        needed.jurisdiction,
        needed.tax_exempt_reason,
        needed.tax_category,
        needed.tax_rate_date,
        coalesce(exempt.tax_vector, rates.tax_vector) as tax_vector
    from needed
    left join exempt
        on
            needed.jurisdiction = exempt.jurisdiction
            and needed.tax_exempt_reason = exempt.tax_exempt_reason
            and needed.tax_category = exempt.tax_category
            and needed.tax_rate_date = exempt.tax_rate_date
    left join rates
        on
            needed.jurisdiction = rates.jurisdiction
            and needed.tax_exempt_reason is null
            and needed.tax_category = rates.tax_category
            and needed.tax_rate_date = rates.tax_rate_date

)

select * from vectors
