{#- Text and numbers: what DuckDB and Spark spell differently. -#}

{#- The digits of a text, nothing else. -#}
{% macro digits_only(value) -%}
    regexp_replace({{ value }}, '[^0-9]', '', 'g')
{%- endmacro %}

{#- Whether a text begins with another one; no text begins with an empty one. -#}
{% macro begins_with(value, beginning) -%}
    ({{ beginning }} <> '' and starts_with({{ value }}, {{ beginning }}))
{%- endmacro %}

{#- Whole number division of non-negative integers, rounded up. -#}
{% macro ceil_div(a, b) -%}
    ((({{ a }}) + ({{ b }}) - 1) // ({{ b }}))
{%- endmacro %}

{#- Whole number division of non-negative integers, rounded down. -#}
{% macro floor_div(a, b) -%}
    (({{ a }}) // ({{ b }}))
{%- endmacro %}

{#- One row per element of a `;` list: a from-item with columns of `key` and `element`. -#}
{% macro split_rows(relation, key, list, element) -%}
    (
        select
            {{ key }},
            trim(unnest(string_split({{ list }}, ';'))) as {{ element }}
        from {{ relation }}
    )
{%- endmacro %}

{#- A 64-bit hash of several texts: finds candidates only, equality of the texts decides. -#}
{% macro text_hash(values) -%}
    hash({{ values | join(', ') }})
{%- endmacro %}

{#- The texts of a group, joined in the given order (an aggregate). -#}
{% macro ordered_text_list(value, order_by, separator) -%}
    string_agg({{ value }}, '{{ separator }}' order by {{ order_by }})
{%- endmacro %}

{#- A select with one row per element of a list column: the list, the element and its position from 1. -#}
{% macro numbered_list_rows(relation, list, separator, element, position) -%}
    select
        {{ list }},
        unnest(string_split({{ list }}, '{{ separator }}')) as {{ element }},
        unnest(range(1, len(string_split({{ list }}, '{{ separator }}')) + 1)) as {{ position }}
    from {{ relation }}
{%- endmacro %}
