-- One row per identifier and span of time in which the same subscriptions claim it (2.4).
with identifiers as (

    select
        kind,
        identifier,
        subscription_id,
        valid_from,
        valid_to
    from {{ ref('identifiers') }}
    where valid_from < valid_to

),

edges as (

    select kind, identifier, valid_from as edge_at from identifiers
    union
    select kind, identifier, valid_to as edge_at from identifiers

),

spans as (

    select
        kind,
        identifier,
        edge_at as span_from,
        lead(edge_at) over (partition by kind, identifier order by edge_at asc nulls last) as span_to
    from edges

),

claimed as (

    select
        spans.kind,
        spans.identifier,
        spans.span_from,
        spans.span_to,
        min(identifiers.subscription_id) as subscription_id,
        count(distinct identifiers.subscription_id) as claimants
    from spans
    inner join identifiers
        on
            spans.kind = identifiers.kind
            and spans.identifier = identifiers.identifier
            and spans.span_from >= identifiers.valid_from
            and spans.span_from < identifiers.valid_to
    where spans.span_to is not null
    group by spans.kind, spans.identifier, spans.span_from, spans.span_to

)

select * from claimed
