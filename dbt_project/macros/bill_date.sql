{#- The bill date of the run (semantics 1.2), the only "now" that a rule may know (1.3). -#}
{% macro bill_date() -%}
    cast('{{ var("bill_date") }}' as date)
{%- endmacro %}
