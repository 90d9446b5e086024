-- One row per subscription and span of days with the same rate cards (3.2): options by subscribed_product_id, then the plan.
with held as (

    -- an option held at account level serves all subscriptions of the account
    select
        subscriptions.subscription_id,
        subscribed_products.subscribed_product_id,
        subscribed_products.product_id,
        subscribed_products.valid_from,
        subscribed_products.valid_to
    from {{ ref('subscribed_products') }} as subscribed_products
    inner join {{ ref('subscriptions') }} as subscriptions
        on subscribed_products.subscription_id = subscriptions.subscription_id
    union all
    select
        subscriptions.subscription_id,
        subscribed_products.subscribed_product_id,
        subscribed_products.product_id,
        subscribed_products.valid_from,
        subscribed_products.valid_to
    from {{ ref('subscribed_products') }} as subscribed_products
    inner join {{ ref('subscriptions') }} as subscriptions
        on subscribed_products.account_id = subscriptions.account_id
    where subscribed_products.subscription_id is null

),

cards as (

    select
        held.subscription_id,
        held.subscribed_product_id,
        held.product_id,
        products.rate_card_id,
        products.kind = 'plan' as is_plan,
        greatest(held.valid_from, products.valid_from) as valid_from,
        least(held.valid_to, products.valid_to) as valid_to
    from held
    inner join {{ ref('products') }} as products
        on
            held.product_id = products.product_id
            and held.valid_from < products.valid_to
            and held.valid_to > products.valid_from
    where products.rate_card_id is not null or products.kind = 'plan'

),

edges as (

    select subscription_id, valid_from as edge_on from cards
    union
    select subscription_id, valid_to as edge_on from cards

),

spans as (

    select
        subscription_id,
        edge_on as span_from,
        lead(edge_on) over (partition by subscription_id order by edge_on asc nulls last) as span_to
    from edges

),

with_cards as (

    select
        spans.subscription_id,
        spans.span_from,
        spans.span_to,
        max(case when cards.is_plan then 1 else 0 end) = 1 as has_plan,
        {{ ordered_text_list(
            "cards.product_id || '=' || cards.rate_card_id",
            'case when cards.is_plan then 1 else 0 end, cards.subscribed_product_id', '&'
        ) }} as rate_cards
    from spans
    inner join cards
        on
            spans.subscription_id = cards.subscription_id
            and spans.span_from >= cards.valid_from
            and spans.span_from < cards.valid_to
    where spans.span_to is not null
    group by spans.subscription_id, spans.span_from, spans.span_to

)

select * from with_cards
