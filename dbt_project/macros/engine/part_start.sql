{#- When a part of an event begins, UTC: seconds into a call, the start itself for messages and data. -#}
{% macro part_start(service, started_at, offset) -%}
    case
        when {{ service }} = 'voice' and {{ offset }} > 0
            then {{ instant_of(epoch_seconds(started_at) ~ ' + ' ~ offset) }}
        else {{ started_at }}
    end
{%- endmacro %}
