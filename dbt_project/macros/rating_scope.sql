{#-
    Whether the run rates all usage of the window. If not, it rates that of new files, and anew only
    what they change (int_rating_scope); a model asks when it runs, as the SQL differs.
-#}
{% macro rates_all() -%}
    {{ return(asked_once(ref('int_rating_scope'), ['is_full'], {'is_full': true}).is_full) }}
{%- endmacro %}

{#- A table of the warehouse as the run before left it, or none: a model reads what it will itself change later. -#}
{% macro standing(schema, table) -%}
    {{ return(load_relation(api.Relation.create(database=target.database, schema=schema, identifier=table))) }}
{%- endmacro %}

{#- A `replace_where` for a table that stays as it is unless the run rates all usage of the window. -#}
{% macro all_of_the_window() -%}
    (select is_full from rating.int_rating_scope)
    and bill_date >= (select first_bill_date from customers.bill_run)
{%- endmacro %}

{#- The same condition or conditions of a `replace_where`, of rows in the window alone (1.2). -#}
{% macro of_the_window(conditions) -%}
    {%- set in_window = 'bill_date >= (select first_bill_date from customers.bill_run) and ' -%}
    {%- if conditions is string -%}
        {{ return(in_window ~ conditions) }}
    {%- endif -%}
    {%- set all = [] -%}
    {%- for condition in conditions -%}
        {%- do all.append(in_window ~ condition) -%}
    {%- endfor -%}
    {{ return(all) }}
{%- endmacro %}
