{#-
    The body of a model that gives each distinct combination of `columns` in the query `values` a
    whole number for good: new combinations get the next numbers, known ones keep theirs. Numbers
    only make joins and stored rows narrow; nothing that leaves the warehouse shows them.
-#}
{% macro numbered_once(values, columns, number) -%}
{%- set known = namespace(relation=none) -%}
{%- if execute and flags.WHICH in ('run', 'build', 'show') -%}
    {%- set known.relation = load_relation(this) -%}
{%- endif -%}
with wanted as (

    {{ values }}

),

distinct_values as (

    select distinct {{ columns | join(', ') }} from wanted

),

new_values as (

    select
        {% for column in columns %}distinct_values.{{ column }}{% if not loop.last %}, {% endif %}{% endfor %}
    from distinct_values
    {% if known.relation is not none %}
    left join {{ known.relation }} as known
        on {% for column in columns %}distinct_values.{{ column }} = known.{{ column }}{% if not loop.last %} and {% endif %}{% endfor %}
    where known.{{ number }} is null
    {% endif %}

),

numbered as (

    select
        {{ columns | join(', ') }},
        {% if known.relation is not none %}(select coalesce(max({{ number }}), 0) from {{ known.relation }}) + {% endif %}
        row_number() over (order by {% for column in columns %}{{ column }} asc nulls first{% if not loop.last %}, {% endif %}{% endfor %}) as {{ number }}
    from new_values

)

select * from numbered
{%- endmacro %}
