-- One row per event and part: a part drawn from one allowance grant, or a priced part of the tail.
-- The sum over an event is what the event costs; amount includes the fees.
{{ config(
    materialized='incremental',
    incremental_strategy='replace_where',
    replace_where='bill_date >= ' ~ first_bill_date_in_window(),
    on_schema_change='append_new_columns',
    full_refresh=false,
) }}
with events as (

    select * from {{ ref('int_priced_events') }}

),

draws as (

    select
        draws.*,
        row_number() over (
            partition by file_number, line_number order by level asc nulls last, allowance_grant_id asc nulls last
        ) as part_number,
        cast(sum(covered) over (
            partition by file_number, line_number
            order by level asc nulls last, allowance_grant_id asc nulls last rows unbounded preceding
        ) - covered as bigint) as part_offset
    from {{ ref('int_allowance_draws') }} as draws

),

draw_counts as (

    select
        file_number,
        line_number,
        count(*) as draws
    from {{ ref('int_allowance_draws') }}
    group by file_number, line_number

),

drawn_parts as (

    select
        events.usage_event_id,
        draws.part_number,
        events.account_id,
        events.subscription_id,
        events.bill_date,
        events.service,
        events.direction,
        events.visited_zone,
        events.zone,
        events.band,
        events.charge_name,
        events.tax_category,
        events.product_id,
        events.rate_id,
        cast(null as bigint) as tier_from,
        {{ part_start('events', 'draws.part_offset') }} as part_started_at,
        draws.covered as quantity,
        draws.allowance_grant_id,
        draws.drawn as billed_quantity,
        cast(null as decimal(28, 12)) as price,
        cast(null as bigint) as per,
        cast(0 as decimal(18, 6)) as fees,
        cast(0 as decimal(18, 6)) as amount,
        events.file_number,
        events.line_number
    from draws
    inner join events
        on draws.file_number = events.file_number and draws.line_number = events.line_number

),

-- most events: no cut, no tiers, so the tail is one part
simple_tails as (

    select
        events.*,
        {{ billed_units('(events.quantity - events.covered)', 'events.first_increment', 'events.next_increment') }}
            as billed_quantity
    from events
    where
        not events.is_cut
        and not events.is_tiered
        and (events.quantity > events.covered or events.quantity = 0)

),

simple_amounts as (

    select
        simple_tails.*,
        cast({{ muldiv('price', 'billed_quantity', 'per_base_units', 6) }} as decimal(18, 6)) as usage_amount
    from simple_tails

),

simple_parts as (

    select
        events.usage_event_id,
        coalesce(draw_counts.draws, 0) + 1 as part_number,
        events.account_id,
        events.subscription_id,
        events.bill_date,
        events.service,
        events.direction,
        events.visited_zone,
        events.zone,
        events.band,
        events.charge_name,
        events.tax_category,
        events.product_id,
        events.rate_id,
        cast(0 as bigint) as tier_from,
        {{ part_start('events', 'events.covered') }} as part_started_at,
        events.quantity - events.covered as quantity,
        cast(null as string) as allowance_grant_id,
        cast(events.billed_quantity as bigint) as billed_quantity,
        events.price,
        events.per_base_units as per,
        cast(
            case when events.billed_quantity > 0 then {{ event_fees('events.usage_amount', 'events') }} else 0 end
            as decimal(18, 6)
        ) as fees,
        events.usage_amount,
        events.file_number,
        events.line_number
    from simple_amounts as events
    left join draw_counts
        on events.file_number = draw_counts.file_number and events.line_number = draw_counts.line_number

),

-- an event of zero quantity under a tiered rate costs nothing and still is one part
empty_tiered_parts as (

    select
        events.usage_event_id,
        cast(1 as bigint) as part_number,
        events.account_id,
        events.subscription_id,
        events.bill_date,
        events.service,
        events.direction,
        events.visited_zone,
        events.zone,
        events.band,
        events.charge_name,
        events.tax_category,
        events.product_id,
        events.rate_id,
        cast(0 as bigint) as tier_from,
        events.started_at as part_started_at,
        cast(0 as bigint) as quantity,
        cast(null as string) as allowance_grant_id,
        cast(0 as bigint) as billed_quantity,
        events.price,
        events.per_base_units as per,
        cast(0 as decimal(18, 6)) as fees,
        cast(0 as decimal(18, 6)) as usage_amount,
        events.file_number,
        events.line_number
    from events
    where events.is_tiered and events.quantity = 0

),

cut_parts as (

    select
        events.usage_event_id,
        coalesce(draw_counts.draws, 0) + parts.tail_part_number as part_number,
        events.account_id,
        events.subscription_id,
        events.bill_date,
        events.service,
        events.direction,
        events.visited_zone,
        events.zone,
        parts.band,
        coalesce(
            steps.charge_name,
            case when steps.zone = '*' then coalesce(events.zone, events.service) else steps.zone end
        ) as charge_name,
        coalesce(products.tax_category, events.tax_category) as tax_category,
        parts.product_id,
        parts.rate_id,
        parts.tier_from,
        {{ part_start('events', 'parts.part_offset') }} as part_started_at,
        parts.quantity,
        cast(null as string) as allowance_grant_id,
        parts.billed_quantity,
        parts.price,
        parts.per_base_units as per,
        parts.fees,
        parts.usage_amount,
        events.file_number,
        events.line_number
    from {{ ref('int_tail_parts') }} as parts
    inner join events
        on parts.file_number = events.file_number and parts.line_number = events.line_number
    inner join {{ ref('int_rate_steps') }} as steps
        on parts.rate_step_id = steps.rate_step_id
    left join draw_counts
        on parts.file_number = draw_counts.file_number and parts.line_number = draw_counts.line_number
    left join {{ ref('products') }} as products
        on
            parts.product_id = products.product_id
            and events.local_day >= products.valid_from
            and events.local_day < products.valid_to

),

priced_parts as (

    select * from simple_parts
    union all
    select * from empty_tiered_parts
    union all
    select * from cut_parts

),

all_parts as (

    select * from drawn_parts
    union all
    select
        usage_event_id,
        part_number,
        account_id,
        subscription_id,
        bill_date,
        service,
        direction,
        visited_zone,
        zone,
        band,
        charge_name,
        tax_category,
        product_id,
        rate_id,
        tier_from,
        part_started_at,
        quantity,
        allowance_grant_id,
        billed_quantity,
        price,
        per,
        fees,
        cast(usage_amount + fees as decimal(18, 6)) as amount,
        file_number,
        line_number
    from priced_parts

),

with_currency as (

    select
        all_parts.*,
        operator.currency_code
    from all_parts
    cross join {{ ref('operator') }} as operator

)

select * from with_currency
