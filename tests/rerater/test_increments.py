"""Usage that comes day by day gives what it gives at once: only new files are judged and rated."""

from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from orchestration import dbt
from tests.rerater import calendar
from tests.rerater.increments import growing, more_than_new_files
from tests.rerater.pipeline import Pipeline
from tests.rerater.reader import read_folder
from tests.rerater.strategies import Generator
from tests.rerater.test_invariance import RESULTS, digest_of

ACCOUNTS, RECORDS = 60, 3000
RESULTS_TOO = {
    **RESULTS,
    "rating.int_usage_totals": set[str](),
    "invoicing.draft_invoice_lines": set[str](),
}


def settled_at(folder: Path, bill_date: date) -> datetime:
    return calendar.midnight(bill_date, read_folder(folder).operator.zone)


@pytest.mark.parametrize("seed", [2, 5])
def test_usage_that_comes_by_and_by_gives_what_it_gives_at_once(seed: int, tmp_path: Path) -> None:
    generator = Generator(seed, accounts=ACCOUNTS, events=RECORDS)
    tables, bill_date = generator.build(), generator.boundaries[-1]
    step_by_step, at_once = Pipeline(tmp_path / "steps"), Pipeline(tmp_path / "once")
    folder = tmp_path / "operator"
    for number, grown in enumerate(growing(tables, seed, str(bill_date))):
        grown.write(folder)
        step_by_step.draft(folder, bill_date, settled_at(folder, bill_date))
        if number > 0:
            assert more_than_new_files(step_by_step) == ""
    at_once.draft(folder, bill_date, settled_at(folder, bill_date))
    for table, left_out in RESULTS_TOO.items():
        assert digest_of(step_by_step, table, left_out) == digest_of(at_once, table, left_out), (
            table
        )


def test_an_edited_rule_makes_everything_be_judged_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    generator = Generator(2, accounts=5, events=100)
    tables, bill_date = generator.build(), generator.boundaries[-1]
    folder = tables.write(tmp_path / "operator")
    pipeline = Pipeline(tmp_path / "warehouse")
    found = []
    for digest in ("one", "one", "another"):
        monkeypatch.setattr(dbt, "rules_digest", lambda digest=digest: digest)
        with pipeline.steps(folder) as steps, steps.connect() as con:
            # a run without any news would build nothing of this
            con.execute("drop table if exists customers.reference_builds")
        pipeline.draft(folder, bill_date, settled_at(folder, bill_date))
        scopes = "select judging.is_full as judges_all, rating.is_full as rates_all"
        scopes += " from mediation.int_judging_scope as judging, rating.int_rating_scope as rating"
        found.append(tuple(pipeline.rows(scopes)[0].values()))
    assert found == [(True, True), (False, False), (True, True)]


def test_a_run_that_broke_off_before_its_end_rates_everything(tmp_path: Path) -> None:
    """Mediation has noted its files, rating has not: what the new files changed is not known."""
    import duckdb

    generator = Generator(2, accounts=5, events=100)
    tables, bill_date = generator.build(), generator.boundaries[-1]
    folder = tables.write(tmp_path / "operator")
    pipeline = Pipeline(tmp_path / "warehouse")
    pipeline.draft(folder, bill_date, settled_at(folder, bill_date))
    with duckdb.connect(str(pipeline.warehouse)) as con:
        con.execute("update rating.int_rated_until set file_number = file_number - 1")
        con.execute("delete from rating.int_rated_parts")
        con.execute("update customers.reference_builds set usage_digest = null")
    pipeline.draft(folder, bill_date, settled_at(folder, bill_date))
    assert pipeline.rows("select is_full from mediation.int_judging_scope") == [{"is_full": False}]
    assert pipeline.rows("select is_full from rating.int_rating_scope") == [{"is_full": True}]
    once = Pipeline(tmp_path / "once")
    once.draft(folder, bill_date, settled_at(folder, bill_date))
    for table, left_out in RESULTS.items():
        assert digest_of(pipeline, table, left_out) == digest_of(once, table, left_out), table


def test_a_run_that_begins_to_rate_everything_takes_back_the_note_of_what_was_rated(
    tmp_path: Path,
) -> None:
    """Else one cut short with other allowances could stand for the run before, when they go."""
    import duckdb

    generator = Generator(2, accounts=5, events=100)
    tables, bill_date = generator.build(), generator.boundaries[-1]
    folder = tables.write(tmp_path / "operator")
    pipeline = Pipeline(tmp_path / "warehouse")
    pipeline.draft(folder, bill_date, settled_at(folder, bill_date))
    note = "select * from rating.int_rated_until"

    def begin_to_rate() -> None:
        with pipeline.steps(folder):
            dbt.build(
                warehouse=pipeline.warehouse,
                bill_date=bill_date,
                select=["int_rating_scope"],
                scratch=tmp_path / "scratch",
            )

    with duckdb.connect(str(pipeline.warehouse)) as con:
        con.execute("update mediation.int_judging_scope set is_full = false, after_file_number = 1")
        con.execute("update rating.int_rated_until set file_number = 1")
    noted = pipeline.rows(note)
    begin_to_rate()
    assert pipeline.rows(note) == noted
    with duckdb.connect(str(pipeline.warehouse)) as con:
        con.execute("update rating.int_rated_until set fingerprint = 'of other allowances'")
    begin_to_rate()
    assert pipeline.rows(note) == []


def test_what_was_judged_is_noted_before_rating_begins_and_what_was_rated_at_its_end() -> None:
    """Else a run cut short could leave totals that the next one takes for whole."""
    nodes: Any = dbt.parse().nodes

    def before(name: str) -> set[str]:
        found: set[str] = set()
        waiting = [f"model.billhouse.{name}"]
        while waiting:
            for parent in nodes[waiting.pop()].depends_on.nodes:
                if parent in nodes and parent not in found:
                    found.add(parent)
                    waiting.append(parent)
        return {nodes[unique_id].name for unique_id in found}

    judged = {"int_usage_events", "int_unrated_records", "int_cut_segments", "int_repeated_records"}
    assert judged <= before("int_judged_files")
    for rated in ("int_grants", "int_grant_levels", "int_grant_periods", "int_rated_parts"):
        assert "int_judged_files" in before(rated)
    rated_tables = {
        "int_grants", "int_rated_parts", "int_usage_sums", "int_grant_totals", "int_grant_balances",
        "int_unit_starts", "int_tier_counts",
    }  # fmt: skip
    assert rated_tables <= before("int_rated_until")
