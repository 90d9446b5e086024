{#- The greatest length of a text column, asked when the model runs; how many lengths a look-up tries. -#}
{% macro longest_length(relation, column) -%}
    {%- set ns = namespace(longest=1) -%}
    {%- if execute and flags.WHICH in ('run', 'build', 'compile', 'show') -%}
        {%- if load_relation(relation) is not none -%}
            {%- set answer = run_query('select max(length(' ~ column ~ ')) as longest from ' ~ relation) -%}
            {%- if answer and answer.rows[0][0] is not none -%}
                {%- set ns.longest = answer.rows[0][0] | int -%}
            {%- endif -%}
        {%- endif -%}
    {%- endif -%}
    {{ return(ns.longest) }}
{%- endmacro %}
