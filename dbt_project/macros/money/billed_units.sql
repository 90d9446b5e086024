{#-
    3.4: the billed units of a tail of r units with increments (first, next), as bigint:
    0 if r = 0, first if r <= first, else first + ceil((r - first) / next) * next.
-#}
{% macro billed_units(units, first_increment, next_increment) -%}
    (
        case
            when {{ units }} <= 0 then 0
            when {{ units }} <= {{ first_increment }} then {{ first_increment }}
            else
                {{ first_increment }}
                + {{ ceil_div('(' ~ units ~ ' - ' ~ first_increment ~ ')', next_increment) }} * {{ next_increment }}
        end
    )
{%- endmacro %}
