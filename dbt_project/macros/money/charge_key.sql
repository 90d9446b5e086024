{#-
    5.6: what makes a charge one: account, subscription, kind, charge id, service period, tax
    category. "-" stands for none.
-#}
{% macro charge_key(kind, charge_id, account='account_id', subscription='subscription_id',
                    period_start='period_start', period_end='period_end', tax_category='tax_category') -%}
    {{ account }} || '/' || coalesce({{ subscription }}, '-') || '/{{ kind }}/' || {{ charge_id }}
    || '/' || cast({{ period_start }} as string) || '/' || cast({{ period_end }} as string)
    || '/' || coalesce({{ tax_category }}, '-')
{%- endmacro %}
