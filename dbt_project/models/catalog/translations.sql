-- One row per entity, id and language.
with translations as (

    select
        entity,
        id,
        language,
        name
    from {{ source('raw', 'translations') }}

)

select * from translations
