-- One row per account of the run: the sums of its draft lines and taxes.
with lines as (

    select
        account_id,
        count(*) as line_count,
        sum(amount_net) as amount_net,
        min(period_end) as first_period_end,
        max(case when has_rate then 0 else 1 end) = 1 as lacks_rate
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

totals as (

    select
        accounts.account_id,
        cast(coalesce(lines.line_count, 0) as bigint) as line_count,
        cast(coalesce(lines.amount_net, 0) as decimal(18, 3)) as amount_net,
        cast(coalesce(taxes.amount_tax, 0) as decimal(18, 3)) as amount_tax,
        lines.first_period_end,
        coalesce(lines.lacks_rate, false) as lacks_rate
    from {{ ref('accounts') }} as accounts
    inner join {{ ref('bill_run') }} as bill_run
        on accounts.cycle_day = bill_run.cycle_day
    left join lines
        on accounts.account_id = lines.account_id
    left join taxes
        on accounts.account_id = taxes.account_id

)

select * from totals
