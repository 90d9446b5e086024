-- One row per product held that grants allowances: its number in narrow tables.
{{ config(materialized='appended') }}
with numbered as (

    {{ numbered_once(
        "select held.subscribed_product_id, held.account_id, coalesce(held.subscription_id, '') as subscription_id from "
        ~ ref('subscribed_products') ~ " as held where held.product_id in (select product_id from " ~ ref('allowances') ~ ")",
        ['subscribed_product_id', 'account_id', 'subscription_id'], 'holding_number'
    ) }}

)

select * from numbered
