{#-
    A select: what rated parts add up to, narrow, one row per subscription, period and number of the total.
    Terms that share service, charge name and tax category share a total: the least of their numbers, by
    which the parts are grouped once.
-#}
{% macro usage_sums(parts) -%}
    with numbered_terms as (

        select
            terms_number,
            service_number,
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
            numbered_terms.service_number,
            count(case when parts.part_number = 1 then 1 end) as events,
            cast(sum(parts.quantity) as bigint) as quantity,
            cast(sum(case when parts.grant_key is not null then parts.quantity else 0 end) as bigint)
                as included_quantity,
            cast(sum(case when parts.grant_key is null then parts.billed_quantity else 0 end) as bigint)
                as billed_quantity,
            cast(sum(parts.amount) as decimal(38, 6)) as amount
        from {{ parts }} as parts
        inner join numbered_terms
            on parts.terms_number = numbered_terms.terms_number
        group by
            parts.subscription_number, parts.bill_date, numbered_terms.total_number, numbered_terms.service_number

    )

    select * from sums
{%- endmacro %}
