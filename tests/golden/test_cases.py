"""Published cases of other systems: the re-rater and the pipeline must both give their figures.

The cases are read from `shared/cases` beside the repository; without them there is nothing to
test. Where a rule of the semantics decides otherwise, exceptions.yaml says so: an exception that
agrees after all is a fault too.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import yaml

from tests.golden import convert
from tests.golden.convert import GoldenFolder
from tests.golden.measures import (
    Expected,
    RerateResults,
    Results,
    WarehouseResults,
    measure,
)
from tests.rerater.pipeline import Pipeline
from tests.rerater.reader import read_folder
from tests.rerater.runs import History, issue, run

ROOT = Path(__file__).parents[2]
CASES = ROOT.parent / "shared" / "cases"
EXCEPTIONS = yaml.safe_load((Path(__file__).parent / "exceptions.yaml").read_text(encoding="utf-8"))
LOADED_AT = datetime(2026, 11, 1, tzinfo=UTC)
KINDS = convert.KINDS if CASES.is_dir() else ()

pytestmark = pytest.mark.skipif(
    not CASES.is_dir(), reason="the cases are not beside the repository"
)


@dataclass(frozen=True)
class Disagreement:
    expected: Expected
    found: object

    def __str__(self) -> str:
        wanted = self.expected
        return f"{wanted.case_id} {wanted.field}: expected {wanted.value}, found {self.found}"


def loaded_at(bill_date: date) -> datetime:
    """Usage lies before the first bill date; later files bring none that is new."""
    return max(LOADED_AT, datetime(bill_date.year, bill_date.month, bill_date.day, tzinfo=UTC))


def by_rerater(folder: GoldenFolder, home: Path) -> list[Results]:
    history = History()
    found: list[Results] = []
    for bill_date, path in folder.write(home):
        operator = read_folder(path)
        result = run(history, operator, bill_date, loaded_at=loaded_at(bill_date))
        found.append(RerateResults(result))
        issue(history, operator, result)
    return found


def by_pipeline(folder: GoldenFolder, home: Path) -> list[Results]:
    pipeline = Pipeline(home / "warehouse")
    states = folder.write(home)
    found: list[Results] = []
    for number, (bill_date, path) in enumerate(states):
        pipeline.draft(path, bill_date, loaded_at(bill_date))
        found.append(WarehouseResults(pipeline, bill_date))
        if number + 1 < len(states):
            pipeline.release_suspects(path, bill_date, loaded_at(bill_date))
            assert pipeline.issue(path, bill_date) == []
    return found


def excepted(kind: str) -> dict[str, list[str]]:
    """Case to the fields that a rule decides otherwise; none = all of it."""
    return {row["id"]: row.get("fields") or [] for row in EXCEPTIONS[kind]}


def disagreements(folder: GoldenFolder, results: list[Results]) -> list[Disagreement]:
    found = []
    for expected in folder.expected:
        value = measure(results[expected.state], expected)
        if not expected.agrees(value):
            found.append(Disagreement(expected, value))
    return found


def unexplained(kind: str, folder: GoldenFolder, results: list[Results]) -> list[str]:
    """Disagreements without an exception, and exceptions without a disagreement."""
    exceptions = excepted(kind)
    found = disagreements(folder, results)
    differing: dict[str, set[str]] = defaultdict(set)
    for one in found:
        differing[one.expected.case_id].add(one.expected.field)
    return [
        str(one)
        for one in found
        if one.expected.field not in exceptions.get(one.expected.case_id, ())
    ] + [
        f"{case_id} {field}: agrees, though exceptions.yaml says otherwise"
        for case_id in folder.case_ids
        for field in exceptions.get(case_id, ())
        if field not in differing[case_id]
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_every_case_is_converted_or_excepted(kind: str) -> None:
    converted = {row.case_id for folder in convert.convert(CASES, kind) for row in folder.expected}
    left_out = {case_id for case_id, fields in excepted(kind).items() if not fields}
    assert converted.isdisjoint(left_out)
    assert converted | left_out == {case["id"] for case in convert.read_cases(CASES, kind)}


@pytest.mark.parametrize("kind", KINDS)
def test_the_rerater_gives_the_figures_of_the_cases(kind: str, tmp_path: Path) -> None:
    for folder in convert.convert(CASES, kind):
        assert unexplained(kind, folder, by_rerater(folder, tmp_path)) == []


def golden_folders() -> list[tuple[str, int]]:
    return [(kind, number) for kind in KINDS for number in range(len(convert.convert(CASES, kind)))]


@pytest.mark.parametrize(
    ("kind", "number"), golden_folders(), ids=[f"{kind}-{n}" for kind, n in golden_folders()]
)
def test_the_pipeline_gives_the_figures_of_the_cases(
    kind: str, number: int, tmp_path: Path
) -> None:
    folder = convert.convert(CASES, kind)[number]
    assert unexplained(kind, folder, by_pipeline(folder, tmp_path)) == []
