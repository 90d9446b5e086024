{#-
    What the run rates: a table where that is what new files bring and change, as more than one model
    reads it then. Where it is all usage of the window, a view: the one model that keeps it reads it once.
-#}
{% materialization rated_now, adapter='duckdb', supported_languages=['sql'] %}
    {%- set existing = load_cached_relation(this) -%}
    {%- set is_full = rates_all() -%}
    {%- set target = this.incorporate(type='view' if is_full else 'table') -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {% call statement('main') -%}
        {%- if existing is not none %}
        drop {{ existing.type }} {{ existing }};
        {%- endif %}
        create {{ target.type }} {{ target }} as (
        {{ compiled_code }}
        )
    {%- endcall %}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target]}) }}
{% endmaterialization %}
