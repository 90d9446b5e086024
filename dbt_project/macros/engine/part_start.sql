{#- When a part of an event begins, UTC: seconds into a call, the start itself for messages and data. -#}
{% macro part_start(event, offset) -%}
    case
        when {{ event }}.service = 'voice' and {{ offset }} > 0
            then {{ instant_of(epoch_seconds(event ~ '.started_at') ~ ' + ' ~ offset) }}
        else {{ event }}.started_at
    end
{%- endmacro %}
