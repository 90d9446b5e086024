{#-
    For each text of `texts` the payload of its longest prefix in `prefixes`, per span of days in
    which that prefix is in force. A from-item with columns: the text, `span_from`, `span_to` and
    the payload. Prefixes are found by equality on every length that occurs, never by LIKE; only
    texts whose prefixes differ in validity are cut into spans.
-#}
{% macro longest_prefix_spans(texts, text, prefixes, prefix, payload, longest) -%}
    (
        with candidates as (

            {% for length in range(1, longest + 1) -%}
            select
                texts.{{ text }},
                prefixes.valid_from,
                prefixes.valid_to,
                {% for column in payload %}prefixes.{{ column }}, {% endfor %}
                {{ length }} as matched_length
            from {{ texts }} as texts
            inner join {{ prefixes }} as prefixes
                on left(texts.{{ text }}, {{ length }}) = prefixes.{{ prefix }}
            where length(texts.{{ text }}) >= {{ length }} and length(prefixes.{{ prefix }}) = {{ length }}
            {% if not loop.last %}union all{% endif %}
            {% endfor %}

        ),

        summed_up as (

            select
                {{ text }},
                min(valid_from) as span_from,
                max(valid_to) as span_to,
                min(valid_from) = max(valid_from) and min(valid_to) = max(valid_to) as is_one_span,
                {% for column in payload -%}
                max_by({{ column }}, matched_length) as {{ column }}{% if not loop.last %},{% endif %}
                {% endfor %}
            from candidates
            group by {{ text }}

        ),

        dated_candidates as (

            select candidates.*
            from candidates
            inner join summed_up
                on candidates.{{ text }} = summed_up.{{ text }}
            where not summed_up.is_one_span

        ),

        edges as (

            select {{ text }}, valid_from as edge_on from dated_candidates
            union
            select {{ text }}, valid_to as edge_on from dated_candidates

        ),

        spans as (

            select
                {{ text }},
                edge_on as span_from,
                lead(edge_on) over (partition by {{ text }} order by edge_on asc nulls last) as span_to
            from edges

        ),

        ranked as (

            select
                spans.{{ text }},
                spans.span_from,
                spans.span_to,
                {% for column in payload %}dated_candidates.{{ column }}, {% endfor %}
                row_number() over (
                    partition by spans.{{ text }}, spans.span_from
                    order by dated_candidates.matched_length desc nulls last
                ) as preference
            from spans
            inner join dated_candidates
                on
                    spans.{{ text }} = dated_candidates.{{ text }}
                    and spans.span_from >= dated_candidates.valid_from
                    and spans.span_from < dated_candidates.valid_to
            where spans.span_to is not null

        )

        select
            {{ text }},
            {% for column in payload %}{{ column }}, {% endfor %}
            span_from,
            span_to
        from summed_up
        where is_one_span
        union all
        select
            {{ text }},
            {% for column in payload %}{{ column }}, {% endfor %}
            span_from,
            span_to
        from ranked
        where preference = 1
    )
{%- endmacro %}
