-- One row per event of the window: its price step at the start, and how much of it allowances cover (3.3).
with covered as (

    select
        file_number,
        line_number,
        cast(sum(covered) as bigint) as covered
    from {{ ref('int_allowance_draws') }}
    group by file_number, line_number

),

steps as (

    select
        rate_step_id,
        rate_id,
        service,
        zone as zone_written,
        charge_name,
        first_increment,
        next_increment,
        is_tiered,
        price,
        per_base_units,
        connection_fee,
        minimum_charge,
        maximum_charge
    from {{ ref('int_rate_steps') }}

),

products as (

    select
        product_id,
        tax_category,
        valid_from,
        valid_to
    from {{ ref('products') }}

),

events as (

    select
        events.file_number,
        events.line_number,
        events.usage_event_id,
        events.feed,
        events.record_id,
        events.account_id,
        events.subscription_id,
        events.bill_date,
        events.service,
        events.direction,
        events.zone,
        events.visited_zone,
        events.started_at,
        cast(events.local_started_at as date) as local_day,
        events.quantity,
        rates.band,
        rates.is_cut,
        rates.product_id,
        products.tax_category,
        steps.rate_step_id,
        steps.rate_id,
        coalesce(
            steps.charge_name,
            case when steps.zone_written = '*' then coalesce(events.zone, events.service) else steps.zone_written end
        ) as charge_name,
        steps.first_increment,
        steps.next_increment,
        steps.is_tiered,
        steps.price,
        steps.per_base_units,
        steps.connection_fee,
        steps.minimum_charge,
        steps.maximum_charge,
        coalesce(covered.covered, 0) as covered
    from {{ ref('usage_events') }} as events
    inner join {{ ref('int_start_rates') }} as rates
        on events.file_number = rates.file_number and events.line_number = rates.line_number
    inner join steps
        on rates.rate_step_id = steps.rate_step_id
    left join covered
        on events.file_number = covered.file_number and events.line_number = covered.line_number
    left join products
        on
            rates.product_id = products.product_id
            and cast(events.local_started_at as date) >= products.valid_from
            and cast(events.local_started_at as date) < products.valid_to
    where events.bill_date >= {{ first_bill_date_in_window() }}

)

select * from events
