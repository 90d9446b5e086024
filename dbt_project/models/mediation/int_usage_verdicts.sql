-- One row per guided record: what speaks against it after the prices were asked too (2.4 no_rate).
with cut_coverage as (

    -- no rate at some moment of the event suspends all of it (3.2)
    select
        file_number,
        line_number,
        sum(offset_to - offset_from) as covered
    from {{ ref('int_cut_segments') }}
    group by file_number, line_number

),

priced as (

    select
        rates.file_number,
        rates.line_number,
        case
            when
                rates.rate_step_id is not null
                and (not rates.is_cut or coalesce(cut_coverage.covered, 0) = rates.quantity)
                then 'rated'
            when rates.direction = 'terminating' then 'not_billable'
            else 'no_rate'
        end as verdict
    from {{ ref('int_start_rates') }} as rates
    left join cut_coverage
        on rates.file_number = cut_coverage.file_number and rates.line_number = cut_coverage.line_number

)

select * from priced
