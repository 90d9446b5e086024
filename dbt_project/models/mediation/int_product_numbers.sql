-- One row per product: its number in narrow tables.
{{ config(materialized='incremental', incremental_strategy='append', full_refresh=false) }}
with numbered as (

    {{ numbered_once('select product_id from ' ~ ref('products'), ['product_id'], 'product_number') }}

)

select * from numbered
