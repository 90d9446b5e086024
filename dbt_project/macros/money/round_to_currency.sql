{#- A decimal rounded half away from zero (1.4) to the currency's minor units, as decimal(18, 3). -#}
{% macro round_to_currency(amount, minor_units) -%}
    cast(
        case {{ minor_units }}
            when 0 then round({{ amount }}, 0)
            when 2 then round({{ amount }}, 2)
            when 3 then round({{ amount }}, 3)
        end as decimal(18, 3)
    )
{%- endmacro %}
