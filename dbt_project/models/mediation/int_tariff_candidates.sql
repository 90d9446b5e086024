-- One row per situation, band and price step of its cards: what may be in force, and how closely it fits (3.2).
-- Of situations that come for the first time; the timeline of the others stands.
{%- set known = known_rows('int_tariff_timeline') %}
with situations as (

    select *
    from {{ ref('int_tariff_situations') }}
    {% if known is not none -%}
    where situation_id not in (select situation_id from {{ known }})
    {%- endif %}

),

distinct_cards as (

    select distinct rate_cards from situations

),

cards as (

    {{ numbered_list_rows('distinct_cards', 'rate_cards', '&', 'card_entry', 'card_rank') }}

),

situation_cards as (

    select
        situations.situation_id,
        situations.service,
        situations.direction,
        situations.visited_zone,
        situations.zone,
        cards.card_rank,
        split_part(cards.card_entry, '=', 1) as product_id,
        split_part(cards.card_entry, '=', 2) as rate_card_id
    from situations
    inner join cards
        on situations.rate_cards = cards.rate_cards

),

patterns as (

    select *, visited_zone as visited_pattern, zone as zone_pattern, 0 as looseness from situation_cards
    union all
    select *, visited_zone as visited_pattern, '*' as zone_pattern, 1 as looseness from situation_cards
    union all
    select *, '*' as visited_pattern, zone as zone_pattern, 2 as looseness from situation_cards
    union all
    select *, '*' as visited_pattern, '*' as zone_pattern, 3 as looseness from situation_cards

),

candidates as (

    select
        patterns.situation_id,
        patterns.card_rank,
        patterns.product_id,
        patterns.looseness,
        steps.rate_step_id,
        steps.rate_ids,
        steps.band,
        steps.starts_at,
        steps.span_from,
        steps.span_to
    from patterns
    inner join {{ ref('int_rate_steps') }} as steps
        on
            patterns.rate_card_id = steps.rate_card_id
            and patterns.service = steps.service
            and patterns.direction = steps.direction
            and patterns.visited_pattern = steps.visited_zone
            and patterns.zone_pattern = steps.zone

),

bands as (

    select band, band_number from {{ ref('int_band_numbers') }}

),

candidates_in_bands as (

    select
        candidates.situation_id,
        candidates.card_rank,
        candidates.product_id,
        candidates.looseness,
        candidates.rate_step_id,
        candidates.rate_ids,
        candidates.starts_at,
        candidates.span_from,
        candidates.span_to,
        bands.band_number,
        case when candidates.band = '*' then 1 else 0 end as band_looseness
    from candidates
    inner join bands
        on candidates.band = bands.band or candidates.band = '*'

)

select * from candidates_in_bands
