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

with_expected_place as (

    select
        documents.*,
        cast(
            row_number() over (
                partition by series order by sequence asc nulls last, document_number asc nulls last
            ) as bigint
        ) as expected_sequence,
        cast(
            row_number() over (order by position asc nulls last, document_number asc nulls last) as bigint
        ) as expected_position,
        -- numbers of a series rise with the chain
        lag(position) over (
            partition by series order by sequence asc nulls last, document_number asc nulls last
        ) as position_before,
        count(*) over (partition by document_number) as uses_of_number
    from documents

),

offenders as (

    select
        document_number,
        account_id,
        bill_date,
        series,
        sequence,
        expected_sequence,
        position,
        expected_position,
        cast(uses_of_number as bigint) as uses_of_number
    from with_expected_place
    where
        sequence <> expected_sequence
        or position <> expected_position
        or position <= position_before
        or uses_of_number > 1

)

select * from offenders
