{#- The name of a grant: the holding, the allowance and the bill date of the period that granted it. -#}
{% macro allowance_grant_id(subscribed_product_id, allowance_id, bill_date) -%}
    {{ subscribed_product_id }} || '/' || {{ allowance_id }} || '/' || cast({{ bill_date }} as string)
{%- endmacro %}

{#-
    A grant as one whole number: holding, allowance and months since 1970 of its period's bill date.
-#}
{% macro grant_key(holding_number, allowance_number, period_month) -%}
    (({{ holding_number }} * 65536 + {{ allowance_number }}) * 4096 + {{ period_month }})
{%- endmacro %}

{#-
    The pool of a grant as one whole number: an account's or a subscription's, one service, and the
    month of its period's bill date, 0 where rests that roll over chain the periods.
-#}
{% macro pool_number(has_shared, account_number, subscription_number, service_number, has_rollover, bill_date) -%}
    (
        ((case when {{ has_shared }} then {{ account_number }} else {{ subscription_number }} end * 4
        + {{ service_number }}) * 2 + case when {{ has_shared }} then 1 else 0 end) * 4096
        + case when {{ has_rollover }} then 0 else {{ months_between("date '1970-01-01'", bill_date) }} end
    )
{%- endmacro %}

{#-
    When an event draws, as one whole number that sorts as 4.2 orders events: microseconds since the
    window's start, then its turn among the events of one pool and instant. A BIGINT holds windows of
    four years, and 65,536 events of one instant.
-#}
{% macro draw_key(started_at, window_start_at, turn) -%}
    ({{ microseconds_between(window_start_at, started_at) }} * 65536 + {{ turn }})
{%- endmacro %}
