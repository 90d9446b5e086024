{#-
    What the run rates: a table where that is what new files bring and change, as more than one model
    reads it then. Where it is all usage of the window, a view: the one model that keeps it reads it once.
-#}
{% materialization rated_now, adapter='duckdb', supported_languages=['sql'] %}
    {%- set is_full = rates_all() -%}
    {%- set target = this.incorporate(type='view' if is_full else 'table') -%}
    {%- set statements -%}
        {{ drop_existing(load_cached_relation(this)) }}
        create {{ target.type }} {{ target }} as (
        {{ compiled_code }}
        )
    {%- endset -%}
    {{ return(in_one_step(target, statements)) }}
{% endmaterialization %}
