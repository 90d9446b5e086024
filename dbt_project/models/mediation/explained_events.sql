-- One row per billable event: the line of the file, and the rows that led to its subscription, zone and visited zone (9.1).
-- For whoever asks; nothing that bills reads it. Rows of the operator folder are found by what the event
-- says of them (subscription, zone, visited zone), so one that was changed since stays empty.
{{ config(materialized='view') }}
with events as (

    select
        events.*,
        files.file_name,
        cast(events.local_started_at as date) as local_day,
        case
            when events.subscriber_kind = 'msisdn'
                then {{ e164_digits(
                    'events.subscriber', 'operator.country_code', 'operator.national_prefix',
                    'operator.international_prefix'
                ) }}
            else events.subscriber
        end as identifier,
        case when events.zone is not null then {{ digits_only('events.other_party') }} end as dialled_digits,
        case
            when events.zone is not null
                then {{ e164_digits(
                    'events.other_party', 'operator.country_code', 'operator.national_prefix',
                    'operator.international_prefix'
                ) }}
        end as called_digits
    from {{ ref('usage_events') }} as events
    inner join {{ source('raw', 'usage_files') }} as files
        on events.file_id = files.file_id
    cross join {{ ref('operator') }} as operator

),

-- rows of one identifier and subscription that overlap count from where the one before ends
identifiers_in_turn as (

    select
        identifiers.*,
        coalesce(max(valid_to) over (
            partition by kind, identifier, subscription_id
            order by valid_from asc nulls last, source_line asc nulls last
            rows between unbounded preceding and 1 preceding
        ), valid_from) as earlier_to
    from {{ ref('identifiers') }} as identifiers

),

prefix_lengths as (

    select distinct length(prefix) as prefix_length from {{ ref('prefixes') }}

),

-- a short code is looked up as dialled and beats every prefix; else the longest prefix wins (3.1)
matched_prefixes as (

    select
        events.event_key,
        max(case when prefixes.exact then 1000 else 0 end + prefix_lengths.prefix_length) as preference
    from events
    cross join prefix_lengths
    inner join {{ ref('prefixes') }} as prefixes
        on
            left(
                case when prefixes.exact then events.dialled_digits else events.called_digits end,
                prefix_lengths.prefix_length
            ) = prefixes.prefix
            and prefix_lengths.prefix_length = length(prefixes.prefix)
            and events.zone = prefixes.zone
            and events.destination = prefixes.destination
            and events.local_day >= prefixes.valid_from
            and events.local_day < prefixes.valid_to
            and (not prefixes.exact or events.dialled_digits = prefixes.prefix)
    group by events.event_key

)

select * from events
