{#-
    A table that gets the rows of what usage names for the first time and keeps the others as long as
    nothing but usage files come; else it is made anew. The model gives the new rows alone: those of
    which `known_rows()` has none.
-#}
{% materialization grown, adapter='duckdb', supported_languages=['sql'] %}
    {%- set target = this.incorporate(type='table') -%}
    {%- set known = known_rows() -%}
    {%- set statements -%}
        {%- if known is not none %}
        insert into {{ target }} by name
        {{ compiled_code }}
        {%- else %}
        {{ drop_existing(load_cached_relation(this)) }}
        {{ create_table_as(False, target, compiled_code) }}
        {%- endif %}
    {%- endset -%}
    {{ return(in_one_step(target, statements)) }}
{% endmaterialization %}
