-- One row per head of the numbers dialled (3.1). Where it holds more than digits, the whole number is looked at.
{{ config(materialized='grown') }}
{%- set known = known_rows() %}
with heads as (

    select distinct {{ dialled_head('records.other_party', 'lengths') }} as head
    from {{ records_to_judge() }} as records
    cross join {{ ref('int_head_lengths') }} as lengths
    where
        records.other_party is not null
        and records.service <> 'data'
        and records.direction = 'originating'

),

new_heads as (

    select heads.head
    from heads
    {% if known is not none -%}
    left join {{ known }} as known
        on heads.head = known.head
    where known.head is null
    {%- endif %}

),

judged as (

    select
        head,
        {{ digits_only('head') }} = case when left(head, 1) = '+' then substring(head, 2) else head end as is_digits
    from new_heads

)

select * from judged
