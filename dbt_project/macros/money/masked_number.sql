{#- A called number whose last `digits` digits are hidden; a shorter one is hidden whole. -#}
{% macro masked_number(number, digits) -%}
    case
        when length({{ number }}) <= {{ digits }} then repeat('•', cast(length({{ number }}) as int))
        else substring({{ number }}, 1, cast(length({{ number }}) - {{ digits }} as int))
            || repeat('•', cast({{ digits }} as int))
    end
{%- endmacro %}
