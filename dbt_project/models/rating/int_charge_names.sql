-- One row per charge name on bills: its number in narrow tables.
{{ config(materialized='appended') }}
with numbered as (

    {{ numbered_once(
        "select steps.charge_name from " ~ ref('int_rate_steps') ~ " as steps where steps.charge_name is not null"
        ~ " union all select zone as charge_name from " ~ ref('int_places')
        ~ " union all select zone as charge_name from " ~ ref('int_rate_steps') ~ " where zone <> '*'"
        ~ " union all select 'voice' as charge_name union all select 'sms' as charge_name"
        ~ " union all select 'mms' as charge_name union all select 'data' as charge_name",
        ['charge_name'], 'charge_number'
    ) }}

)

select * from numbered
