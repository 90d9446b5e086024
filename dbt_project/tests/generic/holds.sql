{#- The expression is true on every row; unknown counts as false. -#}
{% test holds(model, expression) %}

select * from {{ model }}
where not coalesce({{ expression }}, false)

{% endtest %}
