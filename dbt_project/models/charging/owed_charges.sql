-- One row per charge key of the runs built so far: what is owed, whatever was billed (5.6).
-- amount_net is gross where prices include tax (6.3). A run replaces the rows of its own accounts and window.
{{ config(
    materialized='incremental',
    incremental_strategy='replace_where',
    replace_where=periods_of_the_window(),
    on_schema_change='append_new_columns',
    full_refresh=false,
) }}
{%- set kinds = [
    'int_recurring_charges',
    'int_once_charges',
    'int_instalments',
    'int_adjustments',
    'int_usage_charges',
    'int_discounts',
    'int_spend_caps',
    'int_minimum_spends',
    'int_late_fees',
] %}
with charges as (

    {% for kind in kinds -%}
    select
        charge_key,
        account_id,
        subscription_id,
        charge_kind,
        charge_id,
        product_id,
        description,
        name_entity,
        name_id,
        period_start,
        period_end,
        charged_from,
        charged_to,
        bill_date,
        quantity,
        unit,
        tax_category,
        tax_rate_date,
        amount_net,
        rounding
    from {{ ref(kind) }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}

),

translations as (

    select
        entity,
        id,
        language,
        name
    from {{ ref('translations') }}

),

described as (

    -- in the account's language; of a regional one (fr_CA) the language itself, if that is all there is
    select
        charges.charge_key,
        charges.account_id,
        charges.subscription_id,
        charges.charge_kind,
        charges.charge_id,
        charges.product_id,
        -- a late fee names its document
        coalesce(
            coalesce(regional.name, general.name)
            || case when charges.charge_kind = 'late_fee' then ' ' || charges.charge_id else '' end,
            charges.description
        ) as description,
        charges.period_start,
        charges.period_end,
        charges.charged_from,
        charges.charged_to,
        charges.bill_date,
        charges.quantity,
        charges.unit,
        charges.tax_category,
        charges.tax_rate_date,
        charges.amount_net,
        charges.rounding,
        operator.currency_code
    from charges
    inner join {{ ref('accounts') }} as accounts
        on charges.account_id = accounts.account_id
    cross join {{ ref('operator') }} as operator
    left join translations as regional
        on
            charges.name_entity = regional.entity
            and charges.name_id = regional.id
            and accounts.language = regional.language
    left join translations as general
        on
            charges.name_entity = general.entity
            and charges.name_id = general.id
            and split_part(accounts.language, '_', 1) = general.language

)

select * from described
