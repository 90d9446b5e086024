{#-
    A table of which each build replaces the rows that meet `replace_where`, in one transaction; the
    other rows stay as they were (1.2). Several conditions are looked for one after another, each by
    its own column: all of them in one `or` would be worked out for every row. The model's rows go
    straight into the table: the adapter's own incremental way writes them to a temporary table first.
-#}
{% materialization replaced_in_part, adapter='duckdb', supported_languages=['sql'] %}
    {%- set target = this.incorporate(type='table') -%}
    {%- set statements -%}
        {%- if load_cached_relation(this) is none %}
        {{ create_table_as(False, target, compiled_code) }}
        {%- else %}
        {%- set given = config.require('replace_where') %}
        {%- set conditions = [given] if given is string else given %}
        {%- for condition in conditions %}
        delete from {{ target }} where {{ condition }};
        {%- endfor %}
        insert into {{ target }} by name
        {{ compiled_code }}
        {%- endif %}
    {%- endset -%}
    {{ return(in_one_step(target, statements)) }}
{% endmaterialization %}
