-- One row per product held by an account of the run: the days on which it is held and its subscription active.
with accounts as (

    select
        accounts.account_id,
        accounts.cycle_day
    from {{ ref('accounts') }} as accounts
    inner join {{ ref('bill_run') }} as bill_run
        on accounts.cycle_day = bill_run.cycle_day

),

held as (

    select
        subscribed_products.subscribed_product_id,
        subscribed_products.account_id,
        subscribed_products.subscription_id,
        subscribed_products.product_id,
        subscribed_products.quantity,
        subscribed_products.price_override,
        subscribed_products.interval_from,
        accounts.cycle_day,
        subscribed_products.valid_from as subscribed_from,
        -- 5.1: held and the subscription active; at account level, held
        greatest(
            subscribed_products.valid_from, coalesce(subscriptions.active_from, date '0001-01-01')
        ) as held_from,
        least(
            subscribed_products.valid_to, coalesce(subscriptions.active_to, date '9999-12-31')
        ) as held_to
    from {{ ref('subscribed_products') }} as subscribed_products
    inner join accounts
        on subscribed_products.account_id = accounts.account_id
    left join {{ ref('subscriptions') }} as subscriptions
        on subscribed_products.subscription_id = subscriptions.subscription_id

),

not_empty as (

    select * from held
    where held_from < held_to

)

select * from not_empty
