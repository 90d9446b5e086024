{#-
    The earliest bill date whose period lies in the run's window (1.2), whatever the cycle day.
    For a model's body; a `replace_where` is text that the database reads, so it names
    customers.bill_run itself: what dbt renders in a configuration is frozen when it parses.
-#}
{% macro first_bill_date_in_window() -%}
    (select first_bill_date from {{ ref('bill_run') }})
{%- endmacro %}
