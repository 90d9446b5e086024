-- One row per issued document whose content is not what was issued (7.3). Empty when all is well.
{{ config(tags=['issued', 'after_issue']) }}
with documents as (

    select
        document_number,
        account_id,
        bill_date,
        document_sha256,
        {{ sha256_hex('previous_sha256 || document') }} as sha256_of_content
    from {{ source('issued', 'issued_documents') }}

),

offenders as (

    select * from documents
    where not coalesce(document_sha256 = sha256_of_content, false)

)

select * from offenders
