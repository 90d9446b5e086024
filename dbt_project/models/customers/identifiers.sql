-- One row per identifier of a subscription and validity. Numbers are in E.164 digits (3.1).
with identifiers as (

    select
        identifiers.subscription_id,
        identifiers.kind,
        identifiers.identifier,
        identifiers.source_file,
        identifiers.source_line,
        operator.country_code,
        operator.national_prefix,
        operator.international_prefix,
        coalesce(identifiers.valid_from, timestamp '0001-01-01 00:00:00') as valid_from,
        coalesce(identifiers.valid_to, timestamp '9999-12-31 00:00:00') as valid_to
    from {{ source('raw', 'identifiers') }} as identifiers
    cross join {{ ref('operator') }} as operator

),

in_international_form as (

    select
        subscription_id,
        kind,
        source_file,
        source_line,
        valid_from,
        valid_to,
        case
            when kind = 'msisdn'
                then {{ e164_digits('identifier', 'country_code', 'national_prefix', 'international_prefix') }}
            else identifier
        end as identifier
    from identifiers

)

select * from in_international_form
