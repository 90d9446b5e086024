{#-
    A table of which each build replaces the rows that meet `replace_where`, in one transaction; the
    other rows stay as they were (1.2). The model's rows go straight into the table: the adapter's
    own incremental way writes them to a temporary table first.
-#}
{% materialization replaced_in_part, adapter='duckdb', supported_languages=['sql'] %}
    {%- set existing = load_cached_relation(this) -%}
    {%- set target = this.incorporate(type='table') -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {% call statement('main') -%}
        {%- if existing is none %}
        {{ create_table_as(False, target, compiled_code) }}
        {%- else %}
        delete from {{ target }} where {{ config.require('replace_where') }};
        insert into {{ target }} by name
        {{ compiled_code }}
        {%- endif %}
    {%- endcall %}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target]}) }}
{% endmaterialization %}
