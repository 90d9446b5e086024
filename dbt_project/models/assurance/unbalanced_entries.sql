-- One row per journal entry, or day of a journal, and currency, whose debits are not its credits
-- (8.2). Empty when all is well.
{{ config(tags=['issued', 'after_issue']) }}
with entries as (

    select
        entry_id,
        entry_date,
        journal,
        debit,
        credit,
        currency_code
    from {{ ref('journal_entries') }}

),

by_entry as (

    select
        'entry' as scope,
        entry_id,
        -- an entry of two days or two journals is none
        case when min(entry_date) = max(entry_date) and min(journal) = max(journal) then min(entry_date) end
            as entry_date,
        currency_code,
        sum(debit) as debit,
        sum(credit) as credit
    from entries
    group by entry_id, currency_code

),

by_day as (

    select
        'day of ' || journal as scope,
        cast(null as string) as entry_id,
        entry_date,
        currency_code,
        sum(debit) as debit,
        sum(credit) as credit
    from entries
    group by journal, entry_date, currency_code

),

sums as (

    select scope, entry_id, entry_date, currency_code, debit, credit from by_entry

    union all

    select scope, entry_id, entry_date, currency_code, debit, credit from by_day

),

offenders as (

    select
        scope,
        entry_id,
        entry_date,
        cast(debit as decimal(28, 3)) as debit,
        cast(credit as decimal(28, 3)) as credit,
        currency_code
    from sums
    where debit <> credit or entry_date is null

)

select * from offenders
