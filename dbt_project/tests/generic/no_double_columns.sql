{#- No column is a floating-point number (3.7): the table's real columns are read, not its contract. -#}
{% test no_double_columns(model) %}

{%- set offenders = [] -%}
{%- if execute -%}
    {%- for column in adapter.get_columns_in_relation(model) -%}
        {%- if column.dtype | lower in ['double', 'float', 'real', 'float4', 'float8'] -%}
            {%- do offenders.append(column.name) -%}
        {%- endif -%}
    {%- endfor -%}
{%- endif -%}

{%- for offender in offenders %}
select '{{ offender }}' as column_name
{%- if not loop.last %} union all{% endif %}
{%- else %}
select cast(null as string) as column_name
from (select 1 as one) as nothing
where one = 0
{%- endfor %}

{% endtest %}
