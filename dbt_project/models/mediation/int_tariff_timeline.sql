-- One row per situation, band, span of time and elapsed part of an event: the price step in force (3.2).
-- Per moment the first card with any matching row decides, and in it the most specific row:
-- exact visited zone before exact zone before exact band; then the greatest starts_at reached.
{{ config(materialized='grown') }}
{%- set known = known_rows() %}
with in_bands as (

    select *
    from {{ ref('int_tariff_candidates') }}
    {% if known is not none -%}
    where situation_id not in (select situation_id from {{ known }})
    {%- endif %}

),

day_edges as (

    select situation_id, band_number, span_from as edge_on from in_bands
    union
    select situation_id, band_number, span_to as edge_on from in_bands

),

day_spans as (

    select
        situation_id,
        band_number,
        edge_on as span_from,
        lead(edge_on) over (partition by situation_id, band_number order by edge_on asc nulls last) as span_to
    from day_edges

),

elapsed_edges as (

    select distinct situation_id, band_number, starts_at as elapsed_from from in_bands

),

elapsed_spans as (

    select
        situation_id,
        band_number,
        elapsed_from,
        lead(elapsed_from) over (
            partition by situation_id, band_number order by elapsed_from asc nulls last
        ) as elapsed_to
    from elapsed_edges

),

ranked as (

    select
        day_spans.situation_id,
        day_spans.band_number,
        day_spans.span_from,
        day_spans.span_to,
        elapsed_spans.elapsed_from,
        elapsed_spans.elapsed_to,
        in_bands.product_id,
        in_bands.rate_step_id,
        in_bands.rate_ids,
        row_number() over (
            partition by
                day_spans.situation_id, day_spans.band_number, day_spans.span_from, elapsed_spans.elapsed_from
            order by
                in_bands.card_rank asc nulls last, in_bands.looseness asc nulls last,
                in_bands.band_looseness asc nulls last, in_bands.starts_at desc nulls last,
                in_bands.rate_step_id asc nulls last
        ) as preference
    from day_spans
    inner join elapsed_spans
        on day_spans.situation_id = elapsed_spans.situation_id and day_spans.band_number = elapsed_spans.band_number
    inner join in_bands
        on
            day_spans.situation_id = in_bands.situation_id
            and day_spans.band_number = in_bands.band_number
            and day_spans.span_from >= in_bands.span_from
            and day_spans.span_from < in_bands.span_to
            and elapsed_spans.elapsed_from >= in_bands.starts_at
    where day_spans.span_to is not null

),

chosen as (

    select
        ranked.*,
        lag(span_to) over (
            partition by situation_id, band_number, elapsed_from order by span_from asc nulls last
        ) as earlier_span_to,
        lag(rate_ids) over (
            partition by situation_id, band_number, elapsed_from order by span_from asc nulls last
        ) as earlier_rate_ids,
        lag(product_id) over (
            partition by situation_id, band_number, elapsed_from order by span_from asc nulls last
        ) as earlier_product_id
    from ranked
    where preference = 1

),

-- an edge at which the same rate rows go on, of all tiers, is none: a call is cut only where another comes into force
stretches as (

    select
        chosen.*,
        sum(
            case
                when earlier_span_to = span_from and earlier_rate_ids = rate_ids and earlier_product_id = product_id
                    then 0
                else 1
            end
        ) over (
            partition by situation_id, band_number, elapsed_from order by span_from asc nulls last rows unbounded preceding
        ) as stretch
    from chosen

),

merged as (

    select
        situation_id,
        band_number,
        elapsed_from,
        elapsed_to,
        product_id,
        rate_ids,
        stretch,
        min(rate_step_id) as rate_step_id,
        min(span_from) as span_from,
        max(span_to) as span_to
    from stretches
    group by situation_id, band_number, elapsed_from, elapsed_to, product_id, rate_ids, stretch

),

in_seconds as (

    select
        merged.situation_id,
        merged.band_number,
        merged.elapsed_from,
        coalesce(merged.elapsed_to, {{ end_of_time() }}) as elapsed_to,
        products.product_number,
        merged.rate_ids,
        merged.rate_step_id,
        case
            when merged.span_from <= date '1000-01-01' then -{{ end_of_time() }}
            else {{ epoch_seconds(local_to_utc('merged.span_from', 'operator.time_zone')) }}
        end as from_second,
        case
            when merged.span_to >= date '9999-12-31' then {{ end_of_time() }}
            else {{ epoch_seconds(local_to_utc('merged.span_to', 'operator.time_zone')) }}
        end as to_second
    from merged
    inner join {{ ref('int_product_numbers') }} as products
        on merged.product_id = products.product_id
    cross join {{ ref('operator') }} as operator

)

select * from in_seconds
