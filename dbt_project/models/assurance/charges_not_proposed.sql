-- One row per charge key of the run whose draft lines are not what is owed less what was billed.
-- Empty when all is well.
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

owed as (

    select
        owed_charges.charge_key,
        owed_charges.account_id,
        owed_charges.amount_net as amount
    from {{ ref('owed_charges') }} as owed_charges
    inner join run_accounts
        on owed_charges.account_id = run_accounts.account_id
        and owed_charges.period_end > run_accounts.window_start

),

billed as (

    select
        billed_lines.charge_key,
        billed_lines.account_id,
        -billed_lines.amount_charged as amount
    from {{ ref('int_billed_lines') }} as billed_lines
    inner join run_accounts
        on billed_lines.account_id = run_accounts.account_id
        and billed_lines.period_end > run_accounts.window_start

),

-- a bill date that is drafted again leaves alone what a later one billed (7.2)
billed_later as (

    select distinct billed_lines.charge_key
    from {{ ref('int_billed_lines') }} as billed_lines
    inner join run_accounts
        on billed_lines.account_id = run_accounts.account_id
        and billed_lines.bill_date > run_accounts.bill_date

),

owed_less_billed as (

    select
        charge_key,
        account_id,
        amount
    from owed

    union all

    select
        charge_key,
        account_id,
        amount
    from billed

),

differences as (

    select
        charge_key,
        account_id,
        sum(amount) as amount
    from owed_less_billed
    group by charge_key, account_id

),

proposed as (

    select
        charge_key,
        account_id,
        sum(amount_charged) as amount
    from {{ ref('draft_invoice_lines') }}
    where bill_date = {{ bill_date() }}
    group by charge_key, account_id

),

compared as (

    select
        coalesce(differences.charge_key, proposed.charge_key) as charge_key,
        coalesce(differences.account_id, proposed.account_id) as account_id,
        cast(coalesce(differences.amount, 0) as decimal(18, 3)) as owed_less_billed,
        cast(coalesce(proposed.amount, 0) as decimal(18, 3)) as proposed
    from differences
    full outer join proposed
        on differences.charge_key = proposed.charge_key
        and differences.account_id = proposed.account_id

),

offenders as (

    select compared.*
    from compared
    left join billed_later
        on compared.charge_key = billed_later.charge_key
    where
        compared.owed_less_billed <> compared.proposed
        and billed_later.charge_key is null

)

select * from offenders
