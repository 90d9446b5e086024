{#- Dates and instants: what DuckDB and Spark spell differently. -#}

{#- A date `months` months later; days 29 to 31 fall back to the month's last day. -#}
{% macro add_months(day, months) -%}
    cast({{ day }} + to_months(cast({{ months }} as int)) as date)
{%- endmacro %}

{% macro add_days(day, days) -%}
    cast({{ day }} + cast({{ days }} as int) as date)
{%- endmacro %}

{#- Whole days from one date to another. -#}
{% macro days_between(from_day, to_day) -%}
    date_diff('day', {{ from_day }}, {{ to_day }})
{%- endmacro %}

{#- Whole calendar months from the month of one date to the month of another. -#}
{% macro months_between(from_day, to_day) -%}
    ((year({{ to_day }}) - year({{ from_day }})) * 12 + month({{ to_day }}) - month({{ from_day }}))
{%- endmacro %}

{#- Seconds since 1970-01-01 00:00 of a timestamp without zone that is read as UTC. -#}
{% macro epoch_seconds(instant) -%}
    (epoch_us({{ instant }}) // 1000000)
{%- endmacro %}

{#- Whole microseconds from one instant to another. -#}
{% macro microseconds_between(from_instant, to_instant) -%}
    {{ return(adapter.dispatch('microseconds_between')(from_instant, to_instant)) }}
{%- endmacro %}

{% macro default__microseconds_between(from_instant, to_instant) -%}
    (epoch_us({{ to_instant }}) - epoch_us({{ from_instant }}))
{%- endmacro %}

{% macro spark__microseconds_between(from_instant, to_instant) -%}
    (unix_micros({{ to_instant }}) - unix_micros({{ from_instant }}))
{%- endmacro %}

{% macro instant_of(epoch_seconds) -%}
    make_timestamp(cast({{ epoch_seconds }} as bigint) * 1000000)
{%- endmacro %}

{#- A local wall time of the zone as UTC. A time that occurs twice is the later one (standard time). -#}
{% macro local_to_utc(local_time, zone) -%}
    cast(timezone('UTC', timezone({{ zone }}, cast({{ local_time }} as timestamp))) as timestamp)
{%- endmacro %}

{% macro utc_to_local(instant, zone) -%}
    timezone({{ zone }}, timezone('UTC', cast({{ instant }} as timestamp)))
{%- endmacro %}

{#- 1 = Monday … 7 = Sunday. -#}
{% macro weekday_number(day) -%}
    isodow({{ day }})
{%- endmacro %}

{#- One row per whole number from `first` to `last` (both included), column `n`, as a from-item. -#}
{% macro integers(first, last) -%}
    (select cast(range as bigint) as n from range(cast({{ first }} as bigint), cast({{ last }} as bigint) + 1))
{%- endmacro %}

{#- The end of the billing period that holds a local date (1.1): the next cycle day after it. -#}
{% macro period_end(day, cycle_day) -%}
    case
        when day({{ day }}) < {{ cycle_day }}
            then make_date(year({{ day }}), month({{ day }}), cast({{ cycle_day }} as bigint))
        else cast(
            make_date(year({{ day }}), month({{ day }}), cast({{ cycle_day }} as bigint)) + to_months(1) as date
        )
    end
{%- endmacro %}

{#- The beginning of the billing period that holds a local date (1.1). -#}
{% macro period_start(day, cycle_day) -%}
    case
        when day({{ day }}) >= {{ cycle_day }}
            then make_date(year({{ day }}), month({{ day }}), cast({{ cycle_day }} as bigint))
        else cast(
            make_date(year({{ day }}), month({{ day }}), cast({{ cycle_day }} as bigint)) - to_months(1) as date
        )
    end
{%- endmacro %}

{#- Seconds since local midnight of `HH:MM` or `HH:MM:SS`; `24:00` is 86400. -#}
{% macro seconds_of_day(time) -%}
    (
        cast(split_part({{ time }}, ':', 1) as bigint) * 3600
        + cast(split_part({{ time }}, ':', 2) as bigint) * 60
        + coalesce(cast(nullif(split_part({{ time }}, ':', 3), '') as bigint), 0)
    )
{%- endmacro %}

{#- A second (and a number of base units) later than any that occurs. -#}
{% macro end_of_time() -%}
    1000000000000000
{%- endmacro %}
