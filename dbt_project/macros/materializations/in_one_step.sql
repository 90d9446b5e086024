{#-
    What every materialization here does around its own statements: the model's hooks, and one
    transaction. `statements` is what fills or replaces `target`.
-#}
{% macro in_one_step(target, statements) %}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {% call statement('main') -%}
        {{ statements }}
    {%- endcall %}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target]}) }}
{% endmacro %}

{#- Takes away what stands under the model's name, if anything does. -#}
{% macro drop_existing(existing) -%}
    {%- if existing is not none -%}
    drop {{ existing.type }} {{ existing }};
    {%- endif -%}
{%- endmacro %}
