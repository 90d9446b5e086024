-- One row per entry of the French audit file that an inspector would refuse, and why. Empty when all is well.
{{ config(materialized='view', tags=['issued', 'after_issue']) }}
with lines as (

    select * from {{ ref('fec_entries') }}

),

unbalanced as (

    select
        fiscal_year,
        journal_code,
        entry_id,
        'debits are not credits' as fault
    from lines
    group by fiscal_year, journal_code, entry_id, currency_code
    having sum(debit) <> sum(credit)

),

-- numbers of a journal rise by one in the order of the file
numbers as (

    select distinct
        fiscal_year,
        journal_code,
        entry_id,
        entry_number,
        entry_date
    from lines

),

before as (

    select
        *,
        lag(entry_number) over (
            partition by fiscal_year, journal_code order by entry_number asc nulls last, entry_id asc nulls last
        ) as number_before,
        lag(entry_date) over (
            partition by fiscal_year, journal_code order by entry_number asc nulls last, entry_id asc nulls last
        ) as date_before
    from numbers

),

gaps as (

    select
        fiscal_year,
        journal_code,
        entry_id,
        'its number does not follow the one before' as fault
    from before
    where entry_number <> coalesce(number_before, 0) + 1 or entry_date < date_before

),

faulty_lines as (

    select
        fiscal_year,
        journal_code,
        entry_id,
        case
            when account_code is null then 'no account'
            -- a class of the chart, and three digits at least
            when substring(account_code, 1, 1) not in ('1', '2', '3', '4', '5', '6', '7')
                or translate(substring(account_code, 1, 3), '0123456789', '##########') <> '###'
                then 'its account is not of the chart'
            when year(entry_date) <> fiscal_year then 'its date is not in the year'
            when (debit = 0) = (credit = 0) or debit < 0 or credit < 0 then 'neither debit nor credit, or both'
            when coalesce(document_reference, '') = '' then 'no document'
            when coalesce(description, '') = '' then 'no description'
            when (lettering is null) <> (lettered_on is null) then 'lettering without its day'
        end as fault
    from lines

),

-- what an entry names as its document is an issued document, a payment or the opening balance
known as (

    select document_number as document_reference from {{ ref('invoices') }}
    union all
    select payment_id as document_reference from {{ ref('payments') }}

),

unfounded as (

    select
        lines.fiscal_year,
        lines.journal_code,
        lines.entry_id,
        'its document is not known' as fault
    from lines
    left join known
        on lines.document_reference = known.document_reference
    where known.document_reference is null and lines.journal_code <> 'AN'

),

offenders as (

    select * from unbalanced
    union all
    select * from gaps
    union all
    select distinct * from faulty_lines
    where fault is not null
    union all
    select distinct * from unfounded

)

select * from offenders
