-- One row per line of an issued document, with its posting and the stretch of days that its amount
-- is for.
with documents as (

    select
        document_number,
        account_id,
        bill_date,
        currency_code,
        credited_document_number
    from {{ ref('invoices') }}

),

lines as (

    select
        invoice_lines.document_number,
        invoice_lines.line_number,
        invoice_lines.charge_key,
        invoice_lines.charge_kind,
        invoice_lines.charge_id,
        invoice_lines.product_id,
        invoice_lines.amount_net,
        documents.account_id,
        documents.bill_date,
        documents.currency_code,
        coalesce(invoice_lines.charged_from, invoice_lines.period_start) as charged_from,
        coalesce(invoice_lines.charged_to, invoice_lines.period_end) as charged_to,
        -- a credit note in full and the document that it takes back cancel out, day by day
        case
            when documents.credited_document_number is not null then 1
            when credit_notes.document_number is not null then 1
            else 0
        end as is_taken_back
    from {{ ref('invoice_lines') }} as invoice_lines
    inner join documents
        on invoice_lines.document_number = documents.document_number
    left join documents as credit_notes
        on documents.document_number = credit_notes.credited_document_number

),

-- a key may have several lines in a document, one per tax rate
stretches as (

    select
        document_number,
        charge_key,
        is_taken_back,
        bill_date,
        min(charged_from) as charged_from,
        max(charged_to) as charged_to
    from lines
    group by document_number, charge_key, is_taken_back, bill_date

),

with_earlier_stretch as (

    select
        stretches.*,
        lag(charged_from) over (
            partition by charge_key, is_taken_back
            order by bill_date asc nulls last, document_number asc nulls last
        ) as earlier_from,
        lag(charged_to) over (
            partition by charge_key, is_taken_back
            order by bill_date asc nulls last, document_number asc nulls last
        ) as earlier_to
    from stretches

),

moved_ends as (

    select
        document_number,
        charge_key,
        -- A line that moves one end of what was charged before is for the days between the two
        -- ends: the refund of a yearly fee ended in March takes back the months from April.
        case
            when earlier_from = charged_from then least(earlier_to, charged_to)
            else least(earlier_from, charged_from)
        end as earned_from,
        case
            when earlier_from = charged_from then greatest(earlier_to, charged_to)
            else greatest(earlier_from, charged_from)
        end as earned_to
    from with_earlier_stretch
    where
        is_taken_back = 0
        and (
            (earlier_from = charged_from and earlier_to <> charged_to)
            or (earlier_from <> charged_from and earlier_to = charged_to)
        )

),

with_stretch as (

    select
        lines.document_number,
        lines.line_number,
        lines.charge_key,
        lines.charge_kind,
        lines.charge_id,
        lines.product_id,
        lines.amount_net,
        lines.account_id,
        lines.bill_date,
        lines.currency_code,
        coalesce(moved_ends.earned_from, lines.charged_from) as earned_from,
        coalesce(moved_ends.earned_to, lines.charged_to) as earned_to
    from lines
    left join moved_ends
        on lines.document_number = moved_ends.document_number
        and lines.charge_key = moved_ends.charge_key

),

devices as (

    select distinct product_id from {{ ref('products') }}
    where kind = 'device'

),

with_posting as (

    select
        with_stretch.document_number,
        with_stretch.line_number,
        with_stretch.account_id,
        with_stretch.bill_date,
        with_stretch.charge_key,
        with_stretch.charge_kind,
        with_stretch.charge_id,
        with_stretch.product_id,
        case
            when devices.product_id is not null and with_stretch.charge_kind = 'once' then 'revenue_device'
            else 'revenue_' || with_stretch.charge_kind
        end as posting,
        with_stretch.earned_from,
        with_stretch.earned_to,
        -- what is earned after the document's date is deferred; a discount follows what it reduces
        with_stretch.charge_kind in ('recurring', 'discount')
        and with_stretch.earned_to > with_stretch.bill_date
        and with_stretch.earned_to > with_stretch.earned_from as is_deferred,
        with_stretch.amount_net,
        with_stretch.currency_code
    from with_stretch
    left join devices
        on with_stretch.product_id = devices.product_id

)

select * from with_posting
