-- One row per situation and price step that can meet: the charge name under which its usage is billed.
-- An empty charge name is the zone; where any zone is priced alike, that of the event, else the service.
with pairs as (

    select distinct
        situations.situation_key,
        situations.zone,
        situations.service,
        timeline.rate_step_id
    from {{ ref('int_situations') }} as situations
    inner join {{ ref('int_tariff_timeline') }} as timeline
        on situations.situation_id = timeline.situation_id

),

named as (

    select
        pairs.situation_key,
        pairs.rate_step_id,
        coalesce(
            steps.charge_name,
            case when steps.zone = '*' then coalesce(pairs.zone, pairs.service) else steps.zone end
        ) as charge_name
    from pairs
    inner join {{ ref('int_rate_steps') }} as steps
        on pairs.rate_step_id = steps.rate_step_id

),

numbered as (

    select
        named.situation_key,
        named.rate_step_id,
        charge_names.charge_number
    from named
    inner join {{ ref('int_charge_names') }} as charge_names
        on named.charge_name = charge_names.charge_name

)

select * from numbered
