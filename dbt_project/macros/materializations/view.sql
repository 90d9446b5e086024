{#-
    A view is made in the place of what stood under its name, in one transaction. The adapter's own way
    makes it beside that and renames twice.
-#}
{% materialization view, adapter='duckdb', supported_languages=['sql'] %}
    {%- set target = this.incorporate(type='view') -%}
    {%- set statements -%}
        {{ drop_existing(load_cached_relation(this)) }}
        {{ create_view_as(target, compiled_code) }}
    {%- endset -%}
    {{ return(in_one_step(target, statements)) }}
{% endmaterialization %}
