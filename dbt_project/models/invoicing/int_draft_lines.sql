-- One row per charge key and taxes: what the bill run proposes, before tax (5.6, 6.2).
-- amount_charged is gross where prices include tax; tax_vector '[]' is outside tax, null has no rate.
with differences as (

    select * from {{ ref('int_unbilled_differences') }}

),

layers as (

    select
        differences.charge_key,
        layers.tax_vector,
        layers.amount,
        differences.take_back,
        layers.turn,
        sum(abs(layers.amount)) over (
            partition by layers.charge_key
            order by layers.turn asc nulls last
            rows between unbounded preceding and current row
        ) - abs(layers.amount) as taken_before
    from differences
    inner join {{ ref('int_billed_layers') }} as layers
        on differences.charge_key = layers.charge_key
    where differences.take_back <> 0

),

taken_back as (

    -- 6.2: it goes back at the rate at which it was billed, what was issued last first
    select
        charge_key,
        tax_vector,
        turn,
        case when take_back < 0 then -1 else 1 end
        * least(abs(amount), abs(take_back) - taken_before) as amount
    from layers
    where taken_before < abs(take_back)

),

billed_anew as (

    select
        differences.charge_key,
        case when differences.tax_category is null then '[]' else taxes.tax_vector end as tax_vector,
        differences.rest as amount
    from differences
    inner join {{ ref('int_account_jurisdictions') }} as jurisdictions
        on differences.account_id = jurisdictions.account_id
    left join {{ ref('int_current_taxes') }} as taxes
        on
            jurisdictions.jurisdiction = taxes.jurisdiction
            and coalesce(jurisdictions.tax_exempt_reason, '') = coalesce(taxes.tax_exempt_reason, '')
            and differences.tax_category = taxes.tax_category
            and differences.tax_rate_date = taxes.tax_rate_date
    where differences.rest <> 0

),

parts as (

    select
        charge_key,
        coalesce(tax_vector, '[]') as tax_vector,
        true as has_rate,
        turn,
        amount
    from taken_back

    union all

    select
        charge_key,
        tax_vector,
        tax_vector is not null as has_rate,
        cast(1000000000 as bigint) as turn,
        amount
    from billed_anew

),

merged as (

    select
        charge_key,
        tax_vector,
        has_rate,
        min(turn) as turn,
        cast(sum(amount) as decimal(18, 3)) as amount_charged
    from parts
    group by charge_key, tax_vector, has_rate

),

in_turn as (

    select
        merged.*,
        row_number() over (
            partition by charge_key order by turn asc nulls last, tax_vector asc nulls last
        ) as part_of_key
    from merged
    where amount_charged <> 0

),

lines as (

    select
        differences.charge_key,
        in_turn.part_of_key,
        differences.account_id,
        differences.subscription_id,
        differences.charge_kind,
        differences.charge_id,
        differences.product_id,
        differences.description,
        differences.period_start,
        differences.period_end,
        differences.charged_from,
        differences.charged_to,
        -- the quantity of a key that two rates share stands on its first line
        case when in_turn.part_of_key = 1 then differences.quantity end as quantity,
        differences.unit,
        differences.tax_category,
        differences.tax_rate_date,
        in_turn.tax_vector,
        in_turn.has_rate,
        differences.is_correction,
        in_turn.amount_charged
    from in_turn
    inner join differences
        on in_turn.charge_key = differences.charge_key

)

select * from lines
