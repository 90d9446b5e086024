-- One row per subscriber as written in usage, and span: its subscription and rate cards, or what speaks against it (2.4).
{{ config(materialized='grown') }}
{%- set known = known_rows() %}
with all_subscribers as (

    select distinct
        subscriber,
        subscriber_kind
    from {{ records_to_judge() }} as records
    where subscriber is not null

),

subscribers as (

    select
        all_subscribers.subscriber,
        all_subscribers.subscriber_kind
    from all_subscribers
    {% if known is not none -%}
    left join (select distinct subscriber, subscriber_kind from {{ known }}) as known
        on all_subscribers.subscriber = known.subscriber and all_subscribers.subscriber_kind = known.subscriber_kind
    where known.subscriber is null
    {%- endif %}

),

in_the_identifiers_form as (

    select
        subscribers.subscriber,
        subscribers.subscriber_kind,
        case
            when subscribers.subscriber_kind = 'msisdn'
                then {{ e164_digits(
                    'subscribers.subscriber', 'operator.country_code', 'operator.national_prefix',
                    'operator.international_prefix'
                ) }}
            else subscribers.subscriber
        end as identifier
    from subscribers
    cross join {{ ref('operator') }} as operator

),

guided as (

    select
        in_the_identifiers_form.subscriber,
        in_the_identifiers_form.subscriber_kind,
        spans.span_from,
        spans.span_to,
        spans.claimants,
        subscriptions.subscription_id,
        subscriptions.account_id,
        numbers.subscription_number,
        subscriptions.activated_at,
        coalesce(subscriptions.terminated_at, timestamp '9999-12-31 00:00:00') as terminated_at
    from in_the_identifiers_form
    inner join {{ ref('int_identifier_spans') }} as spans
        on
            in_the_identifiers_form.subscriber_kind = spans.kind
            and in_the_identifiers_form.identifier = spans.identifier
    inner join {{ ref('subscriptions') }} as subscriptions
        on spans.subscription_id = subscriptions.subscription_id
    inner join {{ ref('int_subscription_numbers') }} as numbers
        on subscriptions.subscription_id = numbers.subscription_id and subscriptions.account_id = numbers.account_id

),

card_spans as (

    select
        spans.subscription_id,
        spans.has_plan,
        card_sets.card_set_number,
        {{ local_to_utc('spans.span_from', 'operator.time_zone') }} as span_from,
        case
            when spans.span_to >= date '9999-12-31' then timestamp '9999-12-31 00:00:00'
            else {{ local_to_utc('spans.span_to', 'operator.time_zone') }}
        end as span_to
    from {{ ref('int_rate_card_spans') }} as spans
    inner join {{ ref('int_card_sets') }} as card_sets
        on coalesce(spans.rate_cards, '') = card_sets.rate_cards
    {% if known is not none -%}
    inner join (select distinct subscription_id from guided) as looked_for
        on spans.subscription_id = looked_for.subscription_id
    {% endif -%}
    cross join {{ ref('operator') }} as operator

),

card_edges as (

    select subscription_id, span_from as edge_at from card_spans
    union
    select subscription_id, span_to as edge_at from card_spans
    union
    select subscription_id, timestamp '0001-01-01 00:00:00' as edge_at from guided
    union
    select subscription_id, timestamp '9999-12-31 00:00:00' as edge_at from guided

),

-- spans without a plan stay in, so that their usage is told apart from that of unknown subscribers
gapless_spans as (

    select
        card_edges.subscription_id,
        card_edges.edge_at as span_from,
        lead(card_edges.edge_at) over (
            partition by card_edges.subscription_id order by card_edges.edge_at asc nulls last
        ) as span_to
    from card_edges

),

gapless_cards as (

    select
        gapless_spans.subscription_id,
        gapless_spans.span_from,
        gapless_spans.span_to,
        card_spans.card_set_number,
        coalesce(card_spans.has_plan, false) as has_plan
    from gapless_spans
    left join card_spans
        on
            gapless_spans.subscription_id = card_spans.subscription_id
            and gapless_spans.span_from >= card_spans.span_from
            and gapless_spans.span_from < card_spans.span_to
    where gapless_spans.span_to is not null

),

spans as (

    select
        guided.subscriber,
        guided.subscriber_kind,
        guided.claimants,
        guided.subscription_number,
        guided.activated_at,
        guided.terminated_at,
        accounts.cycle_day,
        gapless_cards.has_plan,
        gapless_cards.card_set_number,
        greatest(guided.span_from, gapless_cards.span_from) as span_from,
        least(guided.span_to, gapless_cards.span_to) as span_to
    from guided
    inner join gapless_cards
        on
            guided.subscription_id = gapless_cards.subscription_id
            and guided.span_from < gapless_cards.span_to
            and guided.span_to > gapless_cards.span_from
    inner join {{ ref('accounts') }} as accounts
        on guided.account_id = accounts.account_id

),

-- cut where the subscription begins and ends, so that a record meets one verdict, not two instants
with_activity as (

    select
        spans.*,
        false as is_active,
        span_from as part_from,
        least(span_to, activated_at) as part_to
    from spans
    union all
    select
        spans.*,
        true as is_active,
        greatest(span_from, activated_at) as part_from,
        least(span_to, terminated_at) as part_to
    from spans
    union all
    select
        spans.*,
        false as is_active,
        greatest(span_from, activated_at, terminated_at) as part_from,
        span_to as part_to
    from spans

),

guides as (

    select
        subscriber,
        subscriber_kind,
        cast(subscription_number as int) as subscription_number,
        cast(cycle_day as int) as cycle_day,
        cast(coalesce(card_set_number, 0) as int) as card_set_number,
        case
            when claimants > 1 then {{ verdict('ambiguous_subscriber') }}
            when not is_active then {{ verdict('subscription_not_active') }}
            when not has_plan then {{ verdict('no_plan') }}
        end as verdict,
        part_from as span_from,
        part_to as span_to
    from with_activity
    where part_from < part_to

)

select * from guides
