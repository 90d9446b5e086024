{#-
    Incremental strategy: the rows of the target that meet the model's `replace_where`, here one predicate,
    give way to the model's new rows, in one transaction. Unlike delete+insert by key it also
    clears what the new rows no longer hold.
-#}
{% macro get_incremental_replace_where_sql(arg_dict) -%}
    {{ return(adapter.dispatch('get_incremental_replace_where_sql')(arg_dict)) }}
{%- endmacro %}

{% macro default__get_incremental_replace_where_sql(arg_dict) -%}
    {%- set columns = get_quoted_csv(arg_dict['dest_columns'] | map(attribute='name')) -%}
    delete from {{ arg_dict['target_relation'] }}
    where {{ config.require('replace_where') }};

    insert into {{ arg_dict['target_relation'] }} ({{ columns }})
    select {{ columns }}
    from {{ arg_dict['temp_relation'] }}
{%- endmacro %}
