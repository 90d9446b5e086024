-- One row per list of rate cards that a subscription asks in order (3.2): its number in narrow tables.
{{ config(materialized='appended') }}
with numbered as (

    {{ numbered_once(
        "select coalesce(rate_cards, '') as rate_cards from " ~ ref('int_rate_card_spans'), ['rate_cards'], 'card_set_number'
    ) }}

)

select * from numbered
