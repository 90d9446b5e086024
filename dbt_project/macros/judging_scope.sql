{#-
    What a run judges (2.5): every usage record, or, where nothing but usage files has come since the
    records were judged last, those of the new files and the few that they concern. int_judging_scope
    says which; a model asks when it runs, as the SQL differs.
-#}
{% macro judging_scope() -%}
    {%- set scope = asked_once(
        ref('int_judging_scope'), ['is_full', 'after_file_number'], {'is_full': true, 'after_file_number': 0}
    ) -%}
    {{ return(scope) }}
{%- endmacro %}

{#-
    The one row of a relation, asked when the first model that needs it runs, and kept for the others of the
    same invocation; `otherwise` where models do not run.
-#}
{% macro asked_once(relation, columns, otherwise) -%}
    {%- set answer = namespace(row=otherwise) -%}
    {%- if execute and flags.WHICH in ('run', 'build', 'show') -%}
        {%- set kept = relation ~ ' ' ~ invocation_id -%}
        {%- if kept in graph -%}
            {%- set answer.row = graph[kept] -%}
        {%- elif load_relation(relation) is not none -%}
            {%- set found = run_query('select ' ~ columns | join(', ') ~ ' from ' ~ relation).rows[0] -%}
            {%- set row = {} -%}
            {%- for column in columns -%}
                {%- do row.update({column: found[loop.index0] if found[loop.index0] is boolean else found[loop.index0] | int}) -%}
            {%- endfor -%}
            {%- do graph.update({kept: row}) -%}
            {%- set answer.row = row -%}
        {%- endif -%}
    {%- endif -%}
    {{ return(answer.row) }}
{%- endmacro %}

{#-
    Ends int_judging_scope: a run that judges everything takes back the note that all was judged, so that one
    that is cut short is followed by one that judges everything too, whatever it then finds.
-#}
{% macro forget_what_was_judged() -%}
    {%- set judged = load_relation(api.Relation.create(database=target.database, schema='mediation', identifier='int_judged_files')) -%}
    {%- if execute and judged is not none -%}
        delete from {{ judged }} where (select is_full from {{ this }})
    {%- endif -%}
{%- endmacro %}

{#-
    The table of a `grown` model, by default the one that asks, else one of mediation, as the run before left it;
    none where it is made anew.
-#}
{% macro known_rows(table=none) -%}
    {%- set scope = judging_scope() -%}
    {%- set known = namespace(relation=none) -%}
    {%- if execute and flags.WHICH in ('run', 'build', 'show') and not scope.is_full -%}
        {%- set known.relation = load_relation(this) if table is none else standing('mediation', table) -%}
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
    The conditions of a `replace_where`: the rows of the records that the run judges, in a table with one or
    more rows for each record. Text that the database reads, so it names the tables themselves: what dbt
    renders in a configuration is frozen when it parses.
-#}
{% macro rows_judged(copies_only=false) -%}
    {{ return([
        "event_key >= (select (after_file_number + 1) * 4294967296 from mediation.int_judging_scope)",
        "event_key in (select event_key from mediation.int_records_judged_again"
        ~ (" where is_copy)" if copies_only else ")"),
    ]) }}
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
