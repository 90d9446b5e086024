-- One row per event and part (3, 4), narrow: rated_usage shows it with its texts. Sum over an event = what it costs.
{{ config(
    materialized='replaced_in_part',
    replace_where=[
        all_of_the_window(),
        of_the_window("event_key in (select event_key from rating.int_redone_events)"),
        of_the_window("event_key in (select event_key from rating.int_changed_events)"),
        of_the_window("event_key >= (select (after_file_number + 1) * 4294967296 from mediation.int_judging_scope)"),
    ],
) }}
with parts as (

    select * from {{ ref('int_new_parts') }}

)

select * from parts
