-- One row per tax category of a product: its number in narrow tables; none is outside tax.
{{ config(materialized='appended') }}
with numbered as (

    {{ numbered_once(
        'select tax_category from ' ~ ref('products') ~ ' where tax_category is not null',
        ['tax_category'], 'tax_category_number'
    ) }}

)

select * from numbered
