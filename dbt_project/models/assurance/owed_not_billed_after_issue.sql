-- One row per charge key of an account issued at this bill date whose billed sum is not what is
-- owed. Empty when all is well.
{{ config(tags=['issued', 'after_issue']) }}
with documents_of_accounts as (

    select
        invoices.account_id,
        invoices.bill_date,
        invoices.credited_document_number,
        row_number() over (
            partition by issued_documents.account_id order by issued_documents.position desc nulls last
        ) as from_last
    from {{ ref('invoices') }} as invoices
    inner join {{ source('issued', 'issued_documents') }} as issued_documents
        on invoices.document_number = issued_documents.document_number

),

issued_accounts as (

    -- after a credit note in full the keys are owed again, until the next bill (7.3)
    select documents_of_accounts.account_id
    from documents_of_accounts
    -- drafted again, with a difference that waits for its release or for the next bill (7.1)
    left join (
        select account_id from {{ ref('draft_invoices') }}
        where bill_date = {{ bill_date() }} and status in ('held', 'below_minimum')
    ) as waiting
        on documents_of_accounts.account_id = waiting.account_id
    where
        documents_of_accounts.from_last = 1
        and documents_of_accounts.bill_date = {{ bill_date() }}
        and documents_of_accounts.credited_document_number is null
        and waiting.account_id is null

),

bill_run as (

    select window_start from {{ ref('bill_run') }}

),

owed as (

    select
        owed_charges.charge_key,
        owed_charges.account_id,
        owed_charges.period_end,
        sum(owed_charges.amount_net) as amount
    from {{ ref('owed_charges') }} as owed_charges
    inner join issued_accounts
        on owed_charges.account_id = issued_accounts.account_id
    group by owed_charges.charge_key, owed_charges.account_id, owed_charges.period_end

),

-- what the drafts saw as billed, and the documents issued since, as charged: gross where prices
-- include tax (6.3)
new_documents as (

    select
        issued_documents.account_id,
        issued_documents.document
    from {{ source('issued', 'issued_documents') }} as issued_documents
    inner join issued_accounts
        on issued_documents.account_id = issued_accounts.account_id
    where issued_documents.position > (
        select coalesce(max(position), 0) from {{ ref('int_billed_documents') }}
    )

),

billed_lines as (

    select
        billed_lines.charge_key,
        billed_lines.account_id,
        billed_lines.period_end,
        billed_lines.amount_charged
    from {{ ref('int_billed_lines') }} as billed_lines
    inner join issued_accounts
        on billed_lines.account_id = issued_accounts.account_id

    union all

    select
        line.charge_key,
        new_documents.account_id,
        cast(line.period_end as date) as period_end,
        cast(coalesce(line.amount_charged, line.amount_net) as decimal(18, 3)) as amount_charged
    from new_documents
    {{ cross_join_json_list(
        'new_documents.document',
        '$.lines',
        ['charge_key', 'period_end', 'amount_net', 'amount_charged'],
        'line'
    ) }}

),

billed as (

    select
        charge_key,
        account_id,
        max(period_end) as period_end,
        sum(amount_charged) as amount
    from billed_lines
    group by charge_key, account_id

),

compared as (

    select
        coalesce(owed.charge_key, billed.charge_key) as charge_key,
        coalesce(owed.account_id, billed.account_id) as account_id,
        coalesce(owed.period_end, billed.period_end) as period_end,
        cast(coalesce(owed.amount, 0) as decimal(18, 3)) as amount_owed,
        cast(coalesce(billed.amount, 0) as decimal(18, 3)) as amount_billed
    from owed
    full outer join billed
        on owed.charge_key = billed.charge_key

),

offenders as (

    select compared.*
    from compared
    inner join bill_run
        -- 1.2: what lies before the window stays as it was
        on compared.period_end > bill_run.window_start
    where compared.amount_owed <> compared.amount_billed

)

select * from offenders
