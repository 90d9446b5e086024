{#- All that a usage record says, as one text: equal texts are equal content (2.2). -#}
{% macro record_content(record) -%}
    concat_ws(
        '|',
        {%- for column in [
            'service', 'direction', 'subscriber', 'subscriber_kind', 'other_party', 'started_at',
            'duration_seconds', 'bytes_uplink', 'bytes_downlink', 'messages', 'serving_network',
            'charging_id', 'sequence', 'is_final', 'disposition',
        ] %}
        coalesce(cast({{ record }}.{{ column }} as string), ''){% if not loop.last %},{% endif %}
        {%- endfor %}
    )
{%- endmacro %}
