-- One row per verdict on a usage record: its number in narrow tables, its state (2.1) and reason (2.4).
with verdicts as (

    {% for name, state, reason in verdicts() -%}
    select
        {{ verdict(name) }} as verdict,
        '{{ state }}' as state,
        {% if reason is none %}cast(null as string){% else %}'{{ reason }}'{% endif %} as reason
    {% if not loop.last %}union all{% endif %}
    {% endfor %}

)

select * from verdicts
