-- One row per set of terms on which usage is rated: rate, price, product, charge name, tax category. Numbered for good.
-- Rated parts hold the number alone; the price stands here as it was when they were rated.
{{ config(materialized='appended') }}
with numbered as (

    {{ numbered_once(
        'select * from ' ~ ref('int_situation_terms'),
        ['service_number', 'rate_number', 'price', 'per', 'product_number', 'charge_number', 'tax_category_number'],
        'terms_number'
    ) }}

)

select * from numbered
