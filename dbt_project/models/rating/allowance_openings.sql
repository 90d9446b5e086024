-- One row per grant and period in which it can be used: what it began the period with (4.1, 4.4, 9.1).
-- Also of periods that are not over, which allowance_balances does not have yet.
{{ config(materialized='view') }}
with openings as (

    select
        grants.allowance_grant_id,
        grants.account_id,
        grants.subscription_id,
        periods.bill_date,
        periods.period_start,
        grants.allowance_id,
        grants.subscribed_product_id,
        grants.service,
        grants.is_shared,
        grants.is_unlimited,
        grants.increment,
        grants.held_from,
        -- of its own period to the end of the stretch, of later ones to its end
        case when grants.bill_date = periods.bill_date then grants.held_to else grants.expires_on end as held_to,
        grants.expires_on,
        case when grants.bill_date = periods.bill_date then grants.granted else 0 end as granted,
        case
            when grants.bill_date = periods.bill_date then 0
            else coalesce(balances.carried_in, earlier.carried_out)
        end as carried_in
    from {{ ref('allowance_grants') }} as grants
    inner join {{ ref('billing_periods') }} as periods
        on
            grants.account_id = periods.account_id
            and grants.bill_date <= periods.bill_date
            and (grants.bill_date = periods.bill_date or grants.expires_on > periods.period_start)
    left join {{ ref('allowance_balances') }} as balances
        on
            grants.account_id = balances.account_id
            and periods.bill_date = balances.bill_date
            and grants.allowance_grant_id = balances.allowance_grant_id
    left join {{ ref('allowance_balances') }} as earlier
        on
            grants.account_id = earlier.account_id
            and periods.period_start = earlier.bill_date
            and grants.allowance_grant_id = earlier.allowance_grant_id

),

described as (

    select
        openings.*,
        allowances.name as allowance_name,
        allowances.priority,
        allowances.zones,
        allowances.visited_zones,
        allowances.source_file as allowance_file,
        allowances.source_line as allowance_line
    from openings
    left join {{ ref('allowances') }} as allowances
        on
            openings.allowance_id = allowances.allowance_id
            and openings.held_from >= allowances.valid_from
            and openings.held_from < allowances.valid_to

)

select * from described
