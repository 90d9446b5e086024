-- One row per tariff (card, service, direction, visited zone, zone and band as written), price step and span of days.
-- The row of the lowest tier stands for the step; int_rate_tiers holds the others, rate_ids names them all.
with rates as (

    select * from {{ ref('rates') }}

),

tariffs as (

    select
        rates.*,
        dense_rank() over (
            order by
                rate_card_id asc nulls first, service asc nulls first, direction asc nulls first,
                visited_zone asc nulls first, zone asc nulls first, band asc nulls first
        ) as tariff_id
    from rates

),

edges as (

    select tariff_id, starts_at, valid_from as edge_on from tariffs
    union
    select tariff_id, starts_at, valid_to as edge_on from tariffs

),

spans as (

    select
        tariff_id,
        starts_at,
        edge_on as span_from,
        lead(edge_on) over (partition by tariff_id, starts_at order by edge_on asc nulls last) as span_to
    from edges

),

in_force as (

    select
        spans.span_from,
        spans.span_to,
        tariffs.*,
        row_number() over (
            partition by spans.tariff_id, spans.starts_at, spans.span_from
            order by tariffs.tier_from asc nulls last, tariffs.rate_id asc nulls last
        ) as tier_number,
        count(*) over (partition by spans.tariff_id, spans.starts_at, spans.span_from) as tiers
    from spans
    inner join tariffs
        on
            spans.tariff_id = tariffs.tariff_id
            and spans.starts_at = tariffs.starts_at
            and spans.span_from >= tariffs.valid_from
            and spans.span_from < tariffs.valid_to
    where spans.span_to is not null

),

tiers_in_force as (

    select
        tariff_id,
        starts_at,
        span_from,
        {{ ordered_text_list('rate_id', 'tier_number', ';') }} as rate_ids
    from in_force
    group by tariff_id, starts_at, span_from

),

steps as (

    select
        tariff_id,
        starts_at,
        span_from,
        span_to,
        rate_id,
        rate_card_id,
        service,
        direction,
        visited_zone,
        zone,
        band,
        price,
        per,
        per_base_units,
        connection_fee,
        minimum_charge,
        maximum_charge,
        first_increment,
        next_increment,
        charge_name,
        tier_mode,
        connection_fee <> 0 or minimum_charge is not null or maximum_charge is not null as has_fees,
        {{ price_numerator('price') }} as price_numerator,
        -- of the tariff: tiers count what all its steps charge, also where and while there is but one tier (4.5)
        max(case when tiers > 1 or tier_fee <> 0 or tier_mode <> 'graduated' then 1 else 0 end) over (
            partition by tariff_id
        ) = 1 as is_tiered,
        row_number() over (
            order by tariff_id asc nulls first, starts_at asc nulls first, span_from asc nulls first
        ) as rate_step_id
    from in_force
    where tier_number = 1

),

with_rate_numbers as (

    select
        steps.*,
        tiers_in_force.rate_ids,
        rate_numbers.rate_number
    from steps
    inner join tiers_in_force
        on
            steps.tariff_id = tiers_in_force.tariff_id
            and steps.starts_at = tiers_in_force.starts_at
            and steps.span_from = tiers_in_force.span_from
    inner join {{ ref('int_rate_numbers') }} as rate_numbers
        on steps.rate_id = rate_numbers.rate_id

)

select * from with_rate_numbers
