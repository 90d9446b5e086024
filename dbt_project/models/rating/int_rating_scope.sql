-- One row: whether the run rates all usage of the window, or only what new files bring and change.
-- Only new files: mediation judged nothing else, the run before ended, allowances are the same, and no period is new.
{{ config(post_hook='{{ forget_what_was_rated() }}') }}
{%- set rated = standing('rating', 'int_rated_until') %}
{%- set totals = standing('rating', 'int_usage_sums') %}
with scope as (

    -- rating begins when what was judged is noted, so that a run that breaks off in it is followed by one that
    -- rates everything: depends_on: {{ ref('int_judged_files') }}
    select
        judging.is_full as judged_all,
        judging.after_file_number,
        {{ sha256_hex("judging.fingerprint || '|' || " ~ rows_digest(source('raw', 'allowances'))) }} as fingerprint
    from {{ ref('int_judging_scope') }} as judging

),

rated as (

    {% if rated is not none -%}
    select
        fingerprint,
        file_number
    from {{ rated }}
    {%- else -%}
    select
        cast(null as string) as fingerprint,
        cast(0 as bigint) as file_number
    {%- endif %}

),

new_periods as (

    select count(*) as periods
    from (
        select distinct events.bill_date
        from {{ ref('int_usage_events') }} as events
        inner join scope
            on events.event_key >= (scope.after_file_number + 1) * 4294967296
    ) as used
    {% if totals is not none -%}
    left join (select distinct bill_date from {{ totals }}) as known
        on used.bill_date = known.bill_date
    where known.bill_date is null
    {%- endif %}

),

compared as (

    select
        scope.fingerprint,
        scope.after_file_number,
        scope.judged_all or rated.fingerprint is null or new_periods.periods > 0 as is_full
    from scope
    cross join new_periods
    left join rated
        on scope.fingerprint = rated.fingerprint and scope.after_file_number = rated.file_number

)

select * from compared
