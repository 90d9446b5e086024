-- One row per usage file: the first bill run that saw it (2.4 too_old). Kept for good.
{{ config(materialized='appended') }}
{%- set known = standing('mediation', 'int_file_first_runs') %}
with usage_files as (

    select
        file_number,
        file_id,
        loaded_at
    from {{ source('raw', 'usage_files') }}

),

seen_for_the_first_time as (

    select
        usage_files.file_number,
        usage_files.file_id,
        usage_files.loaded_at,
        {{ bill_date() }} as first_bill_date
    from usage_files
    {% if known is not none %}
    left join {{ known }} as known
        on usage_files.file_id = known.file_id
    where known.file_id is null
    {% endif %}

)

select * from seen_for_the_first_time
