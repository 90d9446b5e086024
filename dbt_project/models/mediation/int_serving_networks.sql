-- One row per serving network as written in usage, and span of days: its visited zone (3.1).
{%- set longest = longest_length(ref('networks'), 'network') %}
with serving as (

    select distinct serving_network
    from {{ source('raw', 'usage_records') }}
    where serving_network is not null

),

networks as (

    select * from {{ ref('networks') }}

),

visited as (

    select *
    from {{ longest_prefix_spans(
        'serving', 'serving_network', 'networks', 'network', ['visited_zone', 'country'], longest
    ) }} as matched

)

select * from visited
