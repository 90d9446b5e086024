"""The draft that stands: which bill date the warehouse's drafts are of, and whether they are whole.

dbt builds each table atomically, but a build of many may be cut short and leave new and old tables
side by side. So a build is marked when it begins and when it has ended, and only a whole one may
be issued.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import date

import duckdb

from orchestration.warehouse import has_table

TABLE = """
create schema if not exists invoicing;

create table if not exists invoicing.draft_runs (
    bill_date date not null,
    is_whole boolean not null,
    failed_checks varchar not null
);
"""


# The drafts that stand are void: they have to be built again before they may be issued.
VOID = "delete from invoicing.draft_runs"


@dataclass(frozen=True, kw_only=True)
class FailedCheck:
    """A check that must hold before drafts may be issued, and the table of its offenders."""

    check: str
    table: str
    offenders: int

    def __str__(self) -> str:
        """As it is told to people."""
        return f"{self.check}: {self.offenders} rows in {self.table}"


@dataclass(frozen=True, kw_only=True)
class StandingDraft:
    """The last build of drafts."""

    bill_date: date
    is_whole: bool
    failed_checks: tuple[FailedCheck, ...]


def prepare(con: duckdb.DuckDBPyConnection) -> None:
    """Create the table, when it does not stand yet."""
    con.execute(TABLE)


def begin(con: duckdb.DuckDBPyConnection, bill_date: date) -> None:
    """Mark that drafts of this bill date are being built: what stood before stands no more."""
    _put(con, bill_date, is_whole=False, failed_checks=())


def complete(
    con: duckdb.DuckDBPyConnection, bill_date: date, failed_checks: tuple[FailedCheck, ...]
) -> None:
    """Mark that the drafts of this bill date are whole, and what speaks against issuing them."""
    _put(con, bill_date, is_whole=True, failed_checks=failed_checks)


def _put(
    con: duckdb.DuckDBPyConnection,
    bill_date: date,
    *,
    is_whole: bool,
    failed_checks: tuple[FailedCheck, ...],
) -> None:
    con.execute("begin transaction")
    con.execute(VOID)
    con.execute(
        "insert into invoicing.draft_runs values (?, ?, ?)",
        [bill_date, is_whole, json.dumps([asdict(check) for check in failed_checks])],
    )
    con.execute("commit")


def standing(con: duckdb.DuckDBPyConnection) -> StandingDraft | None:
    """The draft that stands, if any was ever built."""
    if not has_table(con, "invoicing", "draft_runs"):
        return None
    row = con.execute(
        "select bill_date, is_whole, failed_checks from invoicing.draft_runs"
    ).fetchone()
    if row is None:
        return None
    checks = tuple(FailedCheck(**check) for check in json.loads(row[2]))
    return StandingDraft(bill_date=row[0], is_whole=row[1], failed_checks=checks)


def objections(con: duckdb.DuckDBPyConnection, bill_date: date) -> list[str]:
    """Why the drafts of this bill date may not be issued now; empty when they may.

    A bill date that was issued and whose drafts have since given way to another's has nothing left
    to issue, and nothing speaks against that.
    """
    draft = standing(con)
    if draft is None or draft.bill_date != bill_date:
        if is_issued(con, bill_date):
            return []
        stands = "no drafts stand" if draft is None else f"the drafts are of {draft.bill_date}"
        return [f"{stands}; run `billhouse draft {bill_date}` first"]
    if not draft.is_whole:
        return [f"the drafts of {bill_date} are not whole; run `billhouse draft {bill_date}` again"]
    return [f"check {check}" for check in draft.failed_checks]


def is_issued(con: duckdb.DuckDBPyConnection, bill_date: date) -> bool:
    """Whether documents of this bill date were issued before."""
    if not has_table(con, "invoicing", "issued_documents"):
        return False
    row = con.execute(
        "select count(*) from invoicing.issued_documents where bill_date = ?", [bill_date]
    ).fetchone()
    return row is not None and row[0] > 0


def any_issued(con: duckdb.DuckDBPyConnection) -> bool:
    """Whether any document was ever issued here."""
    if not has_table(con, "invoicing", "issued_documents"):
        return False
    return con.execute("select 1 from invoicing.issued_documents limit 1").fetchone() is not None
