-- One row per head of numbers dialled (or whole number, where the head holds more than digits) and span of days:
-- its place (3.1).
{{ config(materialized='grown') }}
{%- set known = known_rows() %}
{%- set longest = longest_length(ref('prefixes'), 'prefix') %}
with dialled as (

    select head as dialled from {{ ref('int_called_heads') }} where is_digits
    union
    select records.other_party as dialled
    from {{ records_to_judge() }} as records
    cross join {{ ref('int_head_lengths') }} as lengths
    inner join (select head from {{ ref('int_called_heads') }} where not is_digits) as heads
        on {{ dialled_head('records.other_party', 'lengths') }} = heads.head
    where records.service <> 'data' and records.direction = 'originating'

),

new_dialled as (

    select dialled.dialled
    from dialled
    {% if known is not none -%}
    left join (select distinct dialled from {{ known }}) as known
        on dialled.dialled = known.dialled
    where known.dialled is null
    {%- endif %}

),

in_digits as (

    select
        dialled,
        {{ digits_only('dialled') }} as digits,
        {{ has_plus('dialled') }} as has_plus
    from new_dialled

),

in_international_form as (

    select
        in_digits.dialled,
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
        in_international_form.dialled,
        prefixes.place_number,
        prefixes.valid_from as span_from,
        prefixes.valid_to as span_to
    from in_international_form
    inner join prefixes
        on in_international_form.digits = prefixes.prefix and prefixes.exact

),

by_prefix as (

    select
        in_international_form.dialled,
        head_places.place_number,
        head_places.span_from,
        head_places.span_to
    from in_international_form
    inner join head_places
        on in_international_form.head = head_places.head

),

coded as (

    select distinct dialled from short_codes

),

-- of numbers that are a short code for a part of the time, a prefix may serve the rest
coded_candidates as (

    select dialled, place_number, span_from, span_to, 0 as preference from short_codes
    union all
    select by_prefix.dialled, by_prefix.place_number, by_prefix.span_from, by_prefix.span_to, 1 as preference
    from by_prefix
    inner join coded
        on by_prefix.dialled = coded.dialled

),

coded_edges as (

    select dialled, span_from as edge_on from coded_candidates
    union
    select dialled, span_to as edge_on from coded_candidates

),

coded_spans as (

    select
        dialled,
        edge_on as span_from,
        lead(edge_on) over (partition by dialled order by edge_on asc nulls last) as span_to
    from coded_edges

),

coded_ranked as (

    select
        coded_spans.dialled,
        coded_candidates.place_number,
        coded_spans.span_from,
        coded_spans.span_to,
        row_number() over (
            partition by coded_spans.dialled, coded_spans.span_from
            order by coded_candidates.preference asc nulls last
        ) as preference
    from coded_spans
    inner join coded_candidates
        on
            coded_spans.dialled = coded_candidates.dialled
            and coded_spans.span_from >= coded_candidates.span_from
            and coded_spans.span_from < coded_candidates.span_to
    where coded_spans.span_to is not null

),

called_numbers as (

    select
        by_prefix.dialled,
        by_prefix.place_number,
        by_prefix.span_from,
        by_prefix.span_to
    from by_prefix
    left join coded
        on by_prefix.dialled = coded.dialled
    where coded.dialled is null
    union all
    select dialled, place_number, span_from, span_to from coded_ranked where preference = 1

)

select * from called_numbers
