{#-
    What a run judges (2.5): every usage record, or, where nothing but usage files has come since the
    records were judged last, those of the new files and the few that they concern. int_judging_scope
    says which; a model asks when it runs, as the SQL differs.
-#}
{% macro judging_scope() -%}
    {%- set scope_table = ref('int_judging_scope') -%}
    {%- set scope = namespace(is_full=true, after_file_number=0) -%}
    {%- if execute and flags.WHICH in ('run', 'build', 'show') and load_relation(scope_table) is not none -%}
        {%- set answer = run_query('select is_full, after_file_number from ' ~ scope_table) -%}
        {%- set scope.is_full = answer.rows[0][0] -%}
        {%- set scope.after_file_number = answer.rows[0][1] | int -%}
    {%- endif -%}
    {{ return(scope) }}
{%- endmacro %}

{#- The table of a `grown` model as the run before left it, or none where it is made anew. -#}
{% macro known_rows() -%}
    {%- set scope = judging_scope() -%}
    {%- set known = namespace(relation=none) -%}
    {%- if execute and flags.WHICH in ('run', 'build', 'show') and not scope.is_full -%}
        {%- set known.relation = load_relation(this) -%}
    {%- endif -%}
    {{ return(known.relation) }}
{%- endmacro %}

{#- The columns of raw.usage_records. -#}
{% macro usage_record_columns() -%}
    file_number, file_id, feed, line_number, record_id, service, direction, subscriber, subscriber_kind,
    other_party, started_at, duration_seconds, bytes_uplink, bytes_downlink, messages, serving_network,
    charging_id, sequence, is_final, disposition
{%- endmacro %}

{#-
    A from-item: the usage records that the run judges. `copies_only`: of the earlier ones only those
    of which a copy has come.
-#}
{% macro records_to_judge(copies_only=false) -%}
    {%- set records = source('raw', 'usage_records') -%}
    {%- set judged_again = ref('int_records_judged_again') -%}
    {%- set scope = judging_scope() -%}
    {%- if scope.is_full -%}
    {{ records }}
    {%- else -%}
    (
        select {{ usage_record_columns() }} from {{ records }} where file_number > {{ scope.after_file_number }}
        union all
        select {{ usage_record_columns() }} from {{ judged_again }}{% if copies_only %} where is_copy{% endif %}

    )
    {%- endif -%}
{%- endmacro %}

{#-
    A `replace_where`: the rows of the records that the run judges, in a table with one or more rows
    for each record. Text that the database reads, so it names the tables themselves: what dbt renders
    in a configuration is frozen when it parses.
-#}
{% macro rows_judged(copies_only=false) -%}
    (
        event_key >= (select (after_file_number + 1) * 4294967296 from mediation.int_judging_scope)
        or event_key in (select event_key from mediation.int_records_judged_again{% if copies_only %} where is_copy{% endif %})
    )
{%- endmacro %}

{#- The digest of a relation's rows: equal for equal rows in whatever order. -#}
{% macro rows_digest(relation) -%}
    {{ return(adapter.dispatch('rows_digest')(relation)) }}
{%- endmacro %}

{% macro default__rows_digest(relation) -%}
    (
        select
            cast(count(*) as string) || '/' || coalesce(cast(sum(cast(hash(digested) as hugeint)) as string), '')
        from {{ relation }} as digested
    )
{%- endmacro %}
