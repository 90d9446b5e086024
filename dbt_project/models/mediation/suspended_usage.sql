-- One row per record that waits: mend the reference data and it is rated, in its true period (2.5).
with verdicts as (

    select
        guided.feed,
        guided.record_id,
        guided.file_id,
        guided.line_number,
        guided.started_at,
        guided.loaded_at,
        guided.service,
        guided.subscriber,
        guided.other_party,
        guided.visited_zone,
        guided.zone,
        guided.quantity,
        guided.subscription_id,
        coalesce(guided.verdict, verdicts.verdict) as reason
    from {{ ref('int_guided_usage') }} as guided
    left join {{ ref('int_usage_verdicts') }} as verdicts
        on guided.file_number = verdicts.file_number and guided.line_number = verdicts.line_number

),

suspended as (

    select
        feed,
        record_id,
        file_id,
        line_number,
        reason,
        case
            when reason in ('unknown_subscriber', 'ambiguous_subscriber')
                then coalesce(subscriber, 'no subscriber')
            when reason in ('subscription_not_active', 'no_plan') then subscription_id
            when reason = 'unknown_destination' then coalesce(other_party, 'no number')
            when reason in ('negative_quantity', 'excessive_quantity') then cast(quantity as string)
            when reason = 'no_rate'
                then service || ' to ' || coalesce(zone, 'anywhere') || ' from ' || visited_zone
            else cast(started_at as string)
        end as detail,
        started_at,
        loaded_at as first_suspended_at
    from verdicts
    where reason not in ('duplicate', 'merged', 'not_billable', 'rated')

)

select * from suspended
