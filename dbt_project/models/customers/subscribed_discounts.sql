-- One row per discount subscribed by an account or a subscription, and validity.
with subscribed_discounts as (

    select
        account_id,
        subscription_id,
        discount_id,
        source_file,
        source_line,
        coalesce(valid_from, date '0001-01-01') as valid_from,
        coalesce(valid_to, date '9999-12-31') as valid_to
    from {{ source('raw', 'subscribed_discounts') }}

),

with_account as (

    select
        subscribed_discounts.subscription_id,
        subscribed_discounts.discount_id,
        subscribed_discounts.source_file,
        subscribed_discounts.source_line,
        subscribed_discounts.valid_from,
        subscribed_discounts.valid_to,
        coalesce(subscribed_discounts.account_id, subscriptions.account_id) as account_id
    from subscribed_discounts
    left join {{ ref('subscriptions') }} as subscriptions
        on subscribed_discounts.subscription_id = subscriptions.subscription_id

)

select * from with_account
