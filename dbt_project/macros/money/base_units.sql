{#- How many base units (seconds, messages, bytes) one unit of the ratebook is. -#}
{% macro base_units(unit) -%}
    case {{ unit }}
        when 'second' then 1
        when 'minute' then 60
        when 'message' then 1
        when 'byte' then 1
        when 'kb' then 1000
        when 'mb' then 1000000
        when 'gb' then 1000000000
        when 'kib' then 1024
        when 'mib' then 1048576
        when 'gib' then 1073741824
    end
{%- endmacro %}
