-- One row per subscription, period and charge name whose rated money is not its owed money plus
-- rounding (6.1). Of the run's accounts and window. Empty when all is well.
{{ config(tags=['draft', 'before_issue']) }}
with run_accounts as (

    select
        accounts.account_id,
        bill_run.bill_date,
        bill_run.window_start
    from {{ ref('accounts') }} as accounts
    inner join {{ ref('bill_run') }} as bill_run
        on accounts.cycle_day = bill_run.cycle_day

),

rated as (

    select
        totals.account_id,
        totals.subscription_id,
        totals.bill_date as period_end,
        totals.charge_name,
        sum(totals.amount) as amount
    from {{ ref('int_usage_totals') }} as totals
    inner join run_accounts
        on totals.account_id = run_accounts.account_id
        and totals.bill_date > run_accounts.window_start
        and totals.bill_date <= run_accounts.bill_date
    group by
        totals.account_id,
        totals.subscription_id,
        totals.bill_date,
        totals.charge_name

),

owed as (

    select
        owed_charges.account_id,
        owed_charges.subscription_id,
        owed_charges.period_end,
        owed_charges.charge_id as charge_name,
        sum(owed_charges.amount_net) as amount,
        sum(owed_charges.rounding) as rounding
    from {{ ref('owed_charges') }} as owed_charges
    inner join run_accounts
        on owed_charges.account_id = run_accounts.account_id
        and owed_charges.period_end > run_accounts.window_start
        and owed_charges.period_end <= run_accounts.bill_date
    where owed_charges.charge_kind = 'usage'
    group by
        owed_charges.account_id, owed_charges.subscription_id, owed_charges.period_end, owed_charges.charge_id

),

compared as (

    select
        coalesce(rated.account_id, owed.account_id) as account_id,
        coalesce(rated.subscription_id, owed.subscription_id) as subscription_id,
        coalesce(rated.period_end, owed.period_end) as period_end,
        coalesce(rated.charge_name, owed.charge_name) as charge_name,
        cast(coalesce(rated.amount, 0) as decimal(28, 6)) as amount_rated,
        cast(coalesce(owed.amount, 0) as decimal(28, 6)) as amount_owed,
        cast(coalesce(owed.rounding, 0) as decimal(28, 6)) as rounding
    from rated
    full outer join owed
        on rated.account_id = owed.account_id
        and rated.subscription_id = owed.subscription_id
        and rated.period_end = owed.period_end
        and rated.charge_name = owed.charge_name

),

offenders as (

    select * from compared
    where amount_rated <> amount_owed + rounding

)

select * from offenders
