{#-
    The greatest value of a whole-number column, at least 1, asked when the model runs: how many
    passes a model unrolls. SQL without recursion cannot ask that while it runs.
-#}
{% macro greatest_value(relation, column) -%}
    {%- set ns = namespace(greatest=1) -%}
    {%- if execute and flags.WHICH in ('run', 'build', 'show') and load_relation(relation) is not none -%}
        {%- set answer = run_query('select max(' ~ column ~ ') as greatest from ' ~ relation) -%}
        {%- if answer.rows[0][0] is not none and answer.rows[0][0] | int > 1 -%}
            {%- set ns.greatest = answer.rows[0][0] | int -%}
        {%- endif -%}
    {%- endif -%}
    {{ return(ns.greatest) }}
{%- endmacro %}
