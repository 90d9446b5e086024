-- One row per guided record without a price at some moment (3.2): suspended, or not billable when it was received.
with cut_coverage as (

    select
        event_key,
        sum(offset_to - offset_from) as covered
    from {{ ref('int_cut_segments') }}
    group by event_key

),

unpriced as (

    select
        rates.event_key,
        situations.direction
    from {{ ref('int_start_exceptions') }} as rates
    inner join {{ ref('int_situations') }} as situations
        on rates.situation_key = situations.situation_key
    where rates.rate_step_id is null
    union all
    select
        rates.event_key,
        situations.direction
    from {{ ref('int_start_exceptions') }} as rates
    inner join {{ ref('int_situations') }} as situations
        on rates.situation_key = situations.situation_key
    left join cut_coverage
        on rates.event_key = cut_coverage.event_key
    where rates.is_cut and coalesce(cut_coverage.covered, 0) <> rates.quantity

),

with_verdict as (

    select
        event_key,
        case direction
            when 'terminating' then {{ verdict('not_billable') }}
            else {{ verdict('no_rate') }}
        end as verdict
    from unpriced

)

select * from with_verdict
