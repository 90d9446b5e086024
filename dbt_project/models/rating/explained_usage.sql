-- One row per event and part: where its amount comes from, down to the lines of the files (9.1).
-- For whoever asks; nothing that bills reads it. Windows are cut by account_id and bill_date first, so that
-- the question after one account or one bill date reads no more than it needs.
{{ config(materialized='view') }}
-- the level of a grant before and after each part that draws on it, in the order of 4.2
with drawn as (

    select
        account_id,
        bill_date,
        event_key,
        part_number,
        allowance_grant_id,
        cast(sum(billed_quantity) over (
            partition by account_id, bill_date, allowance_grant_id
            order by
                started_at asc nulls last, feed asc nulls last, record_id asc nulls last,
                part_number asc nulls last
            rows unbounded preceding
        ) as bigint) as used_after
    from {{ ref('rated_usage') }}
    where allowance_grant_id is not null

),

draws_of_events as (

    select
        account_id,
        bill_date,
        event_key,
        max(part_number) as draws
    from {{ ref('rated_usage') }}
    where allowance_grant_id is not null
    group by account_id, bill_date, event_key

),

-- rows of one tariff: what differs is the price step, the tier and the validity
rates as (

    select
        rates.*,
        rates.rate_card_id || '/' || rates.service || '/' || rates.direction || '/' || rates.visited_zone || '/'
        || rates.zone || '/' || rates.band as tariff
    from {{ ref('rates') }} as rates

),

tiered_tariffs as (

    select distinct tariff
    from rates
    where tier_from > 0 or tier_fee <> 0 or tier_mode <> 'graduated'

),

-- 4.5: the counter of a tiered tariff before and after each part
counted as (

    select
        parts.account_id,
        parts.bill_date,
        parts.event_key,
        parts.part_number,
        cast(sum(parts.billed_quantity) over (
            partition by parts.account_id, parts.bill_date, parts.subscription_id, rates.tariff
            order by
                parts.started_at asc nulls last, parts.feed asc nulls last, parts.record_id asc nulls last,
                parts.part_number asc nulls last
            rows unbounded preceding
        ) as bigint) as counted_after
    from {{ ref('rated_usage') }} as parts
    inner join rates
        on parts.rate_id = rates.rate_id
    inner join tiered_tariffs
        on rates.tariff = tiered_tariffs.tariff
    where parts.allowance_grant_id is null

),

-- 3.5: fees, limits and increments are those of the rate at the start of the event, its lowest tier's row
lowest_tiers as (

    select
        rates.*,
        min(tier_from) over (partition by tariff, starts_at) as lowest_tier_from
    from rates

),

first_parts as (

    select
        parts.account_id,
        parts.bill_date,
        parts.event_key,
        rates.tariff,
        rates.starts_at
    from {{ ref('rated_usage') }} as parts
    inner join rates
        on parts.rate_id = rates.rate_id
    where parts.part_number = 1

),

located as (

    select
        parts.*,
        events.file_name,
        events.subscriber,
        events.subscriber_kind,
        events.identifier,
        events.identifier_valid_from,
        events.identifier_valid_to,
        events.identifier_file,
        events.identifier_line,
        events.other_party,
        events.called_digits,
        events.prefix,
        events.is_short_code,
        events.prefix_file,
        events.prefix_line,
        events.destination,
        events.serving_network,
        events.network,
        events.network_country,
        events.network_file,
        events.network_line,
        events.local_started_at,
        events.local_day,
        events.holiday,
        events.quantity as event_quantity,
        events.unit,
        {{ utc_to_local('parts.part_started_at', 'operator.time_zone') }} as local_part_started_at,
        -- the start's band holds for what allowances cover
        case
            when
                parts.service = 'voice' and parts.allowance_grant_id is null
                and operator.band_crossing = 'split'
                then {{ utc_to_local('parts.part_started_at', 'operator.time_zone') }}
            else events.local_started_at
        end as band_moment
    from {{ ref('rated_usage') }} as parts
    inner join {{ ref('explained_events') }} as events
        on
            parts.account_id = events.account_id
            and parts.bill_date = events.bill_date
            and parts.event_key = events.event_key
    cross join {{ ref('operator') }} as operator

),

-- rows of one band and kind of day that overlap count from where the one before ends
bands_in_turn as (

    select
        bands.*,
        coalesce(max(to_second) over (
            partition by band, day_kind
            order by from_second asc nulls last, source_line asc nulls last
            rows between unbounded preceding and 1 preceding
        ), from_second) as earlier_to
    from {{ ref('bands') }} as bands

),

with_fees as (

    select
        located.*,
        case {{ weekday_number('located.band_moment') }}
            when 1 then 'mon' when 2 then 'tue' when 3 then 'wed' when 4 then 'thu'
            when 5 then 'fri' when 6 then 'sat' when 7 then 'sun'
        end as band_day_kind,
        case when located.holiday is not null then 'holiday' end as band_holiday_kind,
        hour(located.band_moment) * 3600 + minute(located.band_moment) * 60 + second(located.band_moment)
            as band_second,
        rates.tariff,
        coalesce(draws_of_events.draws, 0) as draws,
        counted.counted_after - located.billed_quantity as counted_before,
        counted.counted_after,
        lowest_tiers.first_increment,
        lowest_tiers.next_increment,
        lowest_tiers.minimum_charge,
        lowest_tiers.maximum_charge,
        cast(
            case
                when
                    located.allowance_grant_id is null
                    and located.part_number = coalesce(draws_of_events.draws, 0) + 1
                    and located.billed_quantity > 0
                    then coalesce(lowest_tiers.connection_fee, 0)
                else 0
            end as decimal(18, 6)
        ) as connection_fee,
        cast(
            case
                when
                    counted.counted_after - located.billed_quantity <= rates.tier_from
                    and counted.counted_after > rates.tier_from
                    then rates.tier_fee
                else 0
            end as decimal(18, 6)
        ) as tier_fee
    from located
    left join draws_of_events
        on
            located.account_id = draws_of_events.account_id
            and located.bill_date = draws_of_events.bill_date
            and located.event_key = draws_of_events.event_key
    left join rates
        on located.rate_id = rates.rate_id
    left join counted
        on
            located.account_id = counted.account_id
            and located.bill_date = counted.bill_date
            and located.event_key = counted.event_key
            and located.part_number = counted.part_number
    left join first_parts
        on
            located.account_id = first_parts.account_id
            and located.bill_date = first_parts.bill_date
            and located.event_key = first_parts.event_key
    left join lowest_tiers
        on
            first_parts.tariff = lowest_tiers.tariff
            and first_parts.starts_at = lowest_tiers.starts_at
            and lowest_tiers.tier_from = lowest_tiers.lowest_tier_from
            and located.local_day >= lowest_tiers.valid_from
            and located.local_day < lowest_tiers.valid_to

),

-- the rest of the fees is what brought the event to its minimum or maximum; a rate row that was changed
-- since, so that neither can be, leaves it without a name
with_rest as (

    select
        with_fees.*,
        fees - connection_fee - tier_fee as rest
    from with_fees

),

explained as (

    select
        usage.usage_event_id,
        usage.part_number,
        usage.event_key,
        usage.feed,
        usage.record_id,
        usage.file_id,
        usage.file_name,
        usage.line_number,
        usage.account_id,
        usage.subscription_id,
        usage.bill_date,
        periods.period_start,
        {{ charge_key(
            'usage', 'coalesce(usage.charge_name, usage.service)', 'usage.account_id', 'usage.subscription_id',
            'periods.period_start', 'periods.period_end', 'usage.tax_category'
        ) }} as charge_key,
        coalesce(usage.charge_name, usage.service) as charge_name,
        usage.tax_category,
        usage.service,
        usage.direction,
        usage.subscriber,
        usage.subscriber_kind,
        usage.identifier,
        usage.identifier_valid_from,
        usage.identifier_valid_to,
        usage.identifier_file,
        usage.identifier_line,
        usage.other_party,
        usage.called_digits,
        usage.prefix,
        usage.is_short_code,
        usage.prefix_file,
        usage.prefix_line,
        usage.zone,
        usage.destination,
        usage.serving_network,
        usage.network,
        usage.network_country,
        usage.network_file,
        usage.network_line,
        usage.visited_zone,
        usage.started_at,
        usage.local_started_at,
        usage.local_day,
        usage.holiday,
        usage.event_quantity,
        usage.unit,
        usage.part_started_at,
        usage.local_part_started_at,
        usage.band,
        coalesce(weekday_bands.source_file, holiday_bands.source_file) as band_file,
        coalesce(weekday_bands.source_line, holiday_bands.source_line) as band_line,
        usage.product_id,
        products.kind as product_kind,
        products.source_file as product_file,
        products.source_line as product_line,
        usage.rate_id,
        rates.rate_card_id,
        rates.source_file as rate_file,
        rates.source_line as rate_line,
        rates.direction as rate_direction,
        rates.visited_zone as rate_visited_zone,
        rates.zone as rate_zone,
        rates.band as rate_band,
        rates.valid_from as rate_valid_from,
        rates.valid_to as rate_valid_to,
        rates.price = usage.price and rates.per_base_units = usage.per as is_rate_as_priced,
        usage.allowance_grant_id,
        openings.allowance_id,
        openings.allowance_name,
        openings.allowance_file,
        openings.allowance_line,
        openings.is_shared as allowance_is_shared,
        openings.is_unlimited as allowance_is_unlimited,
        openings.increment as allowance_increment,
        openings.granted as allowance_granted,
        openings.carried_in as allowance_carried_in,
        case when usage.allowance_grant_id is not null then drawn.used_after - usage.billed_quantity end
            as allowance_used_before,
        case when usage.allowance_grant_id is not null then usage.billed_quantity end as allowance_drawn,
        case
            when not openings.is_unlimited then openings.granted + openings.carried_in - drawn.used_after
        end as allowance_left,
        usage.part_offset,
        usage.quantity,
        usage.first_increment,
        usage.next_increment,
        usage.billed_quantity,
        usage.price,
        usage.per,
        rates.starts_at as step_from,
        usage.tier_from,
        case when usage.counted_after is not null then rates.tier_mode end as tier_mode,
        usage.counted_before as tier_counted_before,
        usage.counted_after as tier_counted_after,
        cast(usage.amount - usage.fees as decimal(18, 6)) as usage_amount,
        usage.connection_fee,
        usage.tier_fee,
        usage.minimum_charge,
        usage.maximum_charge,
        cast(case when usage.rest > 0 and usage.minimum_charge is not null then usage.rest else 0 end as decimal(18, 6))
            as minimum_top_up,
        cast(case when usage.rest < 0 and usage.maximum_charge is not null then usage.rest else 0 end as decimal(18, 6))
            as maximum_cut,
        cast(
            case
                when usage.rest > 0 and usage.minimum_charge is null then usage.rest
                when usage.rest < 0 and usage.maximum_charge is null then usage.rest
                else 0
            end as decimal(18, 6)
        ) as other_fees,
        usage.fees,
        usage.amount,
        usage.currency_code
    from with_rest as usage
    left join {{ ref('billing_periods') }} as periods
        on usage.account_id = periods.account_id and usage.bill_date = periods.bill_date
    left join bands_in_turn as weekday_bands
        on
            usage.band = weekday_bands.band
            and usage.band_day_kind = weekday_bands.day_kind
            and usage.band_second >= greatest(weekday_bands.from_second, weekday_bands.earlier_to)
            and usage.band_second < weekday_bands.to_second
    left join bands_in_turn as holiday_bands
        on
            usage.band = holiday_bands.band
            and usage.band_holiday_kind = holiday_bands.day_kind
            and usage.band_second >= greatest(holiday_bands.from_second, holiday_bands.earlier_to)
            and usage.band_second < holiday_bands.to_second
    left join {{ ref('products') }} as products
        on
            usage.product_id = products.product_id
            and usage.local_day >= products.valid_from
            and usage.local_day < products.valid_to
    left join rates
        on usage.rate_id = rates.rate_id
    left join drawn
        on
            usage.account_id = drawn.account_id
            and usage.bill_date = drawn.bill_date
            and usage.event_key = drawn.event_key
            and usage.part_number = drawn.part_number
    left join {{ ref('allowance_openings') }} as openings
        on
            usage.account_id = openings.account_id
            and usage.bill_date = openings.bill_date
            and usage.allowance_grant_id = openings.allowance_grant_id

)

select * from explained
