-- One row: up to which usage file everything is rated, and with what (int_rating_scope). Written when it is.
with rated as (

    -- depends_on: {{ ref('int_rated_parts') }}, {{ ref('int_usage_sums') }}, {{ ref('int_grant_balances') }}
    -- depends_on: {{ ref('int_unit_starts') }}, {{ ref('int_tier_counts') }}
    select
        scope.fingerprint,
        judged.file_number
    from {{ ref('int_rating_scope') }} as scope
    cross join {{ ref('int_judged_files') }} as judged

)

select * from rated
