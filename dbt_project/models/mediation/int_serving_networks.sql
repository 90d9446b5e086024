-- One row per serving network as written in usage, and span of days: its visited zone (3.1).
{{ config(materialized='grown') }}
{%- set known = known_rows() %}
{%- set longest = longest_length(ref('networks'), 'network') %}
with serving as (

    select distinct serving_network
    from {{ records_to_judge() }} as records
    where
        serving_network is not null
        {%- if known is not none %}
        and serving_network not in (select serving_network from {{ known }})
        {%- endif %}

),

networks as (

    select
        networks.network,
        networks.valid_from,
        networks.valid_to,
        visited_zones.visited_number
    from {{ ref('networks') }} as networks
    inner join {{ ref('int_visited_zones') }} as visited_zones
        on networks.visited_zone = visited_zones.visited_zone

),

visited as (

    select *
    from {{ longest_prefix_spans(
        'serving', 'serving_network', 'networks', 'network', ['visited_number'], longest
    ) }} as matched

)

select * from visited
