-- One row per account, subscription (none: the account), discount and billing period in which it is held (5.5).
-- step is its turn in the sequence of the account and period.
with subscribed as (

    select
        subscribed_discounts.account_id,
        subscribed_discounts.subscription_id,
        subscribed_discounts.discount_id,
        subscribed_discounts.valid_from,
        subscribed_discounts.valid_to,
        accounts.cycle_day
    from {{ ref('subscribed_discounts') }} as subscribed_discounts
    inner join {{ ref('accounts') }} as accounts
        on subscribed_discounts.account_id = accounts.account_id
    inner join {{ ref('bill_run') }} as bill_run
        on accounts.cycle_day = bill_run.cycle_day

),

periods as (

    select
        period_start,
        period_end,
        is_over,
        first_period_start
    from {{ ref('int_run_periods') }}
    where is_in_window

),

in_periods as (

    select
        subscribed.account_id,
        subscribed.subscription_id,
        subscribed.discount_id,
        subscribed.valid_from as subscribed_from,
        subscribed.valid_to as subscribed_to,
        subscribed.cycle_day,
        periods.period_start,
        periods.period_end,
        periods.is_over,
        periods.first_period_start,
        greatest(subscribed.valid_from, periods.period_start) as held_from
    from subscribed
    inner join periods
        on
            subscribed.valid_from < periods.period_end
            and subscribed.valid_to > periods.period_start
    where subscribed.valid_from < subscribed.valid_to

),

in_force as (

    select
        in_periods.account_id,
        in_periods.subscription_id,
        in_periods.discount_id,
        in_periods.period_start,
        in_periods.period_end,
        in_periods.is_over,
        in_periods.held_from,
        discounts.name,
        discounts.kind,
        discounts.value,
        discounts.proration,
        discounts.sequence,
        ';' || replace(discounts.applies_to, ' ', '') || ';' as applies_to,
        -- it lasts `periods` billing periods, the one in which it begins included
        least(
            in_periods.subscribed_to,
            in_periods.period_end,
            case
                when discounts.periods is null then in_periods.period_end
                else {{ add_months(
                    'case when in_periods.subscribed_from = date \'0001-01-01\' then in_periods.first_period_start'
                    ~ ' else ' ~ period_start('in_periods.subscribed_from', 'in_periods.cycle_day') ~ ' end',
                    'discounts.periods'
                ) }}
            end
        ) as held_to
    from in_periods
    inner join {{ ref('discounts') }} as discounts
        on
            in_periods.discount_id = discounts.discount_id
            and in_periods.held_from >= discounts.valid_from
            and in_periods.held_from < discounts.valid_to

),

held as (

    -- a discount subscribed twice in a period is one: days held twice count once
    select
        in_force.*,
        row_number() over (
            partition by account_id, subscription_id, discount_id, period_start, period_end
            order by held_from asc nulls last, held_to desc nulls last
        ) as turn,
        greatest(
            held_from,
            coalesce(
                max(held_to) over (
                    partition by account_id, subscription_id, discount_id, period_start, period_end
                    order by held_from asc nulls last, held_to desc nulls last
                    rows between unbounded preceding and 1 preceding
                ),
                held_from
            )
        ) as counted_from
    from in_force
    where held_from < held_to

),

days as (

    select
        held.account_id,
        held.subscription_id,
        held.discount_id,
        held.period_start,
        held.period_end,
        sum({{ billed_days(
            'least(held.counted_from, held.held_to)', 'held.held_to', 'operator.day_count'
        ) }}) as days_held,
        max({{ billed_days('held.period_start', 'held.period_end', 'operator.day_count') }}) as days_of_period
    from held
    cross join {{ ref('operator') }} as operator
    group by
        held.account_id, held.subscription_id, held.discount_id, held.period_start, held.period_end

),

with_days as (

    select
        held.account_id,
        held.subscription_id,
        held.discount_id,
        held.name,
        held.period_start,
        held.period_end,
        held.is_over,
        held.kind,
        held.value,
        held.sequence,
        held.applies_to,
        cast(case when held.proration = 'daily' then days.days_held else days.days_of_period end as bigint)
            as days_held,
        cast(days.days_of_period as bigint) as days_of_period,
        instr(held.applies_to, ';all;') > 0 as reduces_all,
        instr(held.applies_to, ';recurring;') > 0 as reduces_recurring,
        instr(held.applies_to, ';usage;') > 0 or instr(held.applies_to, ';all;') > 0 as reduces_usage,
        held.kind = 'amount'
        and (instr(held.applies_to, ';usage;') > 0 or instr(held.applies_to, ';all;') > 0) as is_due_at_end
    from held
    inner join days
        on
            held.account_id = days.account_id
            and coalesce(held.subscription_id, '') = coalesce(days.subscription_id, '')
            and held.discount_id = days.discount_id
            and held.period_start = days.period_start
            and held.period_end = days.period_end
    where held.turn = 1

),

due as (

    -- 5.5: a fixed discount that reaches usage is due with the period's end
    select * from with_days
    where is_over or not is_due_at_end

),

in_sequence as (

    select
        due.*,
        cast(
            dense_rank() over (
                partition by account_id, period_start, period_end
                order by
                    case when is_due_at_end then 1 else 0 end asc nulls last,
                    sequence asc nulls last,
                    discount_id asc nulls last,
                    case when subscription_id is null then 1 else 0 end asc nulls last
            ) as bigint
        ) as step
    from due

)

select * from in_sequence
