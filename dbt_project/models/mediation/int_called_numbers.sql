-- One row per number as dialled, and span of days: its place (3.1).
{%- set longest = longest_length(ref('prefixes'), 'prefix') %}
with dialled as (

    select distinct other_party
    from {{ source('raw', 'usage_records') }}
    where
        other_party is not null
        and service <> 'data'
        and direction = 'originating'

),

in_digits as (

    select
        other_party,
        {{ digits_only('other_party') }} as digits,
        {{ has_plus('other_party') }} as has_plus
    from dialled

),

in_international_form as (

    select
        in_digits.other_party,
        in_digits.digits,
        left({{ e164_of_digits(
            'in_digits.digits', 'in_digits.has_plus', 'operator.country_code', 'operator.national_prefix',
            'operator.international_prefix'
        ) }}, {{ longest }}) as head
    from in_digits
    cross join {{ ref('operator') }} as operator

),

prefixes as (

    select
        prefixes.prefix,
        prefixes.exact,
        prefixes.valid_from,
        prefixes.valid_to,
        places.place_number
    from {{ ref('prefixes') }} as prefixes
    inner join {{ ref('int_places') }} as places
        on prefixes.zone = places.zone and prefixes.destination = places.destination

),

open_prefixes as (

    select * from prefixes where not exact

),

heads as (

    select distinct head from in_international_form

),

head_places as (

    select *
    from {{ longest_prefix_spans('heads', 'head', 'open_prefixes', 'prefix', ['place_number'], longest) }} as matched

),

-- a short code is matched on the digits as dialled and beats every prefix while it is in force
short_codes as (

    select
        in_international_form.other_party,
        prefixes.place_number,
        prefixes.valid_from as span_from,
        prefixes.valid_to as span_to
    from in_international_form
    inner join prefixes
        on in_international_form.digits = prefixes.prefix and prefixes.exact

),

by_prefix as (

    select
        in_international_form.other_party,
        head_places.place_number,
        head_places.span_from,
        head_places.span_to
    from in_international_form
    inner join head_places
        on in_international_form.head = head_places.head

),

coded as (

    select distinct other_party from short_codes

),

-- of numbers that are a short code for a part of the time, a prefix may serve the rest
coded_candidates as (

    select other_party, place_number, span_from, span_to, 0 as preference from short_codes
    union all
    select by_prefix.other_party, by_prefix.place_number, by_prefix.span_from, by_prefix.span_to, 1 as preference
    from by_prefix
    inner join coded
        on by_prefix.other_party = coded.other_party

),

coded_edges as (

    select other_party, span_from as edge_on from coded_candidates
    union
    select other_party, span_to as edge_on from coded_candidates

),

coded_spans as (

    select
        other_party,
        edge_on as span_from,
        lead(edge_on) over (partition by other_party order by edge_on asc nulls last) as span_to
    from coded_edges

),

coded_ranked as (

    select
        coded_spans.other_party,
        coded_candidates.place_number,
        coded_spans.span_from,
        coded_spans.span_to,
        row_number() over (
            partition by coded_spans.other_party, coded_spans.span_from
            order by coded_candidates.preference asc nulls last
        ) as preference
    from coded_spans
    inner join coded_candidates
        on
            coded_spans.other_party = coded_candidates.other_party
            and coded_spans.span_from >= coded_candidates.span_from
            and coded_spans.span_from < coded_candidates.span_to
    where coded_spans.span_to is not null

),

called_numbers as (

    select
        by_prefix.other_party,
        by_prefix.place_number,
        by_prefix.span_from,
        by_prefix.span_to
    from by_prefix
    left join coded
        on by_prefix.other_party = coded.other_party
    where coded.other_party is null
    union all
    select other_party, place_number, span_from, span_to from coded_ranked where preference = 1

)

select * from called_numbers
