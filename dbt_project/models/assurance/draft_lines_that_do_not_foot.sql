-- One row per draft of the run whose lines and taxes do not sum to its totals (6.4). Empty when all
-- is well.
{{ config(tags=['draft', 'before_issue']) }}
with drafts as (

    select
        account_id,
        bill_date,
        amount_net,
        amount_tax,
        amount_total,
        balance_forward,
        amount_due
    from {{ ref('draft_invoices') }}
    where bill_date = {{ bill_date() }}

),

lines as (

    select
        account_id,
        sum(amount_net) as amount_net
    from {{ ref('draft_invoice_lines') }}
    where bill_date = {{ bill_date() }}
    group by account_id

),

taxes as (

    select
        account_id,
        sum(amount_tax) as amount_tax
    from {{ ref('draft_invoice_taxes') }}
    where bill_date = {{ bill_date() }}
    group by account_id

),

line_accounts as (

    select account_id from lines

    union

    select account_id from taxes

    union

    select account_id from drafts

),

compared as (

    select
        line_accounts.account_id,
        drafts.bill_date,
        drafts.amount_net,
        cast(coalesce(lines.amount_net, 0) as decimal(18, 3)) as net_of_lines,
        drafts.amount_tax,
        cast(coalesce(taxes.amount_tax, 0) as decimal(18, 3)) as tax_of_taxes,
        drafts.amount_total,
        drafts.balance_forward,
        drafts.amount_due
    from line_accounts
    left join drafts
        on line_accounts.account_id = drafts.account_id
    left join lines
        on line_accounts.account_id = lines.account_id
    left join taxes
        on line_accounts.account_id = taxes.account_id

),

offenders as (

    -- lines or taxes without a draft are told by the nulls
    select * from compared
    where not coalesce(
        amount_net = net_of_lines
        and amount_tax = tax_of_taxes
        and amount_total = amount_net + amount_tax
        and amount_due = amount_total + balance_forward,
        false
    )

)

select * from offenders
