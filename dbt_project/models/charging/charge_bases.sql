-- One row per discount, cap credit, top-up or late fee and thing that it was computed on (5.3 to 5.5).
-- For whoever asks; nothing that bills reads it. A run replaces the rows of its own accounts and window.
{{ config(
    materialized='incremental',
    incremental_strategy='replace_where',
    replace_where=periods_of_the_window(),
    on_schema_change='append_new_columns',
    full_refresh=false,
) }}
with discounted as (

    select
        shares.*,
        charges.amount_net,
        charges.amount_net - coalesce(sum(shares.share) over (
            partition by shares.charge_key
            order by shares.step asc nulls last
            rows between unbounded preceding and 1 preceding
        ), 0) as amount_left
    from {{ ref('int_discount_shares') }} as shares
    inner join {{ ref('int_discountable_charges') }} as charges
        on shares.charge_key = charges.charge_key

),

discounts as (

    select
        {{ charge_key('discount', 'discount_id', subscription='discount_subscription_id') }} as charge_key,
        account_id,
        period_end,
        charge_key as base_key,
        amount_net as amount,
        amount_left as amount_counted,
        share as amount_taken
    from discounted

),

charges_left as (

    select
        charges_left.*,
        charges.amount_net
    from {{ ref('int_charges_left') }} as charges_left
    inner join {{ ref('int_discountable_charges') }} as charges
        on charges_left.charge_key = charges.charge_key

),

caps as (

    -- usage of every category counts toward the cap, so each of its credits rests on all of it
    select
        caps.charge_key,
        caps.account_id,
        caps.period_end,
        charges_left.charge_key as base_key,
        charges_left.amount_net as amount,
        charges_left.amount_left as amount_counted,
        null as amount_taken
    from {{ ref('int_spend_caps') }} as caps
    inner join charges_left
        on
            caps.account_id = charges_left.account_id
            and caps.subscription_id = charges_left.subscription_id
            and caps.period_start = charges_left.period_start
    where charges_left.charge_kind = 'usage'

),

minimums as (

    select
        minimums.charge_key,
        minimums.account_id,
        minimums.period_end,
        spent.base_key,
        spent.amount,
        spent.amount_counted,
        null as amount_taken
    from {{ ref('int_minimum_spends') }} as minimums
    inner join (
        select
            account_id,
            subscription_id,
            period_start,
            charge_key as base_key,
            amount_net as amount,
            amount_left as amount_counted
        from charges_left

        union all

        select
            account_id,
            subscription_id,
            period_start,
            charge_key as base_key,
            amount_net as amount,
            amount_net as amount_counted
        from {{ ref('int_spend_caps') }}
    ) as spent
        on
            minimums.account_id = spent.account_id
            and minimums.subscription_id = spent.subscription_id
            and minimums.period_start = spent.period_start

),

late_fees as (

    select
        fees.charge_key,
        fees.account_id,
        fees.period_end,
        fees.charge_id as base_key,
        documents.amount_total as amount,
        fees.unpaid_amount as amount_counted,
        null as amount_taken
    from {{ ref('int_late_fees') }} as fees
    inner join {{ ref('int_billed_documents') }} as documents
        on fees.charge_id = documents.document_number

),

bases as (

    select * from discounts
    union all
    select * from caps
    union all
    select * from minimums
    union all
    select * from late_fees

),

typed as (

    select
        bases.charge_key,
        bases.account_id,
        bases.period_end,
        bases.base_key,
        cast(bases.amount as decimal(18, 3)) as amount,
        cast(bases.amount_counted as decimal(28, 9)) as amount_counted,
        cast(bases.amount_taken as decimal(28, 9)) as amount_taken,
        operator.currency_code
    from bases
    cross join {{ ref('operator') }} as operator

)

select * from typed
