{#- A table of offenders: every row is a failure. -#}
{% test is_empty(model) %}

select * from {{ model }}

{% endtest %}
