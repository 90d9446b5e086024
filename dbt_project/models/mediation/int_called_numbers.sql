-- One row per number as dialled, and span of days: its zone and destination (3.1).
{%- set longest = longest_length(ref('prefixes'), 'prefix') %}
with dialled as (

    select distinct other_party
    from {{ source('raw', 'usage_records') }}
    where
        other_party is not null
        and service in ('voice', 'sms', 'mms')
        and direction = 'originating'

),

in_digits as (

    select
        dialled.other_party,
        {{ digits_only('dialled.other_party') }} as digits,
        {{ e164_digits(
            'dialled.other_party', 'operator.country_code', 'operator.national_prefix',
            'operator.international_prefix'
        ) }} as e164
    from dialled
    cross join {{ ref('operator') }} as operator

),

prefixes as (

    select * from {{ ref('prefixes') }} where not exact

),

heads as (

    select distinct left(e164, {{ longest }}) as head from in_digits

),

head_zones as (

    select *
    from {{ longest_prefix_spans('heads', 'head', 'prefixes', 'prefix', ['zone', 'destination'], longest) }} as matched

),

-- a short code is matched on the digits as dialled and beats every prefix while it is in force
short_codes as (

    select
        in_digits.other_party,
        prefixes.zone,
        prefixes.destination,
        prefixes.valid_from as span_from,
        prefixes.valid_to as span_to
    from in_digits
    inner join {{ ref('prefixes') }} as prefixes
        on in_digits.digits = prefixes.prefix and prefixes.exact

),

by_prefix as (

    select
        in_digits.other_party,
        head_zones.zone,
        head_zones.destination,
        head_zones.span_from,
        head_zones.span_to
    from in_digits
    inner join head_zones
        on left(in_digits.e164, {{ longest }}) = head_zones.head
    left join (select distinct other_party from short_codes) as coded
        on in_digits.other_party = coded.other_party
    where coded.other_party is null

),

-- numbers that are a short code for part of the time only: a prefix may serve the rest
coded_by_prefix as (

    select
        in_digits.other_party,
        head_zones.zone,
        head_zones.destination,
        head_zones.span_from,
        head_zones.span_to
    from in_digits
    inner join head_zones
        on left(in_digits.e164, {{ longest }}) = head_zones.head
    inner join (select distinct other_party from short_codes) as coded
        on in_digits.other_party = coded.other_party

),

coded_candidates as (

    select *, 0 as preference from short_codes
    union all
    select *, 1 as preference from coded_by_prefix

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
        coded_candidates.zone,
        coded_candidates.destination,
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

    select other_party, zone, destination, span_from, span_to from by_prefix
    union all
    select other_party, zone, destination, span_from, span_to from coded_ranked where preference = 1

)

select * from called_numbers
