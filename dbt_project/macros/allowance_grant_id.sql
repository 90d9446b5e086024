{#- The name of a grant: the holding, the allowance and the bill date of the period that granted it. -#}
{% macro allowance_grant_id(subscribed_product_id, allowance_id, bill_date) -%}
    {{ subscribed_product_id }} || '/' || {{ allowance_id }} || '/' || cast({{ bill_date }} as string)
{%- endmacro %}

{#-
    A grant as one whole number: holding, allowance and months since 1970 of its period's bill date.
-#}
{% macro grant_key(holding_number, allowance_number, bill_date) -%}
    (
        ({{ holding_number }} * 65536 + {{ allowance_number }}) * 4096
        + {{ months_between("date '1970-01-01'", bill_date) }}
    )
{%- endmacro %}
