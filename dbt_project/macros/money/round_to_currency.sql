{#- A decimal rounded half away from zero (1.4) to the currency's minor units, as decimal(18, 3). -#}
{% macro round_to_currency(amount, minor_units) -%}
    (
        case {{ minor_units }}
            when 0 then cast(round({{ amount }}, 0) as decimal(18, 3))
            when 2 then cast(round({{ amount }}, 2) as decimal(18, 3))
            when 3 then cast(round({{ amount }}, 3) as decimal(18, 3))
        end
    )
{%- endmacro %}
