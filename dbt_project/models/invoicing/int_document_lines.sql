-- One row per document to issue: its lines as canonical JSON. A step of its own, for its size.
with lines as (

    select
        lines.account_id,
        {{ json_list(
            json_obj([
                ['line_number', json_number('lines.line_number')],
                ['charge_key', json_text('lines.charge_key')],
                ['subscription_id', json_text('lines.subscription_id')],
                ['charge_kind', json_text('lines.charge_kind')],
                ['charge_id', json_text('lines.charge_id')],
                ['description', json_text('lines.description')],
                ['period_start', json_text('lines.period_start')],
                ['period_end', json_text('lines.period_end')],
                ['charged_from', json_text('lines.charged_from')],
                ['charged_to', json_text('lines.charged_to')],
                ['quantity', json_text(decimal_text('lines.quantity'))],
                ['unit', json_text('lines.unit')],
                ['tax_category', json_text('lines.tax_category')],
                ['amount_net', json_text(money_text('lines.amount_net', 'operator.minor_units'))],
                ['is_correction', json_boolean('lines.is_correction')],
                ['product_id', json_text('lines.product_id')],
                ['amount_charged', json_text(money_text('lines.amount_charged', 'operator.minor_units'))],
                ['taxes', "lines.tax_vector"],
            ]),
            'lines.line_number asc nulls last'
        ) }} as content
    from {{ ref('draft_invoice_lines') }} as lines
    inner join {{ ref('int_document_numbers') }} as numbers
        on lines.account_id = numbers.account_id
    cross join {{ ref('operator') }} as operator
    where lines.bill_date = {{ bill_date() }}
    group by lines.account_id

)

select * from lines
