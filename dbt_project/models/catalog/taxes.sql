-- One row per jurisdiction, tax category, tax and validity.
with taxes as (

    select
        jurisdiction,
        tax_category,
        tax_id,
        name,
        en16931_category,
        legal_text,
        source_file,
        source_line,
        coalesce(rate_percent, 0) as rate_percent,
        coalesce(sequence, 0) as sequence,
        coalesce(compound, false) as compound,
        coalesce(valid_from, date '0001-01-01') as valid_from,
        coalesce(valid_to, date '9999-12-31') as valid_to
    from {{ source('raw', 'taxes') }}

)

select * from taxes
