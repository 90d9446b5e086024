{#-
    A number as dialled → E.164 digits without "+" (3.1): "+…" and the international prefix lead
    to an international number, the national prefix to one of the operator's country; anything
    else is taken for international digits already.
-#}
{% macro e164_digits(number, country_code, national_prefix, international_prefix) -%}
    case
        when left(trim({{ number }}), 1) = '+' then {{ digits_only(number) }}
        when length({{ international_prefix }}) > 0
            and left({{ digits_only(number) }}, length({{ international_prefix }})) = {{ international_prefix }}
            then substring({{ digits_only(number) }}, length({{ international_prefix }}) + 1)
        when length({{ national_prefix }}) > 0
            and left({{ digits_only(number) }}, length({{ national_prefix }})) = {{ national_prefix }}
            then {{ country_code }} || substring({{ digits_only(number) }}, length({{ national_prefix }}) + 1)
        else {{ digits_only(number) }}
    end
{%- endmacro %}
