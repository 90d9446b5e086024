{#-
    A select: what rated parts add up to (6.1), one row per subscription, period, service, charge name
    and tax category. First by the narrow numbers of their terms, then by what those stand for.
-#}
{% macro usage_totals(parts) -%}
    with by_terms as (

        select
            subscription_number,
            bill_date,
            terms_number,
            sum(case when part_number = 1 then 1 else 0 end) as events,
            sum(quantity) as quantity,
            sum(case when grant_key is not null then quantity else 0 end) as included_quantity,
            sum(case when grant_key is null then billed_quantity else 0 end) as billed_quantity,
            sum(amount) as amount
        from {{ parts }}
        group by subscription_number, bill_date, terms_number

    ),

    totals as (

        select
            by_terms.subscription_number,
            by_terms.bill_date,
            terms.charge_number,
            terms.tax_category_number,
            terms.service_number,
            cast(sum(by_terms.events) as bigint) as events,
            cast(sum(by_terms.quantity) as bigint) as quantity,
            cast(sum(by_terms.included_quantity) as bigint) as included_quantity,
            cast(sum(by_terms.billed_quantity) as bigint) as billed_quantity,
            cast(sum(by_terms.amount) as decimal(38, 6)) as amount
        from by_terms
        inner join {{ ref('int_terms') }} as terms
            on by_terms.terms_number = terms.terms_number
        group by
            by_terms.subscription_number, by_terms.bill_date, terms.charge_number, terms.tax_category_number,
            terms.service_number

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
