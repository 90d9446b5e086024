-- One row per issued line of which something is still billed: what, and how late it was billed (6.2).
-- A key's lines are a stack: what was taken back came off its end, the line issued last first.
with bill_run as (

    select
        bill_date,
        cycle_day,
        window_start
    from {{ ref('bill_run') }}

),

lines as (

    select
        billed.charge_key,
        billed.position,
        billed.line_number,
        billed.tax_vector,
        billed.amount_charged
    from {{ ref('int_billed_lines') }} as billed
    inner join {{ ref('accounts') }} as accounts
        on billed.account_id = accounts.account_id
    inner join bill_run
        on
            accounts.cycle_day = bill_run.cycle_day
            and billed.period_end > bill_run.window_start
            and billed.bill_date <= bill_run.bill_date

),

running as (

    select
        lines.*,
        sum(amount_charged) over (
            partition by charge_key
            order by position asc nulls last, line_number asc nulls last
            rows between unbounded preceding and current row
        ) as billed_after
    from lines

),

lowest as (

    -- what the sum never fell below again is still there; the same on the side of credits
    select
        running.*,
        min(greatest(billed_after, 0)) over (
            partition by charge_key
            order by position asc nulls last, line_number asc nulls last
            rows between current row and unbounded following
        ) as charged_left,
        min(greatest(-billed_after, 0)) over (
            partition by charge_key
            order by position asc nulls last, line_number asc nulls last
            rows between current row and unbounded following
        ) as credited_left
    from running

),

layers as (

    select
        charge_key,
        tax_vector,
        row_number() over (
            partition by charge_key
            order by position desc nulls last, line_number desc nulls last
        ) as turn,
        cast(
            greatest(charged_left - greatest(billed_after - amount_charged, 0), 0)
            - greatest(credited_left - greatest(amount_charged - billed_after, 0), 0)
            as decimal(18, 3)
        ) as amount
    from lowest

),

still_billed as (

    select * from layers
    where amount <> 0

)

select * from still_billed
