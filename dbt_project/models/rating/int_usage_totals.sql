-- One row per subscription, period, service, charge name and tax category: what its rated usage adds up to (6.1).
-- The bills and their checks read these totals, not the parts.
{{ config(materialized='view') }}
with totals as (

    select
        subscriptions.account_id,
        subscriptions.subscription_id,
        sums.bill_date,
        {{ service_name('sums.service_number') }} as service,
        charge_names.charge_name,
        tax_categories.tax_category,
        sums.events,
        sums.quantity,
        sums.included_quantity,
        sums.billed_quantity,
        sums.amount
    from {{ ref('int_usage_sums') }} as sums
    inner join {{ ref('int_terms') }} as terms
        on sums.total_number = terms.terms_number
    inner join {{ ref('int_subscription_numbers') }} as subscriptions
        on sums.subscription_number = subscriptions.subscription_number
    inner join {{ ref('int_charge_names') }} as charge_names
        on terms.charge_number = charge_names.charge_number
    left join {{ ref('int_tax_category_numbers') }} as tax_categories
        on terms.tax_category_number = tax_categories.tax_category_number

)

select * from totals
