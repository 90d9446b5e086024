-- One row per event and part: a part drawn from one allowance grant, or a priced part of the tail.
-- The sum over an event is what the event costs; amount includes the fees.
{{ config(materialized='view') }}
with parts as (

    select
        records.feed || ':' || records.record_id as usage_event_id,
        records.feed,
        records.record_id,
        parts.part_number,
        subscriptions.account_id,
        subscriptions.subscription_id,
        parts.bill_date,
        records.service,
        records.direction,
        visited_zones.visited_zone,
        places.zone,
        bands.band,
        charge_names.charge_name,
        tax_categories.tax_category,
        products.product_id,
        rate_numbers.rate_id,
        parts.tier_from,
        parts.started_at,
        {{ part_start('records.service', 'parts.started_at', 'parts.part_offset') }} as part_started_at,
        parts.part_offset,
        parts.quantity,
        grants.allowance_grant_id,
        parts.billed_quantity,
        case when parts.grant_key is null then terms.price end as price,
        case when parts.grant_key is null then terms.per end as per,
        parts.fees,
        parts.amount,
        operator.currency_code,
        records.file_id,
        records.line_number,
        parts.event_key
    from {{ ref('int_rated_parts') }} as parts
    inner join {{ source('raw', 'usage_records') }} as records
        on parts.event_key = {{ event_key('records.file_number', 'records.line_number') }}
    inner join {{ ref('int_subscription_numbers') }} as subscriptions
        on parts.subscription_number = subscriptions.subscription_number
    inner join {{ ref('int_band_numbers') }} as bands
        on parts.band_number = bands.band_number
    inner join {{ ref('int_terms') }} as terms
        on parts.terms_number = terms.terms_number
    inner join {{ ref('int_rate_numbers') }} as rate_numbers
        on terms.rate_number = rate_numbers.rate_number
    inner join {{ ref('int_charge_names') }} as charge_names
        on terms.charge_number = charge_names.charge_number
    inner join {{ ref('int_product_numbers') }} as products
        on terms.product_number = products.product_number
    inner join {{ ref('int_visited_zones') }} as visited_zones
        on {{ floor_div('parts.situation_key', 8388608) }} % 65536 = visited_zones.visited_number
    left join {{ ref('int_places') }} as places
        on {{ floor_div('parts.situation_key', 8) }} % 1048576 = places.place_number
    left join {{ ref('int_tax_category_numbers') }} as tax_categories
        on terms.tax_category_number = tax_categories.tax_category_number
    left join {{ ref('allowance_grants') }} as grants
        on parts.grant_key = grants.grant_key
    cross join {{ ref('operator') }} as operator

)

select * from parts
