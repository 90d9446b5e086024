{#-
    A select: what rated parts add up to (6.1), one row per subscription, period, service, charge name
    and tax category. Terms that share the last three share a number, by which the parts are grouped once.
-#}
{% macro usage_totals(parts) -%}
    with numbered_terms as (

        select
            terms_number,
            min(terms_number) over (
                partition by charge_number, tax_category_number, service_number
            ) as total_number
        from {{ ref('int_terms') }}

    ),

    sums as (

        select
            parts.subscription_number,
            parts.bill_date,
            numbered_terms.total_number,
            sum(case when parts.part_number = 1 then 1 else 0 end) as events,
            sum(parts.quantity) as quantity,
            sum(case when parts.grant_key is not null then parts.quantity else 0 end) as included_quantity,
            sum(case when parts.grant_key is null then parts.billed_quantity else 0 end) as billed_quantity,
            sum(parts.amount) as amount
        from {{ parts }} as parts
        inner join numbered_terms
            on parts.terms_number = numbered_terms.terms_number
        group by parts.subscription_number, parts.bill_date, numbered_terms.total_number

    ),

    totals as (

        select
            sums.subscription_number,
            sums.bill_date,
            terms.charge_number,
            terms.tax_category_number,
            terms.service_number,
            cast(sums.events as bigint) as events,
            cast(sums.quantity as bigint) as quantity,
            cast(sums.included_quantity as bigint) as included_quantity,
            cast(sums.billed_quantity as bigint) as billed_quantity,
            cast(sums.amount as decimal(38, 6)) as amount
        from sums
        inner join {{ ref('int_terms') }} as terms
            on sums.total_number = terms.terms_number

    )

    select
        subscriptions.account_id,
        subscriptions.subscription_id,
        totals.bill_date,
        {{ service_name('totals.service_number') }} as service,
        charge_names.charge_name,
        tax_categories.tax_category,
        totals.events,
        totals.quantity,
        totals.included_quantity,
        totals.billed_quantity,
        totals.amount
    from totals
    inner join {{ ref('int_subscription_numbers') }} as subscriptions
        on totals.subscription_number = subscriptions.subscription_number
    inner join {{ ref('int_charge_names') }} as charge_names
        on totals.charge_number = charge_names.charge_number
    left join {{ ref('int_tax_category_numbers') }} as tax_categories
        on totals.tax_category_number = tax_categories.tax_category_number
{%- endmacro %}
