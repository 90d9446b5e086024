{#-
    What becomes of a usage record (2.1, 2.4), as a small number in narrow tables. The order is
    that of rule 2.4: the first that applies. int_verdicts gives state and reason of each.
-#}
{% macro verdicts() -%}
    {{ return([
        ('rated', 'rated', none),
        ('duplicate', 'duplicate', none),
        ('conflicting_duplicate', 'suspended', 'conflicting_duplicate'),
        ('not_billable', 'not_billable', none),
        ('negative_quantity', 'suspended', 'negative_quantity'),
        ('merged', 'merged', none),
        ('excessive_quantity', 'suspended', 'excessive_quantity'),
        ('starts_in_future', 'suspended', 'starts_in_future'),
        ('too_old', 'suspended', 'too_old'),
        ('incomplete_session', 'suspended', 'incomplete_session'),
        ('unknown_subscriber', 'suspended', 'unknown_subscriber'),
        ('ambiguous_subscriber', 'suspended', 'ambiguous_subscriber'),
        ('subscription_not_active', 'suspended', 'subscription_not_active'),
        ('no_plan', 'suspended', 'no_plan'),
        ('unknown_network', 'suspended', 'unknown_network'),
        ('unknown_destination', 'suspended', 'unknown_destination'),
        ('no_rate', 'suspended', 'no_rate'),
    ]) }}
{%- endmacro %}

{% macro verdict(name) -%}
    {%- for verdict_name, state, reason in verdicts() if verdict_name == name -%}
    cast({{ verdicts().index((verdict_name, state, reason)) }} as int)
    {%- else -%}
    {{ exceptions.raise_compiler_error('no such verdict: ' ~ name) }}
    {%- endfor -%}
{%- endmacro %}
