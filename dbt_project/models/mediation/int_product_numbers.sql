-- One row per product: its number in narrow tables.
{{ config(materialized='appended') }}
with numbered as (

    {{ numbered_once('select product_id from ' ~ ref('products'), ['product_id'], 'product_number') }}

)

select * from numbered
