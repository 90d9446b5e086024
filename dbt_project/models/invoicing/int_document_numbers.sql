-- One row per draft that is ready: the document that it becomes (6.4) and its number (7.2).
with ready as (

    select
        drafts.account_id,
        drafts.bill_date,
        case when drafts.amount_total < 0 then 'credit_note' else 'invoice' end as document_kind,
        case
            when drafts.amount_total < 0 then operator.credit_note_number_format
            else operator.invoice_number_format
        end as number_format,
        {{ add_days('drafts.bill_date', 'operator.payment_terms_days') }} as due_date
    from {{ ref('draft_invoices') }} as drafts
    cross join {{ ref('operator') }} as operator
    where
        drafts.bill_date = {{ bill_date() }}
        and drafts.status = 'ready'

),

with_series as (

    -- the series is the format without its sequence: one per year where the year is in it
    select
        ready.account_id,
        ready.bill_date,
        ready.document_kind,
        ready.due_date,
        replace(ready.number_format, '{{ '{year}' }}', cast(year(ready.bill_date) as string)) as number_format,
        regexp_replace(
            regexp_replace(
                replace(ready.number_format, '{{ '{year}' }}', cast(year(ready.bill_date) as string)),
                '[{]sequence[^}]*[}]', ''
            ),
            '[-/_. ]+$', ''
        ) as series
    from ready

),

last_numbers as (

    select
        series,
        max(sequence) as sequence
    from {{ ref('int_billed_documents') }}
    group by series

),

with_sequence as (

    select
        with_series.*,
        cast(
            coalesce(last_numbers.sequence, 0) + row_number() over (
                partition by with_series.series order by with_series.account_id asc nulls last
            ) as bigint
        ) as sequence,
        coalesce(nullif(regexp_extract(with_series.number_format, '[{]sequence:0?([0-9]*)d?[}]', 1), ''), '1') as width
    from with_series
    left join last_numbers
        on with_series.series = last_numbers.series

),

numbered as (

    select
        account_id,
        bill_date,
        document_kind,
        due_date,
        series,
        sequence,
        regexp_replace(
            number_format,
            '[{]sequence[^}]*[}]',
            lpad(
                cast(sequence as string),
                cast(greatest(cast(width as bigint), length(cast(sequence as string))) as int),
                '0'
            )
        ) as document_number
    from with_sequence

)

select * from numbered
