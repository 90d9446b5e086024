-- One row: how many characters of a number as dialled decide its place (3.1), by how the number begins.
with longest as (

    select
        coalesce(max(case when not prefixes.exact then length(prefixes.prefix) end), 0) as prefix_length,
        coalesce(max(
            case
                when
                    not prefixes.exact
                    and left(prefixes.prefix, length(operator.country_code)) = operator.country_code
                    then length(prefixes.prefix) - length(operator.country_code)
            end
        ), 0) as home_length,
        -- a longer number never equals a short code, if its head is longer than any of them
        coalesce(max(case when prefixes.exact then length(prefixes.prefix) end), 0) + 1 as short_code_length
    from {{ ref('operator') }} as operator
    left join {{ ref('prefixes') }} as prefixes
        on true

),

lengths as (

    select
        operator.international_prefix,
        operator.national_prefix,
        greatest(longest.prefix_length, longest.short_code_length) + 1 as plus_length,
        greatest(longest.prefix_length + length(operator.international_prefix), longest.short_code_length)
            as international_length,
        greatest(longest.home_length + length(operator.national_prefix), longest.short_code_length)
            as national_length,
        greatest(longest.prefix_length, longest.short_code_length) as other_length
    from longest
    cross join {{ ref('operator') }} as operator

)

select * from lengths
