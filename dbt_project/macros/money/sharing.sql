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
    (
        case {{ minor_units }}
            when 0 then cast(cast({{ amount }} as decimal(28, 3)) as decimal(38, 0))
            when 2 then cast(cast({{ amount }} as decimal(28, 3)) * 100 as decimal(38, 0))
            when 3 then cast(cast({{ amount }} as decimal(28, 3)) * 1000 as decimal(38, 0))
        end
    )
{%- endmacro %}

{% macro from_minor_units(units, minor_units) -%}
    (
        case {{ minor_units }}
            when 0 then cast(cast({{ units }} as decimal(18, 0)) as decimal(18, 3))
            when 2 then cast(cast({{ units }} as decimal(18, 0)) * cast(0.01 as decimal(2, 2)) as decimal(18, 3))
            when 3 then cast(cast({{ units }} as decimal(18, 0)) * cast(0.001 as decimal(3, 3)) as decimal(18, 3))
        end
    )
{%- endmacro %}

{#- A non-negative amount rounded down to the currency's minor units, as decimal(18, 3). -#}
{% macro floor_to_currency(amount, minor_units) -%}
    (
        case {{ minor_units }}
            when 0 then cast(floor(round({{ amount }}, 7)) as decimal(18, 3))
            when 2 then cast(floor(round({{ amount }}, 7) * 100) * cast(0.01 as decimal(2, 2)) as decimal(18, 3))
            when 3 then cast(floor(round({{ amount }}, 7) * 1000) * cast(0.001 as decimal(3, 3)) as decimal(18, 3))
        end
    )
{%- endmacro %}

{#- part * amount / whole at 9 decimals, half away from zero, for parts of at most 9 decimals. -#}
{% macro exact_share(part, amount, whole) -%}
    {{ return(adapter.dispatch('exact_share')(part, amount, whole)) }}
{%- endmacro %}

{% macro default__exact_share(part, amount, whole) -%}
    cast(
        {{ muldiv(part, whole_units(amount, 9), whole_units(whole, 9), scale=9, a_digits=9) }} as decimal(28, 9)
    )
{%- endmacro %}
