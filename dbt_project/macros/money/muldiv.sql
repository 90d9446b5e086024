{#-
    a * b / c, exact, rounded once, half away from zero (1.4), as decimal(38, scale).

    a has at most `a_digits` decimals (12 holds every price), b at most `b_digits`, c is an integer
    expression; a result of 10^32 or more, or a product that overflows, is an error and never a
    wrong figure. DuckDB's decimal division goes through DOUBLE (3.7), so integers are divided.
-#}
{% macro muldiv(a, b, c, scale=6, a_digits=12, b_digits=0) -%}
    {{ return(adapter.dispatch('muldiv')(a, b, c, scale, a_digits, b_digits)) }}
{%- endmacro %}

{% macro default__muldiv(a, b, c, scale, a_digits, b_digits) -%}
    {%- set surplus = a_digits + b_digits - scale -%}
    {%- set numerator -%}
    ({{ whole_units(a, a_digits) }} * {{ whole_units(b, b_digits) }}
        {%- if surplus < 0 %} * {{ 10 ** (-surplus) }}{% endif %})
    {%- endset -%}
    {%- set denominator -%}
    (cast({{ c }} as hugeint){% if surplus > 0 %} * {{ 10 ** surplus }}{% endif %})
    {%- endset -%}
    {{ unscale_integer(
        '((2 * ' ~ numerator ~ ' + case when ' ~ numerator ~ ' < 0 then -' ~ denominator
        ~ ' else ' ~ denominator ~ ' end) // (2 * ' ~ denominator ~ '))', scale
    ) }}
{%- endmacro %}

{#- A decimal with at most `digits` decimals as a whole number of its last decimal. -#}
{% macro whole_units(value, digits) -%}
    {%- if digits == 0 -%}
    cast({{ value }} as hugeint)
    {%- else -%}
    cast(cast({{ value }} as decimal(38, {{ digits }})) * {{ 10 ** digits }} as hugeint)
    {%- endif -%}
{%- endmacro %}

{#- A whole number of 10^-scale as decimal(38, scale). -#}
{% macro unscale_integer(value, scale) -%}
    {%- if scale == 0 -%}
    cast({{ value }} as decimal(38, 0))
    {%- else -%}
    (cast({{ value }} as decimal({{ 38 - scale }}, 0)) * cast(0.{{ '0' * (scale - 1) }}1 as decimal({{ scale }}, {{ scale }})))
    {%- endif -%}
{%- endmacro %}

{#- muldiv rounded to the currency's minor units (6.1), as decimal(18, 3). -#}
{% macro muldiv_to_currency(a, b, c, minor_units, a_digits=12, b_digits=0) -%}
    (
        case {{ minor_units }}
            when 0 then cast({{ muldiv(a, b, c, 0, a_digits, b_digits) }} as decimal(18, 3))
            when 2 then cast({{ muldiv(a, b, c, 2, a_digits, b_digits) }} as decimal(18, 3))
            when 3 then cast({{ muldiv(a, b, c, 3, a_digits, b_digits) }} as decimal(18, 3))
        end
    )
{%- endmacro %}
