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
        invoice_lines.amount_net,
        documents.account_id,
        documents.bill_date,
        documents.currency_code,
        coalesce(invoice_lines.charged_from, invoice_lines.period_start) as charged_from,
        coalesce(invoice_lines.charged_to, invoice_lines.period_end) as charged_to,
        -- a credit note in full and the document that it takes back cancel out, day by day
        case
            when documents.credited_document_number is not null or credit_notes.document_number is not null then 1
            else 0
        end as is_taken_back
    from {{ ref('invoice_lines') }} as invoice_lines
    inner join documents
        on invoice_lines.document_number = documents.document_number
    left join documents as credit_notes
        on documents.document_number = credit_notes.credited_document_number

),

with_earlier_stretch as (

    select
        lines.*,
        lag(charged_from) over (
            partition by charge_key, is_taken_back
            order by bill_date asc nulls last, document_number asc nulls last, line_number asc nulls last
        ) as earlier_from,
        lag(charged_to) over (
            partition by charge_key, is_taken_back
            order by bill_date asc nulls last, document_number asc nulls last, line_number asc nulls last
        ) as earlier_to
    from lines

),

with_stretch as (

    select
        document_number,
        line_number,
        charge_key,
        charge_kind,
        charge_id,
        amount_net,
        account_id,
        bill_date,
        currency_code,
        -- A line that moves the end of what was charged before is for the days between the two ends:
        -- the refund of a yearly fee ended in March takes back the months from April.
        case
            when is_taken_back = 0 and earlier_from = charged_from and earlier_to <> charged_to
                then least(earlier_to, charged_to)
            else charged_from
        end as earned_from,
        case
            when is_taken_back = 0 and earlier_from = charged_from and earlier_to <> charged_to
                then greatest(earlier_to, charged_to)
            else charged_to
        end as earned_to
    from with_earlier_stretch

),

with_product as (

    select
        with_stretch.*,
        case
            when with_stretch.charge_kind in ('recurring', 'once') then subscribed_products.product_id
            when with_stretch.charge_kind in ('minimum_top_up', 'cap_credit') then with_stretch.charge_id
        end as product_id
    from with_stretch
    left join {{ ref('subscribed_products') }} as subscribed_products
        on with_stretch.charge_id = subscribed_products.subscribed_product_id
        and with_stretch.charge_kind in ('recurring', 'once')

),

devices as (

    select distinct product_id from {{ ref('products') }}
    where kind = 'device'

),

with_posting as (

    select
        with_product.document_number,
        with_product.line_number,
        with_product.account_id,
        with_product.bill_date,
        with_product.charge_key,
        with_product.charge_kind,
        with_product.charge_id,
        with_product.product_id,
        case
            when devices.product_id is not null and with_product.charge_kind = 'once' then 'revenue_device'
            else 'revenue_' || with_product.charge_kind
        end as posting,
        with_product.earned_from,
        with_product.earned_to,
        -- what is earned after the document's date is deferred; a discount follows what it reduces
        with_product.charge_kind in ('recurring', 'discount')
        and with_product.earned_to > with_product.bill_date
        and with_product.earned_to > with_product.earned_from as is_deferred,
        with_product.amount_net,
        with_product.currency_code
    from with_product
    left join devices
        on with_product.product_id = devices.product_id

)

select * from with_posting
