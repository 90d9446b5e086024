-- One row per product held by a subscription or an account.
with subscribed_products as (

    select
        subscribed_product_id,
        account_id,
        subscription_id,
        product_id,
        price_override,
        interval_from,
        source_file,
        source_line,
        coalesce(quantity, 1) as quantity,
        coalesce(valid_from, date '0001-01-01') as valid_from,
        coalesce(valid_to, date '9999-12-31') as valid_to
    from {{ source('raw', 'subscribed_products') }}

),

with_account as (

    select
        subscribed_products.subscribed_product_id,
        subscribed_products.subscription_id,
        subscribed_products.product_id,
        subscribed_products.price_override,
        subscribed_products.interval_from,
        subscribed_products.source_file,
        subscribed_products.source_line,
        subscribed_products.quantity,
        subscribed_products.valid_from,
        subscribed_products.valid_to,
        coalesce(subscribed_products.account_id, subscriptions.account_id) as account_id
    from subscribed_products
    left join {{ ref('subscriptions') }} as subscriptions
        on subscribed_products.subscription_id = subscriptions.subscription_id

)

select * from with_account
