{#-
    The EN 16931 category of an exempt account, from a VATEX code at the start of its reason; plain
    words are E (exempt).
-#}
{% macro en16931_exemption(reason) -%}
    case
        when upper(left({{ reason }}, 11)) = 'VATEX-EU-AE' then 'AE'
        when upper(left({{ reason }}, 11)) = 'VATEX-EU-IC' then 'K'
        when upper(left({{ reason }}, 10)) = 'VATEX-EU-G' then 'G'
        when upper(left({{ reason }}, 10)) = 'VATEX-EU-O' then 'O'
        else 'E'
    end
{%- endmacro %}
