-- One row per account.
with accounts as (

    select
        accounts.account_id,
        accounts.name,
        accounts.email,
        accounts.phone,
        accounts.street,
        accounts.postal_code,
        accounts.city,
        accounts.region,
        accounts.vat_number,
        accounts.tax_exempt_reason,
        accounts.cycle_day,
        accounts.opened_on,
        accounts.closed_on,
        coalesce(accounts.kind, 'residential') as kind,
        coalesce(accounts.country, operator.country) as country,
        coalesce(accounts.tax_jurisdiction, accounts.country, operator.country) as tax_jurisdiction,
        coalesce(accounts.language, operator.language) as language,
        coalesce(accounts.payment_method, 'none') as payment_method,
        coalesce(accounts.delivery, 'portal') as delivery,
        coalesce(accounts.itemisation, 'none') as itemisation
    from {{ source('raw', 'accounts') }} as accounts
    cross join {{ ref('operator') }} as operator

)

select * from accounts
