"""`billhouse`, run as people run it: what it refuses, with which status, and several at once."""

import contextlib
import sqlite3
import time
from dataclasses import replace
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from ingestion.faults import OperatorFolderError
from orchestration import environment
from orchestration.steps import Steps
from orchestration.warehouse import connect, exclusive, lock_path
from tests.orchestration.conftest import Install, statuses

BILL_DATE = "2026-02-01"

# --- what is refused -----------------------------------------------------------------------------


def test_check_lists_every_fault_as_file_line_column(install: Install) -> None:
    at = install(rates=[{"price": "dear"}, {"price": "-"}], accounts=[{"cycle_day": 2}])
    checked = at.run("check")
    assert checked.status == 1
    assert "ratebook/rates.csv:2: price: " in checked.stderr
    assert "ratebook/rates.csv:3: price: " in checked.stderr
    faults = at.run("check", "--json").json["faults"]
    assert {"ratebook/rates.csv", "crm/accounts.csv"} <= {fault["file"] for fault in faults}
    of_rates = [fault for fault in faults if fault["file"] == "ratebook/rates.csv"]
    assert {(2, "price"), (3, "price")} <= {(f["line"], f["column"]) for f in of_rates}


def test_check_of_a_good_folder(install: Install) -> None:
    checked = install().run("check")
    assert (checked.status, "no faults" in checked.stdout) == (0, True)


def test_draft_of_a_faulty_folder_changes_nothing(install: Install) -> None:
    at = install(rates=[{"price": "dear"}, {"price": "-"}], usage={"core": [{}]})
    drafted = at.run("draft", BILL_DATE)
    assert drafted.status == 1
    assert "ratebook/rates.csv:2: price: " in drafted.stderr
    assert "ratebook/rates.csv:3: price: " in drafted.stderr
    with duckdb.connect(str(at.warehouse)) as con:
        assert con.execute("select count(*) from raw.usage_records").fetchone() == (0,)
        assert con.execute("select count(*) from raw.rates").fetchone() == (0,)


def test_warehouse_takes_no_second_operator(install: Install) -> None:
    at = install(usage={"core": [{}]})
    first = Steps(environment=environment.resolve(operator=at.operator, warehouse=at.warehouse))
    second = install(
        operator={"operator": {"id": "other"}}, usage={"core": [{"record_id": "R2"}]}
    ).operator
    with exclusive(at.warehouse):
        first.load()
        with pytest.raises(OperatorFolderError) as refused:
            Steps(environment=replace(first.environment, operator=second)).load()
        assert [str(fault) for fault in refused.value.faults] == [
            "operator.yaml:2: operator.id: the warehouse holds operator demo; "
            "give this operator one of its own: other"
        ]
        with connect(at.warehouse) as con:
            loaded = con.execute("select feed || ':' || record_id from raw.usage_records")
            assert loaded.fetchall() == [("core:R1",)]
        assert first.load().files_skipped == 1  # the first one goes on


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["draft", "2026-02-02"], "2026-02-02 is no cycle day"),
        (["draft", "2025-12-01"], "lies before billing.first_period"),
        (["issue", "2026-02-02"], "2026-02-02 is no cycle day"),
        (["draft", "soon"], "soon: not a date"),
        (["draft"], "Missing argument"),
        (["draft", "2026-02-01", "--operator", "nowhere"], "no such folder"),
        (["check", "--operator", "nowhere"], "no such folder"),
        (["explain", "x"], "no such warehouse"),
        (["verify"], "no such warehouse"),
        (["release", "2026-02-01", "A1"], "--reason"),
        (["fly"], "No such command"),
    ],
)
def test_wrong_call_exits_with_2(install: Install, arguments: list[str], said: str) -> None:
    called = install().run(*arguments)
    assert called.status == 2
    assert said in called.stderr


def test_issue_without_a_draft_says_what_to_do(install: Install) -> None:
    refused = install().run("issue", BILL_DATE)
    assert refused.status == 1
    assert f"run `billhouse draft {BILL_DATE}` first" in refused.stderr


def test_unreadable_calendar_is_the_datas_fault(install: Install) -> None:
    at = install()
    (at.operator / "operator.yaml").write_text("billing: {cycle_days: [40]}\n", encoding="utf-8")
    drafted = at.run("draft", BILL_DATE)
    assert drafted.status == 1
    assert "operator.yaml" in drafted.stderr


# --- several at once, and one that dies ----------------------------------------------------------


def test_two_runs_started_at_once_both_succeed(install: Install) -> None:
    at = install(usage={"core": [{}]})
    both = [at.start("draft", BILL_DATE, "--json") for _ in range(2)]
    ended = [process.communicate(timeout=300) for process in both]
    assert [process.returncode for process in both] == [0, 0], [said for _, said in ended]
    assert sorted("waiting for the warehouse" in said for _, said in ended) == [False, True]


def test_killed_run_is_marked_as_failed_by_the_next(install: Install) -> None:
    at = install(usage={"core": [{}]})
    killed = at.start("draft", BILL_DATE)
    home = at.warehouse.parent / "dagster"
    try:
        _wait_for_started_run(home)
    finally:
        killed.kill()
        killed.communicate()
    again = at.run("draft", BILL_DATE, "--json")
    assert again.status == 0, again.stderr
    assert statuses(again) == {"ready": 1}
    with dg.DagsterInstance.from_config(str(home)) as instance:
        ended = sorted(run.status.value for run in instance.get_runs())
    assert ended == ["FAILURE", "SUCCESS"]
    assert lock_path(at.warehouse).exists()


def _wait_for_started_run(home: Path) -> None:
    """Until a run holds the warehouse."""
    file = home / "history" / "runs.db"
    for _ in range(1_200):
        time.sleep(0.1)
        with (
            contextlib.suppress(sqlite3.OperationalError),
            sqlite3.connect(f"file:{file}?mode=ro", uri=True) as con,
        ):
            if con.execute("select 1 from run_tags where key = 'billhouse/holds'").fetchone():
                return
    raise AssertionError("no run was started")
