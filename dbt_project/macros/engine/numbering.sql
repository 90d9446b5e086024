{#-
    A number as dialled → E.164 digits without "+" (3.1): "+…" and the international prefix lead
    to an international number, the national prefix to one of the operator's country; anything
    else is taken for international digits already. `digits` are the number's digits alone.
-#}
{% macro e164_of_digits(digits, has_plus, country_code, national_prefix, international_prefix) -%}
    case
        when {{ has_plus }} then {{ digits }}
        when {{ begins_with(digits, international_prefix) }}
            then substring({{ digits }}, length({{ international_prefix }}) + 1)
        when {{ begins_with(digits, national_prefix) }}
            then {{ country_code }} || substring({{ digits }}, length({{ national_prefix }}) + 1)
        else {{ digits }}
    end
{%- endmacro %}

{% macro has_plus(number) -%}
    left(trim({{ number }}), 1) = '+'
{%- endmacro %}

{% macro e164_digits(number, country_code, national_prefix, international_prefix) -%}
    {{ e164_of_digits(digits_only(number), has_plus(number), country_code, national_prefix, international_prefix) }}
{%- endmacro %}

{#-
    The head of a number as dialled: as many characters as decide its place (3.1). Numbers that share
    a head share a place, so that a place is looked up for each head, not for each number. `lengths`
    is a row of int_head_lengths. A head that holds more than digits after a "+" decides nothing.
-#}
{% macro dialled_head(number, lengths) -%}
    case
        when {{ begins_with(number, "'+'") }} then left({{ number }}, {{ lengths }}.plus_length)
        when {{ begins_with(number, lengths ~ '.international_prefix') }}
            then left({{ number }}, {{ lengths }}.international_length)
        when {{ begins_with(number, lengths ~ '.national_prefix') }}
            then left({{ number }}, {{ lengths }}.national_length)
        else left({{ number }}, {{ lengths }}.other_length)
    end
{%- endmacro %}
