-- One row per draft and line: a charge key, or a part of it that bears other taxes (6.2).
{{ config(
    materialized='incremental',
    incremental_strategy='replace_where',
    replace_where='bill_date = (select bill_date from customers.bill_run)',
    on_schema_change='append_new_columns',
    full_refresh=false,
) }}
with lines as (

    select
        lines.*,
        operator.minor_units,
        operator.currency_code,
        operator.prices_include_tax
    from {{ ref('int_draft_lines') }} as lines
    cross join {{ ref('operator') }} as operator

),

-- the net that the lines of one list of taxes share (6.3), and 1 + all shares of the list
nets as (

    select
        amounts.account_id,
        amounts.tax_category,
        amounts.tax_vector,
        max(amounts.amount_net) as amount_net
    from {{ ref('int_draft_tax_amounts') }} as amounts
    group by amounts.account_id, amounts.tax_category, amounts.tax_vector

),

wholes as (

    select
        tax_vector,
        max(whole) as whole
    from {{ ref('int_tax_shares') }}
    group by tax_vector

),

gross as (

    select
        lines.charge_key,
        lines.part_of_key,
        lines.account_id,
        lines.subscription_id,
        lines.charge_kind,
        lines.charge_id,
        lines.period_start,
        lines.period_end,
        lines.tax_category,
        lines.tax_vector,
        lines.minor_units,
        wholes.whole,
        -- a bill and its mirror image round alike: remainders are counted towards zero
        case when nets.amount_net < 0 then -1 else 1 end as sign,
        {{ to_minor_units('nets.amount_net', 'lines.minor_units') }} as net_units,
        {{ to_minor_units('lines.amount_charged', 'lines.minor_units') }} as charged_units
    from lines
    inner join nets
        on
            lines.account_id = nets.account_id
            and coalesce(lines.tax_category, '') = coalesce(nets.tax_category, '')
            and lines.tax_vector = nets.tax_vector
    inner join wholes
        on lines.tax_vector = wholes.tax_vector
    where lines.prices_include_tax

),

cut as (

    select
        gross.*,
        {{ whole_part('sign * charged_units', '1', 'whole', digits=16) }} as cut_units,
        {{ part_remainder('sign * charged_units', '1', 'whole', digits=16) }} as remainder
    from gross

),

ranked as (

    select
        cut.*,
        sign * net_units - sum(cut_units) over (
            partition by account_id, tax_category, tax_vector
        ) as missing_units,
        count(*) over (partition by account_id, tax_category, tax_vector) as line_count,
        row_number() over (
            partition by account_id, tax_category, tax_vector
            order by
                remainder desc nulls last,
                coalesce(subscription_id, '') asc nulls last,
                charge_kind asc nulls last,
                charge_id asc nulls last,
                period_start asc nulls last,
                period_end asc nulls last,
                part_of_key asc nulls last
        ) as remainder_turn
    from cut

),

shared as (

    select
        charge_key,
        part_of_key,
        {{ from_minor_units(
            '(sign * (cut_units + ' ~ whole_part('missing_units', '1', 'line_count', digits=0)
            ~ ' + case when remainder_turn <= ' ~ part_remainder('missing_units', '1', 'line_count', digits=0)
            ~ ' then 1 else 0 end))',
            'minor_units'
        ) }} as amount_net
    from ranked

),

with_net as (

    select
        lines.*,
        coalesce(shared.amount_net, lines.amount_charged) as amount_net,
        case lines.charge_kind
            when 'recurring' then 1
            when 'usage' then 2
            when 'minimum_top_up' then 3
            when 'cap_credit' then 4
            when 'once' then 5
            when 'instalment' then 6
            when 'discount' then 7
            when 'adjustment' then 8
            else 9
        end as kind_order
    from lines
    left join shared
        on
            lines.charge_key = shared.charge_key
            and lines.part_of_key = shared.part_of_key

),

numbered as (

    select
        account_id,
        {{ bill_date() }} as bill_date,
        cast(
            row_number() over (
                partition by account_id
                order by
                    subscription_id asc nulls last,
                    is_correction asc nulls last,
                    kind_order asc nulls last,
                    period_start asc nulls last,
                    period_end asc nulls last,
                    charge_id asc nulls last,
                    coalesce(tax_category, '') asc nulls last,
                    part_of_key asc nulls last
            ) as bigint
        ) as line_number,
        charge_key,
        subscription_id,
        charge_kind,
        charge_id,
        product_id,
        description,
        period_start,
        period_end,
        charged_from,
        charged_to,
        cast(quantity as decimal(28, 6)) as quantity,
        unit,
        tax_category,
        tax_rate_date,
        tax_vector,
        has_rate,
        cast(amount_charged as decimal(18, 3)) as amount_charged,
        cast(amount_net as decimal(18, 3)) as amount_net,
        is_correction,
        currency_code
    from with_net

)

select * from numbered
