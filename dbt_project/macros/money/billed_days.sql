{#-
    Days from one date to another as proration counts them (5.1): the first day counts, the last
    does not; fixed_30 is the 30/360 count, in which every month has 30 days.
-#}
{% macro billed_days(from_day, to_day, day_count) -%}
    (
        case
            when {{ day_count }} = 'fixed_30'
                then
                    (year({{ to_day }}) - year({{ from_day }})) * 360
                    + (month({{ to_day }}) - month({{ from_day }})) * 30
                    + least(day({{ to_day }}), 30) - least(day({{ from_day }}), 30)
            else {{ days_between(from_day, to_day) }}
        end
    )
{%- endmacro %}
