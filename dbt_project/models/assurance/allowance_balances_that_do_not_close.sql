-- One row per grant and period whose balance does not close, or holds a figure below zero (4.4).
-- Empty when all is well.
{{ config(tags=['draft', 'before_issue']) }}
with balances as (

    select
        allowance_grant_id,
        allowance_id,
        account_id,
        bill_date,
        granted,
        carried_in,
        used,
        expired,
        carried_out,
        lag(carried_out) over (
            partition by allowance_grant_id order by bill_date asc nulls last
        ) as carried_out_before
    from {{ ref('allowance_balances') }}

),

drawn as (

    select
        grants.allowance_grant_id,
        parts.bill_date,
        sum(parts.billed_quantity) as drawn
    from {{ ref('int_rated_parts') }} as parts
    inner join {{ ref('allowance_grants') }} as grants
        on parts.grant_key = grants.grant_key
    where parts.bill_date >= {{ first_bill_date_in_window() }}
    group by grants.allowance_grant_id, parts.bill_date

),

compared as (

    select
        balances.allowance_grant_id,
        balances.allowance_id,
        balances.account_id,
        balances.bill_date,
        balances.granted,
        balances.carried_in,
        balances.used,
        balances.expired,
        balances.carried_out,
        balances.carried_out_before,
        cast(coalesce(drawn.drawn, 0) as bigint) as drawn
    from balances
    left join drawn
        on balances.allowance_grant_id = drawn.allowance_grant_id
        and balances.bill_date = drawn.bill_date
    where balances.bill_date >= {{ first_bill_date_in_window() }}

),

offenders as (

    select * from compared
    where
        granted + carried_in <> used + expired + carried_out
        or least(granted, carried_in, used, expired, carried_out) < 0
        or carried_in <> coalesce(carried_out_before, carried_in)
        or used <> drawn

)

select * from offenders
