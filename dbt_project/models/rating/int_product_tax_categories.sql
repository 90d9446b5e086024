-- One row per product and validity: the tax category that its usage bears (5.7).
with products as (

    select
        product_numbers.product_number,
        categories.tax_category_number,
        products.valid_from,
        products.valid_to
    from {{ ref('products') }} as products
    inner join {{ ref('int_product_numbers') }} as product_numbers
        on products.product_id = product_numbers.product_id
    left join {{ ref('int_tax_category_numbers') }} as categories
        on products.tax_category = categories.tax_category

)

select * from products
