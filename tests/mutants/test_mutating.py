"""The faults that mutants are: each changes SQL, once, and nothing that only explains it."""

import pytest

from tests.mutants.laboratory import in_condition
from tests.mutants.mutating import OPERATORS, mutants_of
from tests.mutants.run import read_equivalents

MODEL = """-- One row per call: a comment with a < b and 1 + 1.
{{ config(materialized='table') }}
{%- set last = 3 %}
with calls as (

    select
        calls.call_id,
        max(calls.at) as at,
        least(coalesce(calls.rest, 0), {{ floor_div('calls.units + 1', 60) }}) as units,
        cast(calls.price as decimal(18, 6)) as price,
        'a < b' as text,
        row_number() over (
            partition by calls.line
            order by calls.at asc nulls last, calls.call_id asc nulls last
        ) as turn
    from calls
    inner join lines
        on
            calls.line = lines.line
            and calls.day = lines.day
    where
        calls.units > 0
        and calls.at <= lines.until

)

select * from calls
"""


def changes(operator: str) -> list[tuple[str, str]]:
    """What an operator makes of the model: the changed lines, before and after."""
    return [
        (mutant.before, mutant.after)
        for mutant in mutants_of("model", "models/model.sql", MODEL)
        if mutant.operator == operator
    ]


@pytest.mark.parametrize(
    ("operator", "before", "after"),
    [
        ("> becomes >=", "calls.units > 0", "calls.units >= 0"),
        ("<= becomes <", "and calls.at <= lines.until", "and calls.at < lines.until"),
        ("max becomes min", "max(calls.at) as at,", "min(calls.at) as at,"),
        ("inner join becomes left join", "inner join lines", "left join lines"),
        (
            "the last order key goes",
            "order by calls.at asc nulls last, calls.call_id asc nulls last",
            "order by calls.at asc nulls last",
        ),
        (
            "a coalesce loses its default",
            "least(coalesce(calls.rest, 0), {{ floor_div('calls.units + 1', 60) }}) as units,",
            "least(calls.rest, {{ floor_div('calls.units + 1', 60) }}) as units,",
        ),
        (
            "floor becomes ceil",
            "least(coalesce(calls.rest, 0), {{ floor_div('calls.units + 1', 60) }}) as units,",
            "least(coalesce(calls.rest, 0), {{ ceil_div('calls.units + 1', 60) }}) as units,",
        ),
        (
            "a constant grows by one",
            "least(coalesce(calls.rest, 0), {{ floor_div('calls.units + 1', 60) }}) as units,",
            "least(coalesce(calls.rest, 0), {{ floor_div('calls.units + 1', 61) }}) as units,",
        ),
    ],
)
def test_an_operator_changes_one_thing(operator: str, before: str, after: str) -> None:
    assert changes(operator) == [(before, after)]


def test_a_dropped_condition_is_a_whole_line() -> None:
    assert [before for before, _ in changes("a join condition goes")] == [
        "and calls.day = lines.day"
    ]
    assert [before for before, _ in changes("a condition goes")] == ["and calls.at <= lines.until"]


def test_comments_settings_types_and_texts_stay_as_they_are() -> None:
    for mutant in mutants_of("model", "models/model.sql", MODEL):
        changed = mutant.mutated
        assert changed != MODEL
        assert changed.splitlines()[:3] == MODEL.splitlines()[:3]
        assert "decimal(18, 6)" in changed
        assert "'a < b' as text" in changed


def test_every_known_equivalent_has_a_reason_and_an_operator_that_exists() -> None:
    for row in read_equivalents():
        assert row["operator"] in OPERATORS
        assert row["reason"].endswith(".")


def test_a_fault_in_a_macro_reaches_the_conditions_that_it_has_rendered() -> None:
    macro = "{% macro w() -%}\nfull\nand day >= first{% if x %} or y{% endif %}\n{%- endmacro %}\n"
    found = [one for one in mutants_of("w", "w.sql", macro) if ">=" in one.operator]
    assert [in_condition(one, "full\n    and day >= first or y") for one in found] == [
        "full and day > first or y"
    ]
    assert in_condition(found[0], "day >= other") == "day >= other"


def test_a_fault_in_one_of_several_conditions_leaves_the_others_as_they_are() -> None:
    macro = '{% macro w() -%}\n{{ return([\n"day >= first",\n"day = last",\n]) }}\n{% endmacro %}\n'
    found = [one for one in mutants_of("w", "w.sql", macro) if ">=" in one.operator]
    assert [in_condition(one, ["day >= first", "day = last"]) for one in found] == [
        ["day > first", "day = last"]
    ]
