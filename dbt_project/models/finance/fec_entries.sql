-- One row per line of the French audit file (FEC, LPF art. A47 A-1), in its order: every year's
-- opening balances, then the year's journal.
{{ config(materialized='view') }}
with lines as (

    select
        entries.*,
        cast(year(entries.entry_date) as int) as fiscal_year,
        entries.posting in ('receivable', 'customer_credit') as is_of_customer
    from {{ ref('journal_entries') }} as entries

),

-- Lettering: what settles what on a customer's account. A stretch of lines, in the order of the
-- ledger, that begins and ends with a balance of 0 settles itself.
running as (

    select
        entry_id,
        line_number,
        account_id,
        posting,
        currency_code,
        entry_date,
        sum(debit - credit) over (
            partition by account_id, posting, currency_code
            order by entry_date asc nulls last, entry_id asc nulls last, line_number asc nulls last
            rows unbounded preceding
        ) as balance
    from lines
    where is_of_customer

),

stretches as (

    select
        *,
        coalesce(sum(case when balance = 0 then 1 else 0 end) over (
            partition by account_id, posting, currency_code
            order by entry_date asc nulls last, entry_id asc nulls last, line_number asc nulls last
            rows between unbounded preceding and 1 preceding
        ), 0) as stretch
    from running

),

settled as (

    select
        account_id,
        posting,
        currency_code,
        cast(stretch as bigint) as stretch,
        max(entry_date) as lettered_on
    from stretches
    group by account_id, posting, currency_code, stretch
    having max(case when balance = 0 then 1 else 0 end) = 1

),

lettered as (

    select
        stretches.entry_id,
        stretches.line_number,
        -- AAA, AAB, …, per account
        substring('ABCDEFGHIJKLMNOPQRSTUVWXYZ', cast(1 + {{ floor_div('settled.stretch', 676) }} % 26 as int), 1)
        || substring('ABCDEFGHIJKLMNOPQRSTUVWXYZ', cast(1 + {{ floor_div('settled.stretch', 26) }} % 26 as int), 1)
        || substring('ABCDEFGHIJKLMNOPQRSTUVWXYZ', cast(1 + settled.stretch % 26 as int), 1) as lettering,
        settled.lettered_on
    from stretches
    inner join settled
        on
            stretches.account_id = settled.account_id
            and stretches.posting = settled.posting
            and stretches.currency_code = settled.currency_code
            and stretches.stretch = settled.stretch

),

of_the_year as (

    select
        lines.fiscal_year,
        2 as part,
        case lines.journal when 'sales' then 'VE' when 'receipts' then 'BQ' else 'OD' end as journal_code,
        lines.entry_id,
        lines.line_number,
        lines.entry_date,
        lines.posting,
        lines.is_of_customer,
        lines.account_id,
        case
            when substring(lines.entry_id, 1, 2) = 'P-' then substring(lines.entry_id, 3, 200)
            else lines.document_number
        end as document_reference,
        coalesce(invoices.bill_date, lines.entry_date) as document_date,
        lines.description,
        lines.debit,
        lines.credit,
        lettered.lettering,
        lettered.lettered_on,
        lines.currency_code
    from lines
    left join {{ ref('invoices') }} as invoices
        on
            case when substring(lines.entry_id, 1, 2) <> 'P-' then lines.document_number end
            = invoices.document_number
    left join lettered
        on
            lines.entry_id = lettered.entry_id
            and lines.line_number = lettered.line_number

),

fiscal_years as (

    select distinct fiscal_year from lines

),

-- What earlier years left: balances per account, per customer on theirs; results in one sum.
carried as (

    select
        fiscal_years.fiscal_year,
        case
            when lines.posting like 'revenue_%' or lines.posting = 'payment_write_off' then 'previous_results'
            else lines.posting
        end as posting,
        lines.is_of_customer,
        case when lines.is_of_customer then lines.account_id end as account_id,
        lines.currency_code,
        sum(lines.debit - lines.credit) as balance
    from fiscal_years
    inner join lines
        on fiscal_years.fiscal_year > lines.fiscal_year
    group by
        fiscal_years.fiscal_year,
        case
            when lines.posting like 'revenue_%' or lines.posting = 'payment_write_off' then 'previous_results'
            else lines.posting
        end,
        lines.is_of_customer,
        case when lines.is_of_customer then lines.account_id end,
        lines.currency_code

),

opening as (

    select
        fiscal_year,
        1 as part,
        'AN' as journal_code,
        'AN-' || cast(fiscal_year as string) as entry_id,
        row_number() over (
            partition by fiscal_year
            order by posting asc nulls last, account_id asc nulls first, currency_code asc nulls last
        ) as line_number,
        cast(cast(fiscal_year as string) || '-01-01' as date) as entry_date,
        posting,
        is_of_customer,
        account_id,
        'AN-' || cast(fiscal_year as string) as document_reference,
        cast(cast(fiscal_year as string) || '-01-01' as date) as document_date,
        'A nouveau' as description,
        greatest(balance, 0) as debit,
        greatest(-balance, 0) as credit,
        cast(null as string) as lettering,
        cast(null as date) as lettered_on,
        currency_code
    from carried
    where balance <> 0

),

both_parts as (

    select * from opening
    union all
    select * from of_the_year

),

with_accounts as (

    select
        both_parts.*,
        account_codes.account_code,
        account_codes.name as account_name,
        accounts.name as customer_name
    from both_parts
    -- a posting that has no account stays in sight
    left join {{ ref('account_codes') }} as account_codes
        on
            both_parts.posting = account_codes.posting
            and both_parts.entry_date >= account_codes.valid_from
            and both_parts.entry_date < account_codes.valid_to
    left join {{ ref('accounts') }} as accounts
        on case when both_parts.is_of_customer then both_parts.account_id end = accounts.account_id

),

numbered as (

    select
        fiscal_year,
        cast(row_number() over (
            partition by fiscal_year
            order by
                part asc nulls last, entry_date asc nulls last, journal_code asc nulls last,
                entry_id asc nulls last, line_number asc nulls last
        ) as bigint) as position,
        journal_code,
        case journal_code
            when 'AN' then 'A nouveaux'
            when 'VE' then 'Ventes'
            when 'BQ' then 'Encaissements'
            else 'Opérations diverses'
        end as journal_name,
        cast(dense_rank() over (
            partition by fiscal_year, journal_code
            order by entry_date asc nulls last, entry_id asc nulls last
        ) as bigint) as entry_number,
        entry_date,
        account_code,
        account_name,
        case when is_of_customer then account_id end as subsidiary_code,
        case when is_of_customer then coalesce(customer_name, account_id) end as subsidiary_name,
        document_reference,
        document_date,
        description,
        cast(debit as decimal(18, 3)) as debit,
        cast(credit as decimal(18, 3)) as credit,
        lettering,
        lettered_on,
        entry_date as validated_on,
        currency_code,
        entry_id,
        cast(line_number as bigint) as line_number
    from with_accounts

)

select * from numbered
