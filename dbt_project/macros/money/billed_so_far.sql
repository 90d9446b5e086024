{#-
    The documents issued so far. Read by name and not by ref: what is issued comes from the drafts,
    and the drafts are what is owed less what was issued, so a ref would close a circle.
-#}
{% macro billed_so_far() -%}
    {{ api.Relation.create(
        database=target.database,
        schema='invoicing',
        identifier='issued_documents'
    ) }}
{%- endmacro %}

{#- The itemised usage issued so far; by name for the same reason. -#}
{% macro itemised_so_far() -%}
    {{ api.Relation.create(
        database=target.database,
        schema='invoicing',
        identifier='issued_usage'
    ) }}
{%- endmacro %}
