-- One row per grant on which the run draws, or of which all usage is rated anew. Empty where everything is rated.
{%- set is_full = rates_all() %}
with changed as (

    select grant_key
    from {{ ref('int_new_parts') }}
    where grant_key is not null{% if is_full %} and 1 = 0{% endif %}

    union
    select grants.grant_key
    from {{ ref('int_grants') }} as grants
    inner join {{ ref('int_rating_units') }} as units
        on
            grants.account_number = units.account_number
            and {{ service_number('grants.service') }} = units.service_number
    where units.is_redone

)

select * from changed
