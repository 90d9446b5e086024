-- One row per document, subscription, service and charge name: the usage that the bill sums up.
-- That is the period's usage, on the first document of a bill date, and older usage billed here for the first time.
with credited_documents as (

    select distinct credited_document_number as document_number
    from {{ ref('int_billed_documents') }}
    where credited_document_number is not null

),

summed_up as (

    select distinct documents.account_id
    from {{ ref('int_billed_documents') }} as documents
    left join credited_documents
        on documents.document_number = credited_documents.document_number
    where
        documents.bill_date = {{ bill_date() }}
        and documents.credited_document_number is null
        and credited_documents.document_number is null

),

documents as (

    select
        numbers.document_number,
        numbers.account_id,
        numbers.bill_date,
        accounts.language,
        summed_up.account_id is null as is_first_of_date
    from {{ ref('int_document_numbers') }} as numbers
    inner join {{ ref('accounts') }} as accounts
        on numbers.account_id = accounts.account_id
    left join summed_up
        on numbers.account_id = summed_up.account_id

),

billed_first as (

    select distinct
        account_id,
        subscription_id,
        charge_id as charge_name,
        period_end
    from {{ ref('draft_invoice_lines') }}
    where
        bill_date = {{ bill_date() }}
        and charge_kind = 'usage'
        and not is_correction

),

usage as (

    select
        documents.document_number,
        documents.language,
        totals.subscription_id,
        totals.service,
        totals.charge_name,
        cast(sum(totals.events) as bigint) as events,
        cast(sum(totals.quantity) as bigint) as quantity,
        cast(sum(totals.included_quantity) as bigint) as included_quantity,
        cast(sum(totals.billed_quantity) as bigint) as billed_quantity,
        cast(sum(totals.amount) as decimal(18, 6)) as amount
    from {{ ref('int_usage_totals') }} as totals
    inner join documents
        on totals.account_id = documents.account_id
    left join billed_first
        on
            totals.account_id = billed_first.account_id
            and totals.subscription_id = billed_first.subscription_id
            and totals.charge_name = billed_first.charge_name
            and totals.bill_date = billed_first.period_end
    where
        totals.bill_date <= documents.bill_date
        and (
            billed_first.account_id is not null
            or (documents.is_first_of_date and totals.bill_date = documents.bill_date)
        )
    group by
        documents.document_number,
        documents.language,
        totals.subscription_id,
        totals.service,
        totals.charge_name

),

translations as (

    select
        id,
        language,
        name
    from {{ ref('translations') }}
    where entity = 'charge'

),

described as (

    select
        usage.document_number,
        usage.subscription_id,
        usage.service,
        usage.charge_name,
        coalesce(regional.name, general.name, usage.charge_name) as description,
        usage.events,
        usage.quantity,
        usage.included_quantity,
        usage.billed_quantity,
        usage.amount
    from usage
    left join translations as regional
        on
            usage.charge_name = regional.id
            and usage.language = regional.language
    left join translations as general
        on
            usage.charge_name = general.id
            and split_part(usage.language, '_', 1) = general.language

)

select * from described
