-- One row per list of taxes that a draft line bears and tax in it. step counts its taxes by sequence.
with vectors as (

    select distinct tax_vector
    from {{ ref('int_draft_lines') }}
    where tax_vector is not null

),

taxes as (

    select
        vectors.tax_vector,
        tax.tax_id,
        tax.name,
        cast(tax.rate_percent as decimal(18, 6)) as rate_percent,
        cast(coalesce(tax.sequence, '0') as bigint) as sequence,
        coalesce(tax.compound, 'false') = 'true' as is_compound,
        tax.en16931_category,
        tax.legal_text
    from vectors
    {{ cross_join_json_list('vectors.tax_vector', '$', [
        'tax_id', 'name', 'rate_percent', 'sequence', 'compound', 'en16931_category', 'legal_text',
    ], 'tax') }}

),

with_step as (

    select
        taxes.*,
        cast(
            dense_rank() over (partition by tax_vector order by sequence asc nulls last) as bigint
        ) as step
    from taxes

)

select * from with_step
