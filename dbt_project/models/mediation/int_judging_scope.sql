-- One row: which usage records the run judges. All of them, unless only usage files have come since the last time.
-- What a verdict or a price depends on beside the records is summed up in a fingerprint: the bill run, the
-- operator's policies, catalogue and customers as loaded, and the rules themselves.
{{ config(tags=['every_run'], post_hook='{{ forget_what_was_judged() }}') }}
{%- set judged = load_relation(api.Relation.create(database=target.database, schema='mediation', identifier='int_judged_files')) %}
{%- set rules = var('rules_digest', '') %}
with fingerprints as (

    select
        {{ sha256_hex(
            "'" ~ rules ~ "'"
            ~ " || '|' || " ~ rows_digest(ref('bill_run'))
            ~ " || '|' || " ~ rows_digest(source('raw', 'operator'))
            ~ " || '|' || " ~ rows_digest(source('raw', 'products'))
            ~ " || '|' || " ~ rows_digest(source('raw', 'rates'))
            ~ " || '|' || " ~ rows_digest(source('raw', 'prefixes'))
            ~ " || '|' || " ~ rows_digest(source('raw', 'networks'))
            ~ " || '|' || " ~ rows_digest(source('raw', 'bands'))
            ~ " || '|' || " ~ rows_digest(source('raw', 'holidays'))
            ~ " || '|' || " ~ rows_digest(source('raw', 'accounts'))
            ~ " || '|' || " ~ rows_digest(source('raw', 'subscriptions'))
            ~ " || '|' || " ~ rows_digest(source('raw', 'identifiers'))
            ~ " || '|' || " ~ rows_digest(source('raw', 'subscribed_products'))
        ) }} as fingerprint

),

judged as (

    {% if judged is not none -%}
    select
        fingerprint,
        file_number
    from {{ judged }}
    {%- else -%}
    select
        cast(null as string) as fingerprint,
        cast(0 as bigint) as file_number
    {%- endif %}

),

scope as (

    select
        fingerprints.fingerprint,
        -- rules that are not known may have changed
        {% if rules == '' %}true{% else %}judged.fingerprint is null{% endif %} as is_full,
        {% if rules == '' %}cast(0 as bigint){% else %}coalesce(judged.file_number, 0){% endif %} as after_file_number
    from fingerprints
    left join judged
        on fingerprints.fingerprint = judged.fingerprint

)

select * from scope
