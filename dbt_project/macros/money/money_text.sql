{#- Amounts as text for documents: money with all digits of its currency, other decimals without trailing zeros. -#}

{% macro money_text(amount, minor_units) -%}
    case {{ minor_units }}
        when 0 then cast(cast({{ amount }} as decimal(18, 0)) as string)
        when 2 then cast(cast({{ amount }} as decimal(18, 2)) as string)
        when 3 then cast(cast({{ amount }} as decimal(18, 3)) as string)
    end
{%- endmacro %}

{% macro decimal_text(value) -%}
    regexp_replace(regexp_replace(cast(cast({{ value }} as decimal(28, 6)) as string), '0+$', ''), '[.]$', '')
{%- endmacro %}
