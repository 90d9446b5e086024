"""Issuing is one transaction: numbers without gaps, a chain of hashes, nothing issued twice."""

import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import date
from pathlib import Path

import duckdb
import pytest

from orchestration import issuing
from orchestration.issuing import IssuingRefused, broken_links, issue
from orchestration.warehouse import connect, exclusive

NOVEMBER, DECEMBER = date(2026, 11, 1), date(2026, 12, 1)

Connect = Callable[[], AbstractContextManager[duckdb.DuckDBPyConnection]]
Draft = tuple[str, str, str, int]  # account, number, series, sequence

# Used by the tests, and by the processes that they kill.
DRAFT_TABLES = """
create schema if not exists invoicing;
create or replace table invoicing.int_documents_to_issue (
    document_number varchar, document_kind varchar, account_id varchar, bill_date date,
    issued_at timestamp, document varchar, series varchar, sequence bigint
);
create or replace table invoicing.int_usage_to_issue (
    document_number varchar, account_id varchar, subscription_id varchar, usage_event_id varchar,
    position bigint, service varchar, direction varchar, other_party varchar, destination varchar,
    zone varchar, visited_zone varchar, charge_name varchar, local_started_at timestamp,
    quantity bigint, included_quantity bigint, billed_quantity bigint, amount decimal(18, 6)
);
"""


def drafted(connection: Connect, bill_date: date, drafts: list[Draft]) -> None:
    """Put these drafts, one usage row each, where dbt would build them."""
    with connection() as con:
        con.execute(DRAFT_TABLES)
        for account, number, series, sequence in drafts:
            kind = "invoice" if number.startswith("F") else "credit_note"
            con.execute(
                "insert into invoicing.int_documents_to_issue values (?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    number,
                    kind,
                    account,
                    bill_date,
                    bill_date,
                    f'{{"document_number":"{number}","name":"É"}}',
                    series,
                    sequence,
                ],
            )
            con.execute(
                "insert into invoicing.int_usage_to_issue values (?, ?, 'S', ?, 1, 'voice', "
                "'originating', '33••••', 'France', 'FR', 'home', 'Calls', ?, 60, 0, 60, 0.10)",
                [number, account, f"event of {number}", bill_date],
            )


def stand(connection: Connect) -> list[tuple[object, ...]]:
    """Everything that stands issued."""
    with connection() as con:
        documents = con.execute(
            "select * from invoicing.issued_documents order by position"
        ).fetchall()
        usage = con.execute(
            "select * from invoicing.issued_usage order by document_number, position"
        ).fetchall()
    return documents + usage


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "billhouse.duckdb"


@pytest.fixture
def connection(file: Path) -> Iterator[Connect]:
    with exclusive(file):
        yield lambda: connect(file)


THREE: list[Draft] = [
    ("A1", "F2026-00000001", "F2026", 1),
    ("A2", "A2026-00000001", "A2026", 1),
    ("A3", "F2026-00000002", "F2026", 2),
]


def test_documents_are_chained_in_order_of_accounts(connection: Connect) -> None:
    drafted(connection, NOVEMBER, list(reversed(THREE)))
    report = issue(connection, NOVEMBER)
    assert (report.issued, report.already_issued, report.usage_rows) == (3, 0, 3)
    with connection() as con:
        rows = con.execute(
            "select account_id, document, document_sha256, previous_sha256, position "
            "from invoicing.issued_documents order by position"
        ).fetchall()
        assert list(broken_links(con)) == []
    previous = ""
    for number, (account, document, digest, before, position) in enumerate(rows, start=1):
        assert (account, position, before) == (f"A{number}", number, previous)
        previous = hashlib.sha256((before + document).encode()).hexdigest()
        assert digest == previous


def test_repeated_issue_changes_nothing(connection: Connect) -> None:
    drafted(connection, NOVEMBER, THREE)
    issue(connection, NOVEMBER)
    before = stand(connection)
    report = issue(connection, NOVEMBER)
    assert (report.issued, report.already_issued) == (0, 3)
    assert stand(connection) == before


def test_next_run_continues_numbers_and_chain(connection: Connect) -> None:
    drafted(connection, NOVEMBER, THREE)
    issue(connection, NOVEMBER)
    drafted(connection, DECEMBER, [("A1", "F2026-00000003", "F2026", 3)])
    assert issue(connection, DECEMBER).numbers == ["F2026-00000003"]
    with connection() as con:
        assert list(broken_links(con)) == []
        assert list(broken_links(con, since_position=3)) == []


def test_nothing_to_issue_is_no_change(connection: Connect) -> None:
    drafted(connection, NOVEMBER, [])
    assert issue(connection, NOVEMBER).issued == 0
    assert stand(connection) == []


@pytest.mark.parametrize(
    ("drafts", "objection"),
    [
        ([("A1", "F2026-00000002", "F2026", 2)], "breaks series F2026, whose next number is 1"),
        (
            [("A1", "F2026-00000001", "F2026", 1), ("A2", "F2026-00000003", "F2026", 3)],
            "breaks series F2026, whose next number is 2",
        ),
        (
            [("A1", "F2026-00000001", "F2026", 1), ("A2", "F2026-00000001x", "F2026", 1)],
            "breaks series F2026, whose next number is 2",
        ),
    ],
)
def test_gaps_and_repeated_numbers_are_refused(
    connection: Connect, drafts: list[Draft], objection: str
) -> None:
    drafted(connection, NOVEMBER, drafts)
    with pytest.raises(IssuingRefused) as refused:
        issue(connection, NOVEMBER)
    assert any(objection in said for said in refused.value.objections)
    assert stand(connection) == []


def test_drafts_of_another_bill_date_are_refused(connection: Connect) -> None:
    drafted(connection, DECEMBER, THREE)
    with pytest.raises(IssuingRefused, match="a draft of 2026-12-01, not of 2026-11-01"):
        issue(connection, NOVEMBER)


def test_bill_dates_of_an_account_go_forward_only(connection: Connect) -> None:
    drafted(connection, DECEMBER, [("A1", "F2026-00000001", "F2026", 1)])
    issue(connection, DECEMBER)
    drafted(connection, NOVEMBER, [("A1", "F2026-00000002", "F2026", 2)])
    with pytest.raises(IssuingRefused, match="account A1: 2026-12-01 is issued"):
        issue(connection, NOVEMBER)
    drafted(connection, NOVEMBER, [("A2", "F2026-00000002", "F2026", 2)])
    assert issue(connection, NOVEMBER).issued == 1


def test_issued_number_with_other_content_is_refused(connection: Connect) -> None:
    drafted(connection, NOVEMBER, THREE)
    issue(connection, NOVEMBER)
    with connection() as con:
        con.execute("update invoicing.int_documents_to_issue set document = '{}'")
    with pytest.raises(IssuingRefused, match="issued with other content"):
        issue(connection, NOVEMBER)


@pytest.mark.parametrize(
    ("tampering", "found"),
    [
        ("set document = '{}' where position = 2", "does not hash"),
        ("set document_sha256 = 'x' where position = 1", "does not hash"),
        ("set previous_sha256 = 'x' where position = 3", "previous hash"),
        ("set sequence = 9 where position = 3", "number 9 of series F2026 follows 1"),
        ("set position = 9 where position = 3", "a document is missing"),
    ],
)
def test_any_change_of_what_was_issued_is_found(
    connection: Connect, tampering: str, found: str
) -> None:
    drafted(connection, NOVEMBER, THREE)
    issue(connection, NOVEMBER)
    with connection() as con:
        con.execute(f"update invoicing.issued_documents {tampering}")
        assert any(found in what for _, what in broken_links(con))


def test_removed_documents_are_found(connection: Connect) -> None:
    drafted(connection, NOVEMBER, THREE)
    issue(connection, NOVEMBER)
    with connection() as con:
        con.execute("delete from invoicing.issued_documents where position = 1")
        assert any("a document is missing" in what for _, what in broken_links(con))


class _CommitFails:
    """A connection whose commit raises, after it was done or without it."""

    def __init__(self, con: duckdb.DuckDBPyConnection, *, done: bool) -> None:
        self._con, self._done = con, done

    def __getattr__(self, name: str) -> object:
        return getattr(self._con, name)

    def execute(self, sql: str, *parameters: object) -> object:
        if sql == "commit":
            self._con.execute("commit" if self._done else "rollback")
            raise duckdb.IOException("disk full")
        return self._con.execute(sql, *parameters)


@pytest.mark.parametrize("done", [True, False])
def test_failed_commit_is_answered_by_reading(connection: Connect, done: bool) -> None:
    drafted(connection, NOVEMBER, THREE)

    @contextmanager
    def failing() -> Iterator[duckdb.DuckDBPyConnection]:
        with connection() as con:
            yield _CommitFails(con, done=done)  # type: ignore[misc]

    if done:
        assert issue(failing, NOVEMBER).issued == 3
    else:
        with pytest.raises(duckdb.IOException, match="disk full"):
            issue(failing, NOVEMBER)
        assert stand(connection) == []
        assert issue(connection, NOVEMBER).issued == 3


KILLED = """
import os, signal, sys
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from orchestration import issuing
from orchestration.warehouse import connect, exclusive

file, moment = Path(sys.argv[1]), sys.argv[2]

class Dying:
    def __init__(self, con):
        self.con = con
    def __getattr__(self, name):
        return getattr(self.con, name)
    def execute(self, sql, *parameters):
        result = self.con.execute(sql, *parameters)
        if moment in sql:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

@contextmanager
def dying():
    with connect(file) as con:
        yield Dying(con)

with exclusive(file):
    issuing.issue(dying, date(2026, 11, 1))
"""


@pytest.mark.parametrize(
    "moment",
    [
        "from invoicing.int_documents_to_issue as drafts",
        "begin transaction",
        "insert into invoicing.issued_documents",
        "insert into invoicing.issued_usage",
        "commit",
    ],
)
def test_killed_issue_is_finished_by_the_next(tmp_path: Path, moment: str) -> None:
    stands: list[list[tuple[object, ...]]] = []
    for name in ("killed", "whole"):
        file = tmp_path / name / "billhouse.duckdb"

        def opened(file: Path = file) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
            return connect(file)

        with exclusive(file):
            drafted(opened, NOVEMBER, THREE)
            with opened() as con:
                issuing.prepare(con)
        if name == "killed":
            died = subprocess.run(
                [sys.executable, "-c", KILLED, str(file), moment],
                cwd=Path(__file__).parents[2],
                env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
                check=False,
            )
            assert died.returncode == -signal.SIGKILL
        with exclusive(file):
            issue(opened, NOVEMBER)
            stands.append(stand(opened))
            with opened() as con:
                assert list(broken_links(con)) == []
    assert stands[0] == stands[1]
    assert len(stands[0]) == 6
