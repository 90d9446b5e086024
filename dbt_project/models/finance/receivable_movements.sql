-- One row per month and currency: what customers owed at its beginning, what came and went, what they owe at its end.
-- Receivables less customer credit, from the ledger; the last month's end is held against the open documents.
{{ config(materialized='view') }}
with movements as (

    select
        cast(date_trunc('month', entry_date) as date) as month,
        currency_code,
        sum(case when journal = 'sales' and debit - credit > 0 then debit - credit else 0 end) as invoiced,
        sum(case when journal = 'sales' and debit - credit < 0 then credit - debit else 0 end) as credited,
        sum(case when journal = 'receipts' and debit - credit < 0 then credit - debit else 0 end) as paid,
        sum(case when journal = 'receipts' and debit - credit > 0 then debit - credit else 0 end) as given_back,
        sum(case when journal = 'general' then credit - debit else 0 end) as written_off
    from (
        -- an entry that moves both accounts of a customer is one movement
        select
            entry_id,
            entry_date,
            journal,
            currency_code,
            sum(debit) as debit,
            sum(credit) as credit
        from {{ ref('journal_entries') }}
        where posting in ('receivable', 'customer_credit')
        group by entry_id, entry_date, journal, currency_code
    ) as by_entry
    group by cast(date_trunc('month', entry_date) as date), currency_code

),

running as (

    select
        *,
        sum(invoiced - credited - paid + given_back - written_off) over (
            partition by currency_code order by month asc nulls last rows unbounded preceding
        ) as closing,
        lead(month) over (partition by currency_code order by month asc nulls last) is null as is_last
    from movements

),

open_documents as (

    select
        currency_code,
        sum(open_amount - unused_credit) as open_amount
    from {{ ref('receivables') }}
    group by currency_code

),

unallotted as (

    select
        currency_code,
        sum(unallotted) as unallotted
    from {{ ref('payments') }}
    where is_booked
    group by currency_code

),

rolled as (

    select
        running.month,
        cast(
            running.closing
            - (running.invoiced - running.credited - running.paid + running.given_back - running.written_off)
            as decimal(18, 3)
        ) as opening,
        cast(running.invoiced as decimal(18, 3)) as invoiced,
        cast(running.credited as decimal(18, 3)) as credited,
        cast(running.paid as decimal(18, 3)) as paid,
        cast(running.given_back as decimal(18, 3)) as given_back,
        cast(running.written_off as decimal(18, 3)) as written_off,
        cast(running.closing as decimal(18, 3)) as closing,
        cast(
            case when running.is_last
                then coalesce(open_documents.open_amount, 0) - coalesce(unallotted.unallotted, 0)
            end as decimal(18, 3)
        ) as open_documents,
        running.currency_code
    from running
    left join open_documents
        on running.currency_code = open_documents.currency_code
    left join unallotted
        on running.currency_code = unallotted.currency_code

)

select * from rolled
