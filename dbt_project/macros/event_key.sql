{#- A usage record as one whole number: its file's number and its line. Sorts as records arrive. -#}
{% macro event_key(file_number, line_number) -%}
    ({{ file_number }} * 4294967296 + {{ line_number }})
{%- endmacro %}

{#-
    What decides an event's price but the moment: rate cards, service, direction, visited zone and
    place of the called number, packed into one whole number, so that usage is joined and grouped by
    one narrow column. int_situations unpacks the few that occur.
-#}
{% macro situation_key(card_set_number, visited_number, place_number, service_number, is_terminating) -%}
    (
        ((({{ card_set_number }} * 65536 + {{ visited_number }}) * 1048576 + {{ place_number }}) * 4
        + {{ service_number }}) * 2 + {{ is_terminating }}
    )
{%- endmacro %}

{% macro service_number(service) -%}
    case {{ service }} when 'voice' then 0 when 'sms' then 1 when 'mms' then 2 else 3 end
{%- endmacro %}

{% macro service_name(service_number) -%}
    case {{ service_number }} when 0 then 'voice' when 1 then 'sms' when 2 then 'mms' else 'data' end
{%- endmacro %}
