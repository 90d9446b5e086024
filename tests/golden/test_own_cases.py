"""The project's own golden cases: pipeline and re-rater give the figures that stand there."""

from pathlib import Path

import pytest

from tests.golden.measures import RerateResults
from tests.golden.own import OwnCases, read_cases
from tests.rerater.pipeline import Pipeline
from tests.rerater.reader import read_folder
from tests.rerater.runs import History, run


@pytest.fixture(params=list(OwnCases.all()), ids=lambda cases: cases.name)
def cases(request: pytest.FixtureRequest) -> OwnCases:
    return request.param


def test_names_are_sentences_told_once_and_every_case_names_its_rule_and_source() -> None:
    names = [case["name"] for case in read_cases()]
    assert len(names) == len(set(names))
    for case in read_cases():
        assert case["name"].count("_") >= 3 and case["rule"] and case["source"], case["name"]


def test_the_pipeline_gives_the_figures_of_every_case(cases: OwnCases, tmp_path: Path) -> None:
    pipeline = Pipeline(tmp_path / "warehouse")
    pipeline.draft(cases.tables.write(tmp_path / "operator"), cases.bill_date, cases.loaded_at)
    assert cases.failures(pipeline) == []


def test_the_rerater_gives_the_figures_of_every_case(cases: OwnCases, tmp_path: Path) -> None:
    folder = read_folder(cases.tables.write(tmp_path / "operator"))
    result = run(History(), folder, cases.bill_date, loaded_at=cases.loaded_at)
    assert cases.disagreements(RerateResults(result)) == []
