-- One row per record that waits: mend the reference data and it is rated, in its true period (2.5).
{{ config(
    materialized='replaced_in_part',
    replace_where=[
        "(select is_full from mediation.int_judging_scope)",
        "(file_id, line_number) in (select (file_id, line_number) from mediation.int_records_judged_again)",
        "file_id in (select file_id from raw.usage_files"
        " where file_number > (select after_file_number from mediation.int_judging_scope))",
    ],
) }}
{%- set scope = judging_scope() %}
{%- set judged_again = ref('int_records_judged_again') %}
with suspended_keys as (

    select *
    from {{ ref('int_unrated_records') }}
    {% if not scope.is_full -%}
    where
        event_key >= {{ (scope.after_file_number + 1) * 4294967296 }}
        or event_key in (select event_key from {{ judged_again }})
    {%- endif %}

),

with_reason as (

    select
        suspended_keys.*,
        {{ floor_div('suspended_keys.event_key', 4294967296) }} as file_number,
        suspended_keys.event_key % 4294967296 as line_number,
        verdicts.reason
    from suspended_keys
    inner join {{ ref('int_verdicts') }} as verdicts
        on suspended_keys.verdict = verdicts.verdict and verdicts.state = 'suspended'

),

suspended as (

    select
        records.feed,
        records.record_id,
        records.file_id,
        records.line_number,
        with_reason.reason,
        case
            when with_reason.reason in ('unknown_subscriber', 'ambiguous_subscriber')
                then coalesce(records.subscriber, 'no subscriber')
            when with_reason.reason in ('subscription_not_active', 'no_plan') then subscriptions.subscription_id
            when with_reason.reason = 'unknown_network' then records.serving_network
            when with_reason.reason = 'unknown_destination' then coalesce(records.other_party, 'no number')
            when with_reason.reason in ('negative_quantity', 'excessive_quantity')
                then cast(with_reason.quantity as string)
            when with_reason.reason = 'no_rate'
                then
                    situations.service || ' to ' || coalesce(situations.zone, 'anywhere') || ' from '
                    || situations.visited_zone
            else cast(records.started_at as string)
        end as detail,
        records.started_at,
        files.loaded_at as first_suspended_at
    from with_reason
    inner join {{ records_to_judge() }} as records
        on with_reason.file_number = records.file_number and with_reason.line_number = records.line_number
    left join {{ ref('int_file_first_runs') }} as files
        on records.file_number = files.file_number
    left join {{ ref('int_subscription_numbers') }} as subscriptions
        on with_reason.subscription_number = subscriptions.subscription_number
    left join {{ ref('int_situations') }} as situations
        on with_reason.situation_key = situations.situation_key

)

select * from suspended
