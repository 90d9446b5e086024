-- One row per situation that usage is in: rate cards, service, direction, visited zone and place, unpacked (3.2).
-- Situations that differ in the destination alone share a tariff_situation.
{%- set scope = judging_scope() %}
{%- set first_bill_date = first_bill_date_in_window() %}
{%- set events = load_relation(api.Relation.create(database=target.database, schema='mediation', identifier='int_usage_events')) %}
{%- set unrated = load_relation(api.Relation.create(database=target.database, schema='mediation', identifier='int_unrated_records')) %}
with keys as (

    select situation_key
    from {{ ref('int_guided_usage') }}
    where verdict is null
    group by situation_key
    {% if not scope.is_full and events is not none and unrated is not none -%}
    -- and those of the usage that was judged before
    union
    select situation_key
    from {{ events }}
    where bill_date >= {{ first_bill_date }}
    union
    select situation_key
    from {{ unrated }}
    where verdict = {{ verdict('no_rate') }}
    {%- endif %}

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

with_tariff_situation as (

    select
        named.*,
        dense_rank() over (
            order by
                rate_cards asc nulls first, service asc nulls first, direction asc nulls first,
                visited_zone asc nulls first, coalesce(zone, '') asc nulls first
        ) as situation_id
    from named

)

select * from with_tariff_situation
