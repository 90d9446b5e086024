-- One row per document and allowance grant of the period, in base units (4.4).
with documents as (

    select
        numbers.document_number,
        numbers.account_id,
        numbers.bill_date,
        accounts.language
    from {{ ref('int_document_numbers') }} as numbers
    inner join {{ ref('accounts') }} as accounts
        on numbers.account_id = accounts.account_id

),

allowances as (

    -- the name in force last: a grant keeps its id while it rolls
    select
        allowance_id,
        name,
        service,
        row_number() over (partition by allowance_id order by valid_from desc nulls last) as turn
    from {{ ref('allowances') }}

),

translations as (

    select
        id,
        language,
        name
    from {{ ref('translations') }}
    where entity = 'allowance'

),

described as (

    select
        documents.document_number,
        balances.allowance_grant_id,
        balances.allowance_id,
        balances.subscription_id,
        coalesce(regional.name, general.name, allowances.name) as name,
        allowances.service,
        balances.granted,
        balances.carried_in,
        balances.used,
        balances.expired,
        balances.carried_out,
        balances.is_unlimited
    from {{ ref('allowance_balances') }} as balances
    inner join documents
        on
            balances.account_id = documents.account_id
            and balances.bill_date = documents.bill_date
    inner join allowances
        on
            balances.allowance_id = allowances.allowance_id
            and allowances.turn = 1
    left join translations as regional
        on
            balances.allowance_id = regional.id
            and documents.language = regional.language
    left join translations as general
        on
            balances.allowance_id = general.id
            and split_part(documents.language, '_', 1) = general.language

)

select * from described
