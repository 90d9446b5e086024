-- One row per issued document that does not name the hash of the document before it (7.2). Empty
-- when all is well.
{{ config(tags=['issued', 'after_issue']) }}
with documents as (

    select
        document_number,
        position,
        previous_sha256,
        coalesce(
            lag(document_sha256) over (order by position asc nulls last, document_number asc nulls last), ''
        ) as sha256_of_document_before
    from {{ source('issued', 'issued_documents') }}

),

offenders as (

    select * from documents
    where previous_sha256 is null or previous_sha256 <> sha256_of_document_before

)

select * from offenders
