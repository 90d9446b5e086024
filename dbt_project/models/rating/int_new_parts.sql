-- One row per event and part that the run has rated (3, 4): all of the window, or what new files bring and change.
{{ config(materialized='view') }}
with parts as (

    -- what full runs rated before the window is not of this one
    select *
    from {{ ref('int_rated_parts') }}
    where first_new_file = {{ first_new_file() }} and bill_date >= {{ first_bill_date_in_window() }}

)

select * from parts
