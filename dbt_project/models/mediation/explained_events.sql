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

-- 3.1: the longest prefix wins; a length is looked up by equality, so that no row meets every prefix
prefix_lengths as (

    select distinct length(prefix) as prefix_length
    from {{ ref('prefixes') }}
    where not exact

),

longest_prefixes as (

    select
        events.account_id,
        events.bill_date,
        events.event_key,
        max(prefix_lengths.prefix_length) as prefix_length
    from events
    cross join prefix_lengths
    inner join {{ ref('prefixes') }} as prefixes
        on
            left(events.called_digits, prefix_lengths.prefix_length) = prefixes.prefix
            and events.zone = prefixes.zone
            and events.destination = prefixes.destination
            and events.local_day >= prefixes.valid_from
            and events.local_day < prefixes.valid_to
            and not prefixes.exact
    group by events.account_id, events.bill_date, events.event_key

),

network_lengths as (

    select distinct length(network) as network_length from {{ ref('networks') }}

),

longest_networks as (

    select
        events.account_id,
        events.bill_date,
        events.event_key,
        max(network_lengths.network_length) as network_length
    from events
    cross join network_lengths
    inner join {{ ref('networks') }} as networks
        on
            left(events.serving_network, network_lengths.network_length) = networks.network
            and events.visited_zone = networks.visited_zone
            and events.local_day >= networks.valid_from
            and events.local_day < networks.valid_to
    group by events.account_id, events.bill_date, events.event_key

),

holidays as (

    select
        holiday_date,
        min(name) as name
    from {{ ref('holidays') }}
    group by holiday_date

),

explained as (

    select
        events.event_key,
        events.usage_event_id,
        events.feed,
        events.record_id,
        events.file_id,
        events.file_name,
        events.line_number,
        events.account_id,
        events.subscription_id,
        events.bill_date,
        events.service,
        events.direction,
        events.subscriber,
        events.subscriber_kind,
        identifiers.identifier,
        identifiers.valid_from as identifier_valid_from,
        identifiers.valid_to as identifier_valid_to,
        identifiers.source_file as identifier_file,
        identifiers.source_line as identifier_line,
        events.other_party,
        events.called_digits,
        coalesce(short_codes.prefix, prefixes.prefix) as prefix,
        short_codes.prefix is not null as is_short_code,
        coalesce(short_codes.source_file, prefixes.source_file) as prefix_file,
        coalesce(short_codes.source_line, prefixes.source_line) as prefix_line,
        events.zone,
        events.destination,
        events.serving_network,
        networks.network,
        networks.country as network_country,
        networks.source_file as network_file,
        networks.source_line as network_line,
        events.visited_zone,
        events.started_at,
        events.local_started_at,
        events.local_day,
        holidays.name as holiday,
        events.quantity,
        case events.service when 'voice' then 'second' when 'data' then 'byte' else 'message' end as unit
    from events
    left join identifiers_in_turn as identifiers
        on
            events.subscriber_kind = identifiers.kind
            and events.identifier = identifiers.identifier
            and events.subscription_id = identifiers.subscription_id
            and events.started_at >= greatest(identifiers.valid_from, identifiers.earlier_to)
            and events.started_at < identifiers.valid_to
    left join {{ ref('prefixes') }} as short_codes
        on
            events.dialled_digits = short_codes.prefix
            and short_codes.exact
            and events.zone = short_codes.zone
            and events.destination = short_codes.destination
            and events.local_day >= short_codes.valid_from
            and events.local_day < short_codes.valid_to
    left join longest_prefixes
        on
            events.account_id = longest_prefixes.account_id
            and events.bill_date = longest_prefixes.bill_date
            and events.event_key = longest_prefixes.event_key
    left join {{ ref('prefixes') }} as prefixes
        on
            left(events.called_digits, longest_prefixes.prefix_length) = prefixes.prefix
            and not prefixes.exact
            and events.local_day >= prefixes.valid_from
            and events.local_day < prefixes.valid_to
    left join longest_networks
        on
            events.account_id = longest_networks.account_id
            and events.bill_date = longest_networks.bill_date
            and events.event_key = longest_networks.event_key
    left join {{ ref('networks') }} as networks
        on
            left(events.serving_network, longest_networks.network_length) = networks.network
            and events.local_day >= networks.valid_from
            and events.local_day < networks.valid_to
    left join holidays
        on events.local_day = holidays.holiday_date

)

select * from explained
