-- One row per instalment agreement.
with instalments as (

    select
        instalments.agreement_id,
        instalments.subscription_id,
        instalments.name,
        instalments.amount,
        instalments.periods,
        instalments.first_date,
        instalments.tax_category,
        instalments.source_file,
        instalments.source_line,
        subscriptions.account_id,
        operator.currency_code
    from {{ source('raw', 'instalments') }} as instalments
    inner join {{ ref('subscriptions') }} as subscriptions
        on instalments.subscription_id = subscriptions.subscription_id
    cross join {{ ref('operator') }} as operator

)

select * from instalments
