{#-
    3.6: what an event bears beside its priced units, as a decimal: the connection fee, then the
    top-up to the minimum or the (negative) cut to the maximum charge. `event` is the alias of a
    relation with connection_fee, minimum_charge and maximum_charge of the rate at the start.
-#}
{% macro event_fees(usage_amount, event) -%}
    (
        {{ event }}.connection_fee
        + case
            when {{ usage_amount }} + {{ event }}.connection_fee < {{ event }}.minimum_charge
                then {{ event }}.minimum_charge - {{ usage_amount }} - {{ event }}.connection_fee
            when {{ usage_amount }} + {{ event }}.connection_fee > {{ event }}.maximum_charge
                then {{ event }}.maximum_charge - {{ usage_amount }} - {{ event }}.connection_fee
            else 0
        end
    )
{%- endmacro %}
