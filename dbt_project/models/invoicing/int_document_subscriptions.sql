-- One row per document and subscription that it concerns: active in the period, or with a line on it.
with documents as (

    select
        numbers.document_number,
        numbers.account_id,
        accounts.language,
        {{ add_months('numbers.bill_date', -1) }} as period_start,
        numbers.bill_date as period_end
    from {{ ref('int_document_numbers') }} as numbers
    inner join {{ ref('accounts') }} as accounts
        on numbers.account_id = accounts.account_id

),

billed as (

    select distinct
        account_id,
        subscription_id
    from {{ ref('draft_invoice_lines') }}
    where
        bill_date = {{ bill_date() }}
        and subscription_id is not null

),

concerned as (

    select
        documents.document_number,
        documents.language,
        documents.period_end,
        subscriptions.subscription_id,
        subscriptions.name
    from documents
    inner join {{ ref('subscriptions') }} as subscriptions
        on documents.account_id = subscriptions.account_id
    left join billed
        on
            subscriptions.account_id = billed.account_id
            and subscriptions.subscription_id = billed.subscription_id
    where
        billed.subscription_id is not null
        or (
            subscriptions.active_from < documents.period_end
            and subscriptions.active_to > documents.period_start
        )

),

numbers as (

    -- the number held last
    select
        identifiers.subscription_id,
        identifiers.identifier,
        row_number() over (
            partition by identifiers.subscription_id
            order by identifiers.valid_from desc nulls last, identifiers.identifier asc nulls last
        ) as turn
    from {{ ref('identifiers') }} as identifiers
    cross join {{ ref('bill_run') }} as bill_run
    where
        identifiers.kind = 'msisdn'
        and identifiers.valid_from < bill_run.bill_date_at

),

plans as (

    -- the plan held last before the bill date, else the one that begins with it
    select
        held.subscription_id,
        products.product_id,
        products.name,
        row_number() over (
            partition by held.subscription_id
            order by
                case when held.held_from < bill_run.bill_date then 0 else 1 end asc nulls last,
                held.held_from desc nulls last,
                held.subscribed_product_id asc nulls last
        ) as turn
    from {{ ref('int_products_held') }} as held
    cross join {{ ref('bill_run') }} as bill_run
    inner join {{ ref('products') }} as products
        on
            held.product_id = products.product_id
            and greatest(held.held_from, {{ add_months('bill_run.bill_date', -1) }}) >= products.valid_from
            and greatest(held.held_from, {{ add_months('bill_run.bill_date', -1) }}) < products.valid_to
    where
        products.kind = 'plan'
        and held.held_from <= bill_run.bill_date

),

translations as (

    select
        id,
        language,
        name
    from {{ ref('translations') }}
    where entity = 'product'

),

described as (

    select
        concerned.document_number,
        concerned.subscription_id,
        concerned.name,
        numbers.identifier as msisdn,
        coalesce(regional.name, general.name, plans.name) as plan
    from concerned
    left join numbers
        on
            concerned.subscription_id = numbers.subscription_id
            and numbers.turn = 1
    left join plans
        on
            concerned.subscription_id = plans.subscription_id
            and plans.turn = 1
    left join translations as regional
        on
            plans.product_id = regional.id
            and concerned.language = regional.language
    left join translations as general
        on
            plans.product_id = general.id
            and split_part(concerned.language, '_', 1) = general.language

)

select * from described
