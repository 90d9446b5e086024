{#-
    The earliest bill date whose period lies in the run's window (1.2), whatever the cycle day.
    For a model's body; a `replace_where` is text that the database reads, so it names
    customers.bill_run itself: what dbt renders in a configuration is frozen when it parses.
-#}
{% macro first_bill_date_in_window() -%}
    (select first_bill_date from {{ ref('bill_run') }})
{%- endmacro %}

{#- The periods that a run charges anew, of the accounts that it bills: what a table of charges replaces. -#}
{% macro periods_of_the_window() -%}
    period_end > (select window_start from customers.bill_run) and account_id in (
        select accounts.account_id
        from customers.accounts as accounts
        inner join customers.bill_run as bill_run on accounts.cycle_day = bill_run.cycle_day
    )
{%- endmacro %}
