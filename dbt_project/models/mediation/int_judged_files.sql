-- One row: up to which usage file all records are judged, and with what (int_judging_scope). Written when they are.
with judged as (

    -- depends_on: {{ ref('int_repeated_records') }}, {{ ref('int_usage_events') }}
    -- depends_on: {{ ref('int_unrated_records') }}, {{ ref('int_cut_segments') }}
    select
        scope.fingerprint,
        cast(coalesce(max(usage_files.file_number), 0) as bigint) as file_number
    from {{ ref('int_judging_scope') }} as scope
    left join {{ source('raw', 'usage_files') }} as usage_files
        on true
    group by scope.fingerprint

)

select * from judged
