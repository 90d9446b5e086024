-- One row per guided record that its price at the start does not settle: cut later on, or without any (3.2, 3.5).
with exceptions as (

    select *
    from {{ ref('int_start_rates') }}
    where is_cut or rate_step_id is null

)

select * from exceptions
