-- One row per credit or debit granted by hand. amount is positive; kind gives the sign.
with adjustments as (

    select
        adjustments.adjustment_id,
        adjustments.subscription_id,
        adjustments.kind,
        adjustments.reason,
        adjustments.name,
        adjustments.amount,
        adjustments.tax_category,
        adjustments.effective_on,
        adjustments.approved_by,
        adjustments.source_file,
        adjustments.source_line,
        operator.currency_code,
        coalesce(adjustments.account_id, subscriptions.account_id) as account_id
    from {{ source('raw', 'adjustments') }} as adjustments
    left join {{ ref('subscriptions') }} as subscriptions
        on adjustments.subscription_id = subscriptions.subscription_id
    cross join {{ ref('operator') }} as operator

)

select * from adjustments
