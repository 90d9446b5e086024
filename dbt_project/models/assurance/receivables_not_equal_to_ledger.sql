-- One row per account and currency whose open invoices are not its receivables in the ledger, or
-- whose credit is not its customer credit there (8.2). Empty when all is well.
{{ config(tags=['issued', 'after_issue']) }}
with ledger as (

    select
        account_id,
        currency_code,
        sum(case when posting = 'receivable' then debit - credit else 0 end) as receivable,
        sum(case when posting = 'customer_credit' then credit - debit else 0 end) as customer_credit
    from {{ ref('journal_entries') }}
    group by account_id, currency_code

),

balances as (

    select
        account_id,
        currency_code,
        open_amount + refunded_in_excess as receivable,
        credit as customer_credit
    from {{ ref('account_balances') }}

),

ageing as (

    select
        account_id,
        currency_code,
        total
    from {{ ref('ageing') }}

),

compared as (

    select
        coalesce(ledger.account_id, balances.account_id) as account_id,
        cast(coalesce(ledger.receivable, 0) as decimal(18, 3)) as receivable_in_ledger,
        cast(coalesce(balances.receivable, 0) as decimal(18, 3)) as open_invoices,
        cast(coalesce(ledger.customer_credit, 0) as decimal(18, 3)) as credit_in_ledger,
        cast(coalesce(balances.customer_credit, 0) as decimal(18, 3)) as credit,
        coalesce(ledger.currency_code, balances.currency_code) as currency_code
    from ledger
    full outer join balances
        on ledger.account_id = balances.account_id
        and ledger.currency_code = balances.currency_code

),

with_ageing as (

    select
        compared.account_id,
        compared.receivable_in_ledger,
        compared.open_invoices,
        cast(coalesce(ageing.total, 0) as decimal(18, 3)) as total_of_ageing,
        compared.credit_in_ledger,
        compared.credit,
        account_balances.refunded_in_excess,
        compared.currency_code
    from compared
    left join ageing
        on compared.account_id = ageing.account_id
        and compared.currency_code = ageing.currency_code
    left join {{ ref('account_balances') }} as account_balances
        on compared.account_id = account_balances.account_id
        and compared.currency_code = account_balances.currency_code

),

offenders as (

    select * from with_ageing
    where not coalesce(
        receivable_in_ledger = open_invoices
        and total_of_ageing = open_invoices - refunded_in_excess
        and credit_in_ledger = credit,
        false
    )

)

select * from offenders
