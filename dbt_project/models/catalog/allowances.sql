-- One row per allowance of a product and validity.
with allowances as (

    select * from {{ source('raw', 'allowances') }}

),

with_defaults as (

    select
        allowance_id,
        product_id,
        name,
        service,
        quantity,
        rollover_max,
        source_file,
        source_line,
        coalesce(
            unit,
            case service when 'voice' then 'second' when 'data' then 'byte' else 'message' end
        ) as unit,
        coalesce(increment, 1) as increment,
        coalesce(priority, 0) as priority,
        coalesce(scope, 'subscription') as scope,
        coalesce(zones, '*') as zones,
        coalesce(visited_zones, '*') as visited_zones,
        coalesce(rollover_periods, 0) as rollover_periods,
        coalesce(prorate, false) as prorate,
        coalesce(valid_from, date '0001-01-01') as valid_from,
        coalesce(valid_to, date '9999-12-31') as valid_to
    from allowances

),

in_base_units as (

    select
        with_defaults.*,
        quantity is null as is_unlimited,
        cast(ceil(quantity * {{ base_units("unit") }}) as bigint) as base_quantity,
        cast(ceil(rollover_max * {{ base_units("unit") }}) as bigint) as base_rollover_max
    from with_defaults

)

select * from in_base_units
