{#-
    A table to which each build adds the model's rows, and of which none is ever taken away: what is
    kept for good. The model gives the new rows alone.
-#}
{% materialization appended, adapter='duckdb', supported_languages=['sql'] %}
    {%- set target = this.incorporate(type='table') -%}
    {%- set statements -%}
        {%- if load_cached_relation(this) is none %}
        {{ create_table_as(False, target, compiled_code) }}
        {%- else %}
        insert into {{ target }} by name
        {{ compiled_code }}
        {%- endif %}
    {%- endset -%}
    {{ return(in_one_step(target, statements)) }}
{% endmaterialization %}
