{#-
    Sharing an amount in proportion by largest remainder (5.5, 6.3): each part gets
    whole_part(total, weight, weights) units, and the units still missing go one by one to the
    greatest part_remainder. total is a whole number of minor units, weights (their sum) is above
    0; weights have at most `digits` decimals.
-#}
{% macro whole_part(total, weight, weights, digits=3) -%}
    {{ return(adapter.dispatch('whole_part')(total, weight, weights, digits)) }}
{%- endmacro %}

{% macro default__whole_part(total, weight, weights, digits) -%}
    {%- set product = '(cast(' ~ total ~ ' as hugeint) * ' ~ whole_units(weight, digits) ~ ')' -%}
    {%- set divisor = whole_units(weights, digits) -%}
    cast(
        (({{ product }} - (({{ product }} % {{ divisor }} + {{ divisor }}) % {{ divisor }})) // {{ divisor }})
        as decimal(38, 0)
    )
{%- endmacro %}

{% macro part_remainder(total, weight, weights, digits=3) -%}
    {{ return(adapter.dispatch('part_remainder')(total, weight, weights, digits)) }}
{%- endmacro %}

{% macro default__part_remainder(total, weight, weights, digits) -%}
    {%- set product = '(cast(' ~ total ~ ' as hugeint) * ' ~ whole_units(weight, digits) ~ ')' -%}
    {%- set divisor = whole_units(weights, digits) -%}
    cast(({{ product }} % {{ divisor }} + {{ divisor }}) % {{ divisor }} as decimal(38, 0))
{%- endmacro %}

{#- An amount of money as a whole number of minor units, and back. -#}
{% macro to_minor_units(amount, minor_units) -%}
    cast(
        case {{ minor_units }}
            when 0 then {{ amount }} * 1
            when 2 then {{ amount }} * 100
            when 3 then {{ amount }} * 1000
        end as decimal(38, 0)
    )
{%- endmacro %}

{% macro from_minor_units(units, minor_units) -%}
    cast(
        case {{ minor_units }}
            when 0 then cast({{ units }} as decimal(18, 0)) * cast(1 as decimal(1, 0))
            when 2 then cast({{ units }} as decimal(18, 0)) * cast(0.01 as decimal(2, 2))
            when 3 then cast({{ units }} as decimal(18, 0)) * cast(0.001 as decimal(3, 3))
        end as decimal(18, 3)
    )
{%- endmacro %}

{#- A non-negative amount rounded down to the currency's minor units, as decimal(18, 3). -#}
{% macro floor_to_currency(amount, minor_units) -%}
    cast(
        case {{ minor_units }}
            when 0 then floor({{ amount }})
            when 2 then floor({{ amount }} * 100) * cast(0.01 as decimal(2, 2))
            when 3 then floor({{ amount }} * 1000) * cast(0.001 as decimal(3, 3))
        end as decimal(18, 3)
    )
{%- endmacro %}
