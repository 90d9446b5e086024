-- One row per line of an issued document and month in which a part of it is earned.
-- The parts of a line sum to its amount_net, also those of months to come.
with lines as (

    select * from {{ ref('int_revenue_lines') }}

),

operator as (

    select minor_units from {{ ref('operator') }}

),

months_of_deferred_lines as (

    select
        lines.document_number,
        lines.line_number,
        lines.earned_from,
        lines.earned_to,
        {{ add_months("cast(date_trunc('month', lines.earned_from) as date)", 'months.n') }} as month_start,
        -- of the amount without its sign, so that what is taken back mirrors what was billed
        {{ to_minor_units('abs(lines.amount_net)', 'operator.minor_units') }} as units,
        cast({{ days_between('lines.earned_from', 'lines.earned_to') }} as bigint) as days
    from lines
    cross join operator
    inner join {{ integers(0, 1200) }} as months
        on months.n <= {{ months_between('lines.earned_from', add_days('lines.earned_to', -1)) }}
    where lines.is_deferred

),

days_of_months as (

    select
        months_of_deferred_lines.*,
        cast(
            {{ days_between(
                'greatest(earned_from, month_start)',
                'least(earned_to, ' ~ add_months('month_start', 1) ~ ')'
            ) }} as bigint
        ) as days_in_month
    from months_of_deferred_lines

),

whole_units as (

    select
        document_number,
        line_number,
        month_start,
        units,
        {{ whole_part('units', 'days_in_month', 'days', digits=0) }} as units_in_month,
        {{ part_remainder('units', 'days_in_month', 'days', digits=0) }} as remainder
    from days_of_months

),

by_remainder as (

    select
        whole_units.*,
        row_number() over (
            partition by document_number, line_number
            order by remainder desc nulls last, month_start asc nulls last
        ) as remainder_rank,
        units - sum(units_in_month) over (partition by document_number, line_number) as units_left
    from whole_units

),

shares as (

    select
        document_number,
        line_number,
        month_start,
        units_in_month + case when remainder_rank <= units_left then 1 else 0 end as units
    from by_remainder

),

deferred_parts as (

    select
        lines.document_number,
        lines.line_number,
        -- a month that was over when the document was issued is closed: its part is earned at issue
        greatest({{ add_days(add_months('shares.month_start', 1), -1) }}, lines.bill_date) as earned_on,
        {{ from_minor_units(
            'case when lines.amount_net < 0 then -shares.units else shares.units end', 'operator.minor_units'
        ) }} as amount
    from shares
    inner join lines
        on shares.document_number = lines.document_number
        and shares.line_number = lines.line_number
    cross join operator

),

parts as (

    select
        document_number,
        line_number,
        earned_on,
        amount
    from deferred_parts

    union all

    select
        document_number,
        line_number,
        bill_date as earned_on,
        amount_net as amount
    from lines
    where not is_deferred

),

by_day as (

    select
        document_number,
        line_number,
        earned_on,
        sum(amount) as amount
    from parts
    group by document_number, line_number, earned_on

),

with_line as (

    select
        by_day.document_number,
        by_day.line_number,
        lines.account_id,
        lines.bill_date,
        lines.charge_kind,
        lines.charge_id,
        lines.product_id,
        lines.posting,
        by_day.earned_on,
        by_day.earned_on > lines.bill_date as is_released_later,
        cast(by_day.amount as decimal(18, 3)) as amount,
        lines.currency_code
    from by_day
    inner join lines
        on by_day.document_number = lines.document_number
        and by_day.line_number = lines.line_number

)

select * from with_line
