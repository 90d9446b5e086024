{#-
    For each text of `texts` the payload of its longest prefix in `prefixes`, per span of days in
    which that prefix is in force. A from-item with columns: the text, `span_from`, `span_to` and
    the payload. Prefixes are found by equality on every length that occurs, never by LIKE.
-#}
{% macro longest_prefix_spans(texts, text, prefixes, prefix, payload, longest) -%}
    (
        with candidates as (

            select
                texts.{{ text }},
                prefixes.valid_from,
                prefixes.valid_to,
                {% for column in payload %}prefixes.{{ column }}, {% endfor %}
                lengths.n as matched_length
            from {{ texts }} as texts
            inner join {{ integers(1, longest) }} as lengths
                on lengths.n <= length(texts.{{ text }})
            inner join {{ prefixes }} as prefixes
                on
                    length(prefixes.{{ prefix }}) = lengths.n
                    and prefixes.{{ prefix }} = left(texts.{{ text }}, cast(lengths.n as int))

        ),

        edges as (

            select {{ text }}, valid_from as edge_on from candidates
            union
            select {{ text }}, valid_to as edge_on from candidates

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
                {% for column in payload %}candidates.{{ column }}, {% endfor %}
                row_number() over (
                    partition by spans.{{ text }}, spans.span_from
                    order by candidates.matched_length desc nulls last
                ) as preference
            from spans
            inner join candidates
                on
                    spans.{{ text }} = candidates.{{ text }}
                    and spans.span_from >= candidates.valid_from
                    and spans.span_from < candidates.valid_to
            where spans.span_to is not null

        )

        select
            {{ text }},
            {% for column in payload %}{{ column }}, {% endfor %}
            span_from,
            span_to
        from ranked
        where preference = 1
    )
{%- endmacro %}
