-- One row per situation that usage is in: rate cards, service, direction, visited zone and place, unpacked (3.2).
-- Situations that differ in the destination alone share a tariff_situation.
{{ config(materialized='grown') }}
{%- set known = known_rows() %}
with keys as (

    select guided.situation_key
    from {{ ref('int_guided_usage') }} as guided
    {% if known is not none -%}
    left join {{ known }} as known
        on guided.situation_key = known.situation_key
    {% endif -%}
    where
        guided.verdict is null
        {%- if known is not none %}
        and known.situation_key is null
        {%- endif %}
    group by guided.situation_key

),

unpacked as (

    select
        situation_key,
        situation_key % 2 as is_terminating,
        {{ floor_div('situation_key', 2) }} % 4 as service_number,
        {{ floor_div('situation_key', 8) }} % 1048576 as place_number,
        {{ floor_div('situation_key', 8388608) }} % 65536 as visited_number,
        {{ floor_div('situation_key', 549755813888) }} as card_set_number
    from keys

),

named as (

    select
        unpacked.situation_key,
        card_sets.rate_cards,
        {{ service_name('unpacked.service_number') }} as service,
        case when unpacked.is_terminating = 1 then 'terminating' else 'originating' end as direction,
        visited_zones.visited_zone,
        places.zone,
        places.destination
    from unpacked
    inner join {{ ref('int_card_sets') }} as card_sets
        on unpacked.card_set_number = card_sets.card_set_number
    inner join {{ ref('int_visited_zones') }} as visited_zones
        on unpacked.visited_number = visited_zones.visited_number
    left join {{ ref('int_places') }} as places
        on unpacked.place_number = places.place_number

),

{% if known is not none -%}
known_ids as (

    select distinct situation_id, rate_cards, service, direction, visited_zone, coalesce(zone, '') as zone from {{ known }}

),

{% endif -%}
with_tariff_situation as (

    select
        named.*,
        {% if known is not none -%}
        known_ids.situation_id as known_id,
        {% endif -%}
        dense_rank() over (
            {% if known is not none -%}
            partition by known_ids.situation_id is null
            {% endif -%}
            order by
                named.rate_cards asc nulls first, named.service asc nulls first, named.direction asc nulls first,
                named.visited_zone asc nulls first, coalesce(named.zone, '') asc nulls first
        ) as situation_id
    from named
    {% if known is not none -%}
    left join known_ids
        on
            named.rate_cards = known_ids.rate_cards
            and named.service = known_ids.service
            and named.direction = known_ids.direction
            and named.visited_zone = known_ids.visited_zone
            and coalesce(named.zone, '') = known_ids.zone
    {%- endif %}

),

with_lasting_ids as (

    select
        situation_key,
        rate_cards,
        service,
        direction,
        visited_zone,
        zone,
        destination,
        {% if known is not none -%}
        coalesce(known_id, (select coalesce(max(situation_id), 0) from {{ known }}) + situation_id) as situation_id
        {%- else -%}
        situation_id
        {%- endif %}
    from with_tariff_situation

)

select * from with_lasting_ids
