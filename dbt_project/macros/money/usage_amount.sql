{#-
    3.6: billed units x price / per, to 6 decimals, half up, as decimal(18, 6).

    A price of at most 6 decimals is a whole number of millionths, and units times that number fit
    a BIGINT for all usual usage: integer division then gives the exact amount, several times
    faster than the general form, which serves the rest. `rate` is the alias of a relation with
    price, price_numerator (millionths, or null) and per_base_units; units are not negative.
-#}
{% macro usage_amount(rate, units) -%}
    case
        when {{ units }} = 0 or {{ rate }}.price_numerator = 0 then cast(0 as decimal(18, 6))
        when {{ units }} <= {{ floor_div('2000000000000000000', rate ~ '.price_numerator') }}
            then {{ millionths(
                floor_div(
                    '2 * ' ~ rate ~ '.price_numerator * ' ~ units ~ ' + ' ~ rate ~ '.per_base_units',
                    '2 * ' ~ rate ~ '.per_base_units'
                )
            ) }}
        else cast({{ muldiv(rate ~ '.price', units, rate ~ '.per_base_units', 6) }} as decimal(18, 6))
    end
{%- endmacro %}

{#- A price as a whole number of millionths; null if it is negative or has more decimals. -#}
{% macro price_numerator(price) -%}
    case
        when {{ price }} >= 0 and {{ price }} < 1000000 and round({{ price }}, 6) = {{ price }}
            then cast({{ price }} * 1000000 as bigint)
    end
{%- endmacro %}

{#- A whole number of millionths as decimal(18, 6). -#}
{% macro millionths(value) -%}
    cast(cast({{ value }} as decimal(18, 0)) * cast(0.000001 as decimal(6, 6)) as decimal(18, 6))
{%- endmacro %}
