-- One row per document to issue and cause by which its total differs from the last bill's; they add up to the difference.
-- Lines are compared as the account sees them: gross where its prices include tax, else net, with tax as one more cause.
with documents as (

    select
        numbers.document_number,
        numbers.account_id,
        last_bills.bill_date as last_bill_date,
        last_bills.amount_total as last_total,
        drafts.amount_total,
        operator.prices_include_tax and accounts.kind = 'residential' as is_gross
    from {{ ref('int_document_numbers') }} as numbers
    inner join {{ ref('int_earlier_bills') }} as last_bills
        on
            numbers.document_number = last_bills.document_number
            and last_bills.turn = 1
    inner join {{ ref('draft_invoices') }} as drafts
        on
            numbers.account_id = drafts.account_id
            and numbers.bill_date = drafts.bill_date
    inner join {{ ref('accounts') }} as accounts
        on numbers.account_id = accounts.account_id
    cross join {{ ref('operator') }} as operator

),

credited_documents as (

    select distinct credited_document_number as document_number
    from {{ ref('int_billed_documents') }}
    where credited_document_number is not null

),

last_lines as (

    select
        documents.document_number,
        documents.is_gross,
        lines.subscription_id,
        lines.charge_kind,
        lines.charge_id,
        lines.product_id,
        lines.description,
        lines.quantity,
        lines.amount_charged,
        lines.amount_net,
        coalesce(lines.is_correction, false) as is_correction,
        coalesce(lines.charged_from, lines.period_start) = lines.period_start
        and coalesce(lines.charged_to, lines.period_end) = lines.period_end as is_whole
    from documents
    inner join {{ ref('int_billed_documents') }} as billed
        on
            documents.account_id = billed.account_id
            and documents.last_bill_date = billed.bill_date
            and billed.credited_document_number is null
    inner join {{ ref('int_billed_lines') }} as lines
        on billed.document_number = lines.document_number
    left join credited_documents
        on billed.document_number = credited_documents.document_number
    where credited_documents.document_number is null

),

lines_now as (

    select
        documents.document_number,
        documents.is_gross,
        lines.subscription_id,
        lines.charge_kind,
        lines.charge_id,
        lines.product_id,
        lines.description,
        lines.quantity,
        lines.amount_charged,
        lines.amount_net,
        lines.is_correction,
        coalesce(lines.charged_from, lines.period_start) = lines.period_start
        and coalesce(lines.charged_to, lines.period_end) = lines.period_end as is_whole
    from documents
    inner join {{ ref('draft_invoice_lines') }} as lines
        on documents.account_id = lines.account_id
    where lines.bill_date = {{ bill_date() }}

),

both_sides as (

    select
        0 as is_now,
        last_lines.*
    from last_lines
    union all
    select
        1 as is_now,
        lines_now.*
    from lines_now

),

-- what a line is compared with: the same product, usage of the same name, the same discount; what
-- comes once, and corrections, stand for themselves
identified as (

    select
        document_number,
        is_now,
        subscription_id,
        charge_kind,
        description,
        quantity,
        is_whole,
        case when is_gross then amount_charged else amount_net end as amount,
        case
            when is_correction then 'correction'
            when charge_kind in ('once', 'adjustment', 'late_fee') then 'once'
            when charge_kind = 'usage' then 'usage'
            else 'regular'
        end as role,
        case
            when is_correction or charge_kind in ('once', 'adjustment', 'late_fee')
                then concat(cast(is_now as string), description)
            when charge_kind = 'recurring' then coalesce(product_id, charge_id)
            when charge_kind = 'instalment' then regexp_replace(charge_id, '-[0-9]+$', '')
            when charge_kind in ('cap_credit', 'minimum_top_up') then charge_kind
            else charge_id
        end as identity
    from both_sides

),

paired as (

    select
        document_number,
        subscription_id,
        charge_kind,
        role,
        identity,
        coalesce(max(case when is_now = 1 then description end), max(description)) as name,
        sum(case when is_now = 0 then amount else 0 end) as amount_before,
        sum(case when is_now = 1 then amount else 0 end) as amount_now,
        sum(1 - is_now) as lines_before,
        sum(is_now) as lines_now,
        sum(case when is_now = 0 then quantity else 0 end) as quantity_before,
        sum(case when is_now = 1 then quantity else 0 end) as quantity_now,
        min(case when is_whole then 1 else 0 end) as are_whole
    from identified
    group by document_number, subscription_id, charge_kind, role, identity

),

explained as (

    select
        paired.*,
        case
            when role in ('correction', 'once') and lines_before > 0 then concat(role, '_before')
            when role in ('correction', 'once') then role
            when role = 'usage' and lines_before = 0 then 'usage_started'
            when role = 'usage' and lines_now = 0 then 'usage_ended'
            when role = 'usage' then 'usage'
            when lines_before = 0 then 'started'
            when lines_now = 0 then 'ended'
            when charge_kind <> 'recurring' then 'amount'
            when are_whole = 0 or lines_before <> lines_now then 'days'
            when quantity_before <> quantity_now then 'quantity'
            else 'price'
        end as cause
    from paired
    where amount_before <> amount_now

),

-- one cause for all lines of the account that it concerns
causes as (

    select
        document_number,
        cause,
        charge_kind,
        identity,
        max(name) as name,
        count(distinct subscription_id) as subscriptions,
        case when count(distinct subscription_id) = 1 and count(*) = 1 then max(subscription_id) end as subscription_id,
        sum(amount_before) as amount_before,
        sum(amount_now) as amount_now
    from explained
    group by document_number, cause, charge_kind, identity

),

sums as (

    select
        document_number,
        sum(amount_before) as amount_before,
        sum(amount_now) as amount_now
    from paired
    group by document_number

),

taxes as (

    select
        documents.document_number,
        documents.last_total - coalesce(sums.amount_before, 0) as amount_before,
        documents.amount_total - coalesce(sums.amount_now, 0) as amount_now
    from documents
    left join sums
        on documents.document_number = sums.document_number

),

changes as (

    select
        document_number,
        cause,
        charge_kind,
        identity,
        name,
        subscriptions,
        subscription_id,
        cast(amount_before as decimal(18, 3)) as amount_before,
        cast(amount_now as decimal(18, 3)) as amount_now
    from causes
    where amount_before <> amount_now
    union all
    select
        document_number,
        'tax',
        '',
        '',
        '',
        0,
        cast(null as string),
        cast(amount_before as decimal(18, 3)),
        cast(amount_now as decimal(18, 3))
    from taxes
    where amount_before <> amount_now

)

select * from changes
