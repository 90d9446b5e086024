-- One row per account and bill date: what the bill run proposes (7.1).
{{ config(
    materialized='incremental',
    incremental_strategy='replace_where',
    replace_where='bill_date = (select bill_date from customers.bill_run)',
    on_schema_change='append_new_columns',
    full_refresh=false,
) }}
with bill_run as (

    select
        bill_date,
        window_start
    from {{ ref('bill_run') }}

),

releases as (

    select distinct account_id
    from {{ source('raw', 'draft_releases') }}
    where bill_date = {{ bill_date() }}

),

active_accounts as (

    select distinct subscriptions.account_id
    from {{ ref('subscriptions') }} as subscriptions
    cross join bill_run
    where
        subscriptions.active_from < bill_run.bill_date
        and subscriptions.active_to > {{ add_months('bill_run.bill_date', -1) }}

),

drafts as (

    select
        totals.account_id,
        bill_run.bill_date,
        {{ add_months('bill_run.bill_date', -1) }} as period_start,
        bill_run.bill_date as period_end,
        operator.currency_code,
        totals.line_count,
        totals.amount_net,
        totals.amount_tax,
        cast(totals.amount_net + totals.amount_tax as decimal(18, 3)) as amount_total,
        cast(balances.balance_forward as decimal(18, 3)) as balance_forward,
        totals.lacks_rate,
        balances.has_later_document,
        releases.account_id is not null as is_released,
        totals.amount_net + totals.amount_tax < 0 as is_negative,
        operator.suspect_times_usual > 0
        and balances.past_bills > 0
        and totals.amount_net + totals.amount_tax > operator.suspect_minimum
        and cast(totals.amount_net + totals.amount_tax as decimal(18, 3)) * balances.past_bills
        > operator.suspect_times_usual * balances.past_billed as is_unusually_high,
        operator.suspect_zero_after > 0
        and totals.amount_net + totals.amount_tax = 0
        and balances.last_total > operator.suspect_zero_after
        and not balances.has_document
        and active_accounts.account_id is not null as is_zero_after_lively_month,
        -- carried to the next bill, unless a charge would fall out of the next run's window
        totals.amount_net + totals.amount_tax >= 0
        and totals.amount_net + totals.amount_tax < operator.minimum_invoice
        and totals.first_period_end > greatest(
            {{ add_months('bill_run.bill_date', '-operator.lookback_periods') }}, operator.first_period
        ) as is_below_minimum
    from {{ ref('int_draft_totals') }} as totals
    inner join {{ ref('int_account_balances') }} as balances
        on totals.account_id = balances.account_id
    cross join bill_run
    cross join {{ ref('operator') }} as operator
    left join releases
        on totals.account_id = releases.account_id
    left join active_accounts
        on totals.account_id = active_accounts.account_id

),

with_reason as (

    -- a release lets a suspect draft go; a missing rate or a later bill has to be mended
    select
        drafts.*,
        case
            when line_count > 0 and has_later_document then 'later_bill_date_issued'
            when lacks_rate then 'no_tax_rate'
            when is_released then null
            when line_count > 0 and is_negative then 'suspect_negative'
            when line_count > 0 and is_unusually_high then 'suspect_high'
            when is_zero_after_lively_month then 'suspect_zero'
        end as hold_reason
    from drafts

),

with_status as (

    select
        account_id,
        bill_date,
        period_start,
        period_end,
        currency_code,
        amount_net,
        amount_tax,
        amount_total,
        balance_forward,
        cast(amount_total + balance_forward as decimal(18, 3)) as amount_due,
        case
            when hold_reason is not null then 'held'
            when line_count = 0 then 'nothing_to_bill'
            when is_below_minimum then 'below_minimum'
            else 'ready'
        end as status,
        hold_reason
    from with_reason

)

select * from with_status
