{#-
    JSON as text, built and read the same way by every engine: members stand in the order given,
    nothing between them, money and dates as strings, so equal content is equal text (7.2).
-#}

{#- A text as a JSON string; null stays null. -#}
{% macro json_text(value) -%}
    {{ return(adapter.dispatch('json_text')(value)) }}
{%- endmacro %}

{% macro default__json_text(value) -%}
    coalesce(cast(to_json(cast({{ value }} as string)) as string), 'null')
{%- endmacro %}

{% macro spark__json_text(value) -%}
    (case
        when {{ value }} is null then 'null'
        else substring(
            to_json(array(cast({{ value }} as string))), 2,
            length(to_json(array(cast({{ value }} as string)))) - 2
        )
    end)
{%- endmacro %}

{#- A whole number as a JSON number; null stays null. Money never takes this way. -#}
{% macro json_number(value) -%}
    coalesce(cast({{ value }} as string), 'null')
{%- endmacro %}

{% macro json_boolean(value) -%}
    (case when {{ value }} then 'true' when not {{ value }} then 'false' else 'null' end)
{%- endmacro %}

{#- A JSON object. `members` is a list of [name, JSON expression]; no expression may be null. -#}
{% macro json_obj(members) -%}
    concat(
        {%- for member in members %}
        '{% if loop.first %}{{ '{' }}{% else %},{% endif %}"{{ member[0] }}":', {{ member[1] }},
        {%- endfor %}
        '}'
    )
{%- endmacro %}

{#- The JSON list of a group's elements, in the given order (an aggregate). -#}
{% macro json_list(element, order_by) -%}
    ('[' || coalesce({{ ordered_text_list(element, order_by, ',') }}, '') || ']')
{%- endmacro %}

{#- A member of a JSON document as text, by its path ('$.amounts.total'). -#}
{% macro json_member(document, path) -%}
    {{ return(adapter.dispatch('json_member')(document, path)) }}
{%- endmacro %}

{% macro default__json_member(document, path) -%}
    json_extract_string({{ document }}, '{{ path }}')
{%- endmacro %}

{% macro spark__json_member(document, path) -%}
    get_json_object({{ document }}, '{{ path }}')
{%- endmacro %}

{#-
    Joins each row with the elements of a JSON list in it, one row per element: `element.<member>`
    holds each of `members` as text (a list or an object as JSON text).
-#}
{% macro cross_join_json_list(document, path, members, element) -%}
    {{ return(adapter.dispatch('cross_join_json_list')(document, path, members, element)) }}
{%- endmacro %}

{% macro default__cross_join_json_list(document, path, members, element) -%}
    cross join unnest(
        from_json(
            json_extract({{ document }}, '{{ path }}'),
            '[{{ '{' }}{% for member in members %}"{{ member }}":"VARCHAR"{% if not loop.last %},{% endif %}{% endfor %}{{ '}' }}]'
        )
    ) as {{ element }}_rows({{ element }})
{%- endmacro %}

{% macro spark__cross_join_json_list(document, path, members, element) -%}
    lateral view explode(
        from_json(
            get_json_object({{ document }}, '{{ path }}'),
            'array<struct<{% for member in members %}{{ member }}:string{% if not loop.last %},{% endif %}{% endfor %}>>'
        )
    ) {{ element }}_rows as {{ element }}
{%- endmacro %}

{#- SHA-256 of a text's UTF-8 bytes, in lower-case hexadecimal. -#}
{% macro sha256_hex(value) -%}
    {{ return(adapter.dispatch('sha256_hex')(value)) }}
{%- endmacro %}

{% macro default__sha256_hex(value) -%}
    sha256({{ value }})
{%- endmacro %}

{% macro spark__sha256_hex(value) -%}
    sha2({{ value }}, 256)
{%- endmacro %}
