{#-
    Whether the run rates all usage of the window. If not, it rates that of new files, and anew only
    what they change (int_rating_scope); a model asks when it runs, as the SQL differs.
-#}
{% macro rates_all() -%}
    {{ return(asked_once(ref('int_rating_scope'), ['is_full'], {'is_full': true}).is_full) }}
{%- endmacro %}

{#-
    Ends int_rating_scope: a run that rates everything takes back the note of what was rated, so that one that is cut
    short is followed by one that rates everything too, also where what had changed is as it was before (allowances).
-#}
{% macro forget_what_was_rated() -%}
    {%- set rated = standing('rating', 'int_rated_until') -%}
    {%- if execute and rated is not none -%}
        delete from {{ rated }} where (select is_full from {{ this }})
    {%- endif -%}
{%- endmacro %}

{#-
    The number of the first usage file that is new to a run that rates new files alone, else 0. It tells what such a
    run has rated: no two of them that rate anything have the same.
-#}
{% macro first_new_file() -%}
    {%- set rates_all = rates_all() -%}
    {%- set first_new_file = judging_scope().after_file_number + 1 -%}
    {{ return('cast(' ~ (0 if rates_all else first_new_file) ~ ' as int)') }}
{%- endmacro %}

{#- A table of the warehouse as the run before left it, or none: a model reads what it will itself change later. -#}
{% macro standing(schema, table) -%}
    {{ return(load_relation(api.Relation.create(database=target.database, schema=schema, identifier=table))) }}
{%- endmacro %}

{#- A condition of a `replace_where`: all rows in the window, where the run rates all of its usage, else none. -#}
{% macro all_of_the_window() -%}
    {{ return(of_the_window('(select is_full from rating.int_rating_scope)')) }}
{%- endmacro %}

{#- The same condition or conditions of a `replace_where`, of rows in the window alone (1.2). -#}
{% macro of_the_window(conditions) -%}
    {%- if conditions is string -%}
        {{ return('bill_date >= (select first_bill_date from customers.bill_run) and (' ~ conditions ~ ')') }}
    {%- endif -%}
    {%- set all = [] -%}
    {%- for condition in conditions -%}
        {%- do all.append(of_the_window(condition)) -%}
    {%- endfor -%}
    {{ return(all) }}
{%- endmacro %}
