-- One row per month, charge kind, product, charge name and currency. amount_billed by the month of
-- the document, amount_earned by the month in which the ledger takes it as revenue.
with ledger_date as (

    select ledger_date from {{ ref('int_ledger_date') }}

),

billed as (

    select
        cast(date_trunc('month', bill_date) as date) as month,
        charge_kind,
        charge_id,
        product_id,
        currency_code,
        amount_net as amount_billed,
        0 as amount_earned
    from {{ ref('int_revenue_lines') }}

),

earned as (

    select
        cast(date_trunc('month', parts.earned_on) as date) as month,
        parts.charge_kind,
        parts.charge_id,
        parts.product_id,
        parts.currency_code,
        0 as amount_billed,
        parts.amount as amount_earned
    from {{ ref('int_revenue_parts') }} as parts
    inner join ledger_date
        on parts.earned_on <= ledger_date.ledger_date

),

billed_and_earned as (

    select month, charge_kind, charge_id, product_id, currency_code, amount_billed, amount_earned from billed

    union all

    select month, charge_kind, charge_id, product_id, currency_code, amount_billed, amount_earned from earned

),

named as (

    select
        month,
        charge_kind,
        product_id,
        -- the name of the usage or the discount; other kinds are told apart by product or not at all
        case when charge_kind in ('usage', 'discount') then charge_id end as charge_name,
        amount_billed,
        amount_earned,
        currency_code
    from billed_and_earned

),

by_month as (

    select
        month,
        charge_kind,
        product_id,
        charge_name,
        cast(sum(amount_billed) as decimal(18, 3)) as amount_billed,
        cast(sum(amount_earned) as decimal(18, 3)) as amount_earned,
        currency_code
    from named
    group by month, charge_kind, product_id, charge_name, currency_code

)

select * from by_month
