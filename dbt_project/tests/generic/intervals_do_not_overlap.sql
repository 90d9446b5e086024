{#- Per key, half-open intervals [from, to) never share a moment; an empty interval holds none. -#}
{% test intervals_do_not_overlap(model, key, from_column='valid_from', to_column='valid_to') %}

with intervals as (

    select
        {{ key | join(', ') }},
        {{ from_column }} as starts,
        {{ to_column }} as ends
    from {{ model }}
    where {{ from_column }} < {{ to_column }}

),

with_latest_end_before as (

    select
        intervals.*,
        max(ends) over (
            partition by {{ key | join(', ') }}
            order by starts asc nulls first, ends asc nulls first
            rows between unbounded preceding and 1 preceding
        ) as latest_end_before
    from intervals

)

select * from with_latest_end_before
where starts < latest_end_before

{% endtest %}
