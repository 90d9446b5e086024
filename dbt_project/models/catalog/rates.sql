-- One row per price: rate card, service, direction, visited zone, zone, band, step, tier and validity.
with rates as (

    select * from {{ source('raw', 'rates') }}

),

with_defaults as (

    select
        rates.rate_id,
        rates.rate_card_id,
        rates.service,
        operator.currency_code,
        rates.source_file,
        rates.source_line,
        rates.minimum_charge,
        rates.maximum_charge,
        rates.charge_name,
        coalesce(rates.direction, 'originating') as direction,
        coalesce(rates.visited_zone, '*') as visited_zone,
        coalesce(rates.zone, '*') as zone,
        coalesce(rates.band, '*') as band,
        coalesce(rates.price, 0) as price,
        coalesce(rates.per, 1) as per,
        coalesce(
            rates.unit,
            case rates.service when 'voice' then 'second' when 'data' then 'byte' else 'message' end
        ) as unit,
        coalesce(rates.connection_fee, 0) as connection_fee,
        coalesce(rates.first_increment, 1) as first_increment,
        coalesce(rates.next_increment, 1) as next_increment,
        coalesce(rates.starts_at, 0) as starts_at,
        coalesce(rates.tier_from, 0) as tier_from,
        coalesce(rates.tier_fee, 0) as tier_fee,
        coalesce(rates.tier_mode, 'graduated') as tier_mode,
        coalesce(rates.valid_from, date '0001-01-01') as valid_from,
        coalesce(rates.valid_to, date '9999-12-31') as valid_to
    from rates
    cross join {{ ref('operator') }} as operator

),

in_base_units as (

    select
        with_defaults.*,
        -- the price is for `per` units; this many base units (seconds, messages, bytes) they are
        cast(with_defaults.per * {{ base_units('with_defaults.unit') }} as bigint) as per_base_units
    from with_defaults

)

select * from in_base_units
