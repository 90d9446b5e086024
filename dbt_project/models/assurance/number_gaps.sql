-- One row per issued document that breaks the order of its series or of the chain (7.2). Empty when
-- all is well.
{{ config(tags=['issued', 'after_issue']) }}
with documents as (

    select
        document_number,
        account_id,
        bill_date,
        series,
        sequence,
        position
    from {{ source('issued', 'issued_documents') }}

),

with_document_before as (

    select
        documents.*,
        lag(sequence) over (
            partition by series order by sequence asc nulls last, document_number asc nulls last
        ) as sequence_before,
        lag(position) over (
            partition by series order by sequence asc nulls last, document_number asc nulls last
        ) as position_before_in_series,
        lag(position) over (
            order by position asc nulls last, document_number asc nulls last
        ) as position_before,
        cast(count(*) over (partition by document_number) as bigint) as uses_of_number
    from documents

),

with_expected_place as (

    select
        document_number,
        account_id,
        bill_date,
        series,
        sequence,
        cast(coalesce(sequence_before, 0) + 1 as bigint) as expected_sequence,
        position,
        cast(coalesce(position_before, 0) + 1 as bigint) as expected_position,
        position_before_in_series,
        uses_of_number
    from with_document_before

),

offenders as (

    select * from with_expected_place
    where
        sequence <> expected_sequence
        or position <> expected_position
        -- numbers of a series rise with the chain
        or position <= position_before_in_series
        or uses_of_number > 1

)

select * from offenders
