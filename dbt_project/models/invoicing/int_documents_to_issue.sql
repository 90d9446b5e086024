-- One row per draft that is ready: the numbered document with its canonical content, as it will be issued (7.2).
with numbers as (

    select * from {{ ref('int_document_numbers') }}

),

operator as (

    select
        operator.minor_units,
        operator.currency_code,
        {{ json_obj([
            ['operator_id', json_text('operator_id')],
            ['legal_name', json_text('legal_name')],
            ['street', json_text('street')],
            ['postal_code', json_text('postal_code')],
            ['city', json_text('city')],
            ['region', json_text('region')],
            ['country', json_text('country')],
            ['registration', json_text('registration')],
            ['vat_number', json_text('vat_number')],
            ['language', json_text('language')],
            ['time_zone', json_text('time_zone')],
            ['prices_include_tax', json_boolean('prices_include_tax')],
            ['payment_terms_days', json_number('payment_terms_days')],
            ['support_email', json_text('support_email')],
            ['support_phone', json_text('support_phone')],
            ['support_url', json_text('support_url')],
            ['bank_iban', json_text('bank_iban')],
            ['bank_bic', json_text('bank_bic')],
            ['late_fee_percent', json_text(decimal_text('late_fee_percent'))],
            ['late_fee_amount', json_text(money_text('late_fee_amount', 'minor_units'))],
            ['late_fee_after_days', json_number('late_fee_after_days')],
            ['mask_digits', json_number('mask_digits')],
        ]) }} as content
    from {{ ref('operator') }} as operator

),

taxes as (

    select
        taxes.account_id,
        {{ json_list(
            json_obj([
                ['tax_category', json_text('taxes.tax_category')],
                ['tax_id', json_text('taxes.tax_id')],
                ['name', json_text('taxes.name')],
                ['rate_percent', json_text(decimal_text('taxes.rate_percent'))],
                ['taxable_amount', json_text(money_text('taxes.taxable_amount', 'operator.minor_units'))],
                ['amount_tax', json_text(money_text('taxes.amount_tax', 'operator.minor_units'))],
                ['en16931_category', json_text('taxes.en16931_category')],
                ['legal_text', json_text('taxes.legal_text')],
            ]),
            'taxes.tax_category asc nulls last, taxes.sequence asc nulls last, taxes.tax_id asc nulls last, '
            ~ 'taxes.rate_percent asc nulls last'
        ) }} as content
    from {{ ref('draft_invoice_taxes') }} as taxes
    inner join numbers
        on taxes.account_id = numbers.account_id
    cross join operator
    where taxes.bill_date = {{ bill_date() }}
    group by taxes.account_id

),

subscriptions as (

    select
        document_number,
        {{ json_list(
            json_obj([
                ['subscription_id', json_text('subscription_id')],
                ['name', json_text('name')],
                ['msisdn', json_text('msisdn')],
                ['plan', json_text('plan')],
            ]),
            'subscription_id asc nulls last'
        ) }} as content
    from {{ ref('int_document_subscriptions') }}
    group by document_number

),

allowances as (

    select
        document_number,
        {{ json_list(
            json_obj([
                ['allowance_grant_id', json_text('allowance_grant_id')],
                ['subscription_id', json_text('subscription_id')],
                ['name', json_text('name')],
                ['service', json_text('service')],
                ['granted', json_number('granted')],
                ['carried_in', json_number('carried_in')],
                ['used', json_number('used')],
                ['expired', json_number('expired')],
                ['carried_out', json_number('carried_out')],
                ['is_unlimited', json_boolean('is_unlimited')],
            ]),
            'subscription_id asc nulls last, allowance_id asc nulls last, allowance_grant_id asc nulls last'
        ) }} as content
    from {{ ref('int_document_allowances') }}
    group by document_number

),

usage as (

    select
        document_number,
        {{ json_list(
            json_obj([
                ['subscription_id', json_text('subscription_id')],
                ['service', json_text('service')],
                ['charge_name', json_text('charge_name')],
                ['description', json_text('description')],
                ['events', json_number('events')],
                ['quantity', json_number('quantity')],
                ['included_quantity', json_number('included_quantity')],
                ['billed_quantity', json_number('billed_quantity')],
                ['amount', json_text('amount')],
            ]),
            'subscription_id asc nulls last, service asc nulls last, charge_name asc nulls last'
        ) }} as content
    from {{ ref('int_document_usage') }}
    group by document_number

),

usage_rows as (

    -- the digest that ties the itemised usage to the document, which outlives it
    select
        document_number,
        count(*) as records,
        {{ sha256_hex(json_list(
            json_obj([
                ['position', json_number('position')],
                ['subscription_id', json_text('subscription_id')],
                ['usage_event_id', json_text('usage_event_id')],
                ['service', json_text('service')],
                ['direction', json_text('direction')],
                ['other_party', json_text('other_party')],
                ['destination', json_text('destination')],
                ['zone', json_text('zone')],
                ['visited_zone', json_text('visited_zone')],
                ['charge_name', json_text('charge_name')],
                ['local_started_at', json_text('local_started_at')],
                ['quantity', json_number('quantity')],
                ['included_quantity', json_number('included_quantity')],
                ['billed_quantity', json_number('billed_quantity')],
                ['amount', json_text('amount')],
            ]),
            'position asc nulls last'
        )) }} as digest
    from {{ ref('int_usage_to_issue') }}
    group by document_number

),

earlier_documents as (

    select
        documents.account_id,
        documents.bill_date,
        documents.position,
        documents.amount_total,
        row_number() over (
            partition by documents.account_id
            order by documents.bill_date desc nulls last, documents.position desc nulls last
        ) as turn
    from {{ ref('int_billed_documents') }} as documents
    inner join numbers
        on documents.account_id = numbers.account_id

),

history as (

    select
        earlier_documents.account_id,
        {{ json_list(
            json_obj([
                ['bill_date', json_text('earlier_documents.bill_date')],
                ['total', json_text(money_text('earlier_documents.amount_total', 'operator.minor_units'))],
            ]),
            'earlier_documents.turn desc nulls last'
        ) }} as content
    from earlier_documents
    cross join operator
    where earlier_documents.turn <= 5
    group by earlier_documents.account_id

),

-- usage of the bills before this one, for its chart
earlier_usage as (

    select
        earlier_bills.document_number,
        earlier_bills.bill_date,
        usage.service,
        sum(usage.quantity) as quantity,
        sum(usage.billed_quantity) as billed_quantity,
        sum(usage.amount) as amount
    from {{ ref('int_earlier_bills') }} as earlier_bills
    inner join {{ ref('int_billed_documents') }} as documents
        on
            earlier_bills.account_id = documents.account_id
            and earlier_bills.bill_date = documents.bill_date
    left join {{ ref('int_billed_documents') }} as credit_notes
        on documents.document_number = credit_notes.credited_document_number
    inner join {{ ref('int_billed_usage') }} as usage
        on documents.document_number = usage.document_number
    where
        earlier_bills.turn <= 5
        and credit_notes.document_number is null
    group by earlier_bills.document_number, earlier_bills.bill_date, usage.service

),

usage_of_earlier_bills as (

    select
        document_number,
        bill_date,
        {{ json_list(
            json_obj([
                ['service', json_text('service')],
                ['quantity', json_number('cast(quantity as bigint)')],
                ['billed_quantity', json_number('cast(billed_quantity as bigint)')],
                ['amount', json_text('cast(amount as decimal(18, 6))')],
            ]),
            'service asc nulls last'
        ) }} as content
    from earlier_usage
    group by document_number, bill_date

),

earlier_periods as (

    select
        earlier_bills.document_number,
        {{ json_list(
            json_obj([
                ['bill_date', json_text('earlier_bills.bill_date')],
                ['total', json_text(money_text('earlier_bills.amount_total', 'operator.minor_units'))],
                ['usage', "coalesce(usage_of_earlier_bills.content, '[]')"],
            ]),
            'earlier_bills.turn desc nulls last'
        ) }} as content
    from {{ ref('int_earlier_bills') }} as earlier_bills
    cross join operator
    left join usage_of_earlier_bills
        on
            earlier_bills.document_number = usage_of_earlier_bills.document_number
            and earlier_bills.bill_date = usage_of_earlier_bills.bill_date
    where earlier_bills.turn <= 5
    group by earlier_bills.document_number

),

changes as (

    select
        changes.document_number,
        {{ json_list(
            json_obj([
                ['cause', json_text('changes.cause')],
                ['charge_kind', json_text('changes.charge_kind')],
                ['name', json_text('changes.name')],
                ['subscriptions', json_number('changes.subscriptions')],
                ['subscription_id', json_text('changes.subscription_id')],
                ['before', json_text(money_text('changes.amount_before', 'operator.minor_units'))],
                ['now', json_text(money_text('changes.amount_now', 'operator.minor_units'))],
                ['difference', json_text(
                    money_text('changes.amount_now - changes.amount_before', 'operator.minor_units')
                )],
            ]),
            'changes.charge_kind asc nulls last, changes.cause asc nulls last, changes.identity asc nulls last'
        ) }} as content
    from {{ ref('int_document_changes') }} as changes
    cross join operator
    group by changes.document_number

),

comparison as (

    select
        earlier_bills.document_number,
        {{ json_obj([
            ['bill_date', json_text('earlier_bills.bill_date')],
            ['total', json_text(money_text('earlier_bills.amount_total', 'operator.minor_units'))],
            ['changes', "coalesce(changes.content, '[]')"],
        ]) }} as content
    from {{ ref('int_earlier_bills') }} as earlier_bills
    cross join operator
    left join changes
        on earlier_bills.document_number = changes.document_number
    where earlier_bills.turn = 1

),

-- 7.3: a credit note names the documents whose lines it takes back
corrects as (

    select
        account_id,
        {{ json_list(json_text('document_number'), 'document_number asc nulls last') }} as content
    from {{ ref('int_corrected_documents') }}
    where document_kind = 'credit_note'
    group by account_id

),

-- an e-invoice refers to them by number and date, an invoice too
corrected_documents as (

    select
        account_id,
        {{ json_list(
            json_obj([
                ['document_number', json_text('document_number')],
                ['bill_date', json_text('corrected_on')],
            ]),
            'corrected_on asc nulls last, document_number asc nulls last'
        ) }} as content
    from {{ ref('int_corrected_documents') }}
    group by account_id

),

documents as (

    select
        numbers.document_number,
        numbers.document_kind,
        numbers.account_id,
        numbers.bill_date,
        bill_run.bill_date_at as issued_at,
        numbers.series,
        numbers.sequence,
        {{ json_obj([
            ['schema', json_text("'billhouse-document/1'")],
            ['template', json_text("'2'")],
            ['document_number', json_text('numbers.document_number')],
            ['document_kind', json_text('numbers.document_kind')],
            ['credited_document_number', "'null'"],
            ['bill_date', json_text('numbers.bill_date')],
            ['due_date', json_text('numbers.due_date')],
            ['currency_code', json_text('operator.currency_code')],
            ['minor_units', json_number('operator.minor_units')],
            ['operator', 'operator.content'],
            ['account', json_obj([
                ['account_id', json_text('accounts.account_id')],
                ['kind', json_text('accounts.kind')],
                ['name', json_text('accounts.name')],
                ['email', json_text('accounts.email')],
                ['phone', json_text('accounts.phone')],
                ['street', json_text('accounts.street')],
                ['postal_code', json_text('accounts.postal_code')],
                ['city', json_text('accounts.city')],
                ['region', json_text('accounts.region')],
                ['country', json_text('accounts.country')],
                ['vat_number', json_text('accounts.vat_number')],
                ['tax_exempt_reason', json_text('accounts.tax_exempt_reason')],
                ['language', json_text('accounts.language')],
                ['payment_method', json_text('accounts.payment_method')],
                ['delivery', json_text('accounts.delivery')],
                ['itemisation', json_text('accounts.itemisation')],
            ])],
            ['period', json_obj([
                ['start', json_text('drafts.period_start')],
                ['end', json_text('drafts.period_end')],
            ])],
            ['amounts', json_obj([
                ['net', json_text(money_text('drafts.amount_net', 'operator.minor_units'))],
                ['tax', json_text(money_text('drafts.amount_tax', 'operator.minor_units'))],
                ['total', json_text(money_text('drafts.amount_total', 'operator.minor_units'))],
                ['balance_forward', json_text(money_text('drafts.balance_forward', 'operator.minor_units'))],
                ['due', json_text(money_text('drafts.amount_due', 'operator.minor_units'))],
            ])],
            ['subscriptions', "coalesce(subscriptions.content, '[]')"],
            ['lines', 'lines.content'],
            ['taxes', "coalesce(taxes.content, '[]')"],
            ['allowances', "coalesce(allowances.content, '[]')"],
            ['usage', "coalesce(usage.content, '[]')"],
            ['usage_details', json_obj([
                ['records', json_number('coalesce(usage_rows.records, 0)')],
                ['sha256', json_text('usage_rows.digest')],
            ])],
            ['history', "coalesce(history.content, '[]')"],
            ['corrects', "coalesce(corrects.content, '[]')"],
            ['corrected_documents', "coalesce(corrected_documents.content, '[]')"],
            ['comparison', "coalesce(comparison.content, 'null')"],
            ['earlier_periods', "coalesce(earlier_periods.content, '[]')"],
        ]) }} as document
    from {{ ref('int_document_lines') }} as lines
    inner join numbers
        on lines.account_id = numbers.account_id
    inner join {{ ref('draft_invoices') }} as drafts
        on
            numbers.account_id = drafts.account_id
            and numbers.bill_date = drafts.bill_date
    inner join {{ ref('accounts') }} as accounts
        on numbers.account_id = accounts.account_id
    cross join operator
    cross join {{ ref('bill_run') }} as bill_run
    left join taxes
        on numbers.account_id = taxes.account_id
    left join subscriptions
        on numbers.document_number = subscriptions.document_number
    left join allowances
        on numbers.document_number = allowances.document_number
    left join usage
        on numbers.document_number = usage.document_number
    left join usage_rows
        on numbers.document_number = usage_rows.document_number
    left join history
        on numbers.account_id = history.account_id
    left join corrects
        on numbers.account_id = corrects.account_id
    left join corrected_documents
        on numbers.account_id = corrected_documents.account_id
    left join comparison
        on numbers.document_number = comparison.document_number
    left join earlier_periods
        on numbers.document_number = earlier_periods.document_number

)

select * from documents
