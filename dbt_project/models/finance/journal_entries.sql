-- One row per line of a journal entry; one balanced entry per document, payment, write-off and
-- monthly release (8.2).
with postings as (

    select * from {{ ref('int_ledger_postings') }}

),

with_account_code as (

    select
        postings.entry_id,
        postings.entry_date,
        postings.journal,
        postings.document_number,
        account_codes.account_code,
        postings.account_id,
        postings.description,
        postings.amount,
        postings.posting,
        postings.currency_code
    from postings
    -- a posting that has no account stays in sight: the entry balances, the line lacks its code
    left join {{ ref('account_codes') }} as account_codes
        on postings.posting = account_codes.posting
        and postings.entry_date >= account_codes.valid_from
        and postings.entry_date < account_codes.valid_to

),

numbered as (

    select
        entry_id,
        cast(
            row_number() over (
                partition by entry_id
                -- debits first
                order by
                    case when amount > 0 then 1 else 2 end asc nulls last,
                    account_code asc nulls last,
                    posting asc nulls last
            ) as bigint
        ) as line_number,
        entry_date,
        journal,
        document_number,
        account_code,
        account_id,
        description,
        cast(greatest(amount, 0) as decimal(18, 3)) as debit,
        cast(greatest(-amount, 0) as decimal(18, 3)) as credit,
        currency_code,
        posting
    from with_account_code

)

select * from numbered
