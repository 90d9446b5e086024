-- One row per event and part that the run has rated (3, 4): all of the window, or what new files bring and change.
{{ config(materialized='view') }}
with parts as (

    select * from {{ ref('int_rated_parts') }} where first_new_file = {{ first_new_file() }}

)

select * from parts
