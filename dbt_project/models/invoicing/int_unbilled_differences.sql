-- One row per charge key of the run that is owed with another amount than was billed (5.6): owed less billed.
-- take_back is what of it undoes earlier lines (6.2), rest what is billed anew.
with bill_run as (

    select
        bill_date,
        cycle_day,
        window_start
    from {{ ref('bill_run') }}

),

run_accounts as (

    select accounts.account_id
    from {{ ref('accounts') }} as accounts
    inner join bill_run
        on accounts.cycle_day = bill_run.cycle_day

),

owed as (

    select owed_charges.*
    from {{ ref('owed_charges') }} as owed_charges
    inner join run_accounts
        on owed_charges.account_id = run_accounts.account_id
    cross join bill_run
    where owed_charges.period_end > bill_run.window_start

),

billed_lines as (

    select
        billed.*,
        billed.bill_date > bill_run.bill_date as is_billed_later,
        row_number() over (
            partition by billed.charge_key
            order by billed.position desc nulls last, billed.line_number desc nulls last
        ) as turn
    from {{ ref('int_billed_lines') }} as billed
    inner join run_accounts
        on billed.account_id = run_accounts.account_id
    cross join bill_run
    where billed.period_end > bill_run.window_start

),

billed as (

    select
        charge_key,
        sum(amount_charged) as amount,
        sum(case when charge_kind = 'usage' then quantity else 0 end) as usage_quantity,
        max(case when is_billed_later then 1 else 0 end) = 1 as is_billed_later
    from billed_lines
    group by charge_key

),

last_billed as (

    select * from billed_lines
    where turn = 1

),

compared as (

    select
        coalesce(owed.charge_key, last_billed.charge_key) as charge_key,
        coalesce(owed.account_id, last_billed.account_id) as account_id,
        case when owed.charge_key is null then last_billed.subscription_id else owed.subscription_id end
            as subscription_id,
        coalesce(owed.charge_kind, last_billed.charge_kind) as charge_kind,
        coalesce(owed.charge_id, last_billed.charge_id) as charge_id,
        case when owed.charge_key is null then last_billed.product_id else owed.product_id end as product_id,
        coalesce(owed.description, last_billed.description) as description,
        coalesce(owed.period_start, last_billed.period_start) as period_start,
        coalesce(owed.period_end, last_billed.period_end) as period_end,
        coalesce(owed.charged_from, last_billed.charged_from) as charged_from,
        coalesce(owed.charged_to, last_billed.charged_to) as charged_to,
        case
            when coalesce(owed.charge_kind, last_billed.charge_kind) = 'usage'
                then coalesce(owed.quantity, 0) - coalesce(billed.usage_quantity, 0)
            else coalesce(owed.quantity, last_billed.quantity)
        end as quantity,
        coalesce(owed.unit, last_billed.unit) as unit,
        case when owed.charge_key is null then last_billed.tax_category else owed.tax_category end as tax_category,
        owed.tax_rate_date,
        billed.charge_key is not null as is_correction,
        coalesce(billed.is_billed_later, false) as is_billed_later,
        cast(coalesce(owed.amount_net, 0) as decimal(18, 3)) as amount_owed,
        cast(coalesce(billed.amount, 0) as decimal(18, 3)) as amount_billed
    from owed
    full outer join billed
        on owed.charge_key = billed.charge_key
    left join last_billed
        on billed.charge_key = last_billed.charge_key

),

different as (

    -- a bill date drafted again after a later one leaves alone what the later one billed (7.2)
    select
        compared.*,
        cast(amount_owed - amount_billed as decimal(18, 3)) as difference
    from compared
    where
        amount_owed <> amount_billed
        and not is_billed_later

),

split as (

    select
        different.*,
        cast(
            case
                when difference < 0 and amount_billed > 0 then greatest(difference, -amount_billed)
                when difference > 0 and amount_billed < 0 then least(difference, -amount_billed)
                else 0
            end as decimal(18, 3)
        ) as take_back
    from different

),

with_rest as (

    select
        split.*,
        cast(difference - take_back as decimal(18, 3)) as rest
    from split

)

select * from with_rest
