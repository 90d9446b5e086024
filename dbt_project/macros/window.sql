{#-
    The earliest bill date whose period lies in the run's window (1.2), whatever the cycle day.
    Also used in model configurations, where a relation can only be named as text.
-#}
{% macro first_bill_date_in_window() -%}
    {{ add_months(bill_date(), '-(select lookback_periods from ' ~ 'raw.operator' ~ ')') }}
{%- endmacro %}
