"""`billhouse fec`: a year of the ledger as the French audit file, once its own checks hold."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from orchestration.warehouse import has_table
from renderers import fec

FAULTS_SHOWN = 1_000


class FecRefused(Exception):
    """No file was written; `faults` says why, one per line."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


@dataclass(frozen=True, kw_only=True)
class FecReport:
    """The file of a year: how many lines and entries, what they come to, until which day."""

    path: Path
    lines: int
    entries: int
    debit: str
    credit: str
    covers_until: date
    sha256: str


def write(con: duckdb.DuckDBPyConnection, folder: Path, year: int) -> FecReport:
    """Write the file of a calendar year. While the year is not over in the ledger, the file covers
    it up to the ledger date and is named so. Raises FecRefused."""
    if not has_table(con, "finance", "fec_entries"):
        raise FecRefused(["no books stand yet; `billhouse issue` builds them"])
    faults = con.execute(
        "select entry_id, journal_code, fault from assurance.fec_entries_not_acceptable "
        "where fiscal_year = ? "
        "order by journal_code nulls first, entry_id nulls first, fault nulls first limit ?",
        [year, FAULTS_SHOWN],
    ).fetchall()
    if faults:
        raise FecRefused([f"{journal} {entry}: {fault}" for entry, journal, fault in faults])
    operator = con.execute(
        "select vat_number, registration, minor_units from raw.operator"
    ).fetchone()
    ledger = con.execute("select max(ledger_date) from finance.int_ledger_date").fetchone()
    totals = con.execute(
        "select count(*), count(distinct (journal_code, entry_number)), sum(debit), sum(credit) "
        "from finance.fec_entries where fiscal_year = ?",
        [year],
    ).fetchone()
    if operator is None or ledger is None or totals is None or not totals[0]:
        raise FecRefused([f"{year}: the ledger has no entries"])
    try:
        siren = fec.siren_of(operator[0], operator[1])
    except fec.NoSiren as error:
        raise FecRefused([str(error)]) from error
    covers_until = min(date(year, 12, 31), ledger[0])
    path = folder / fec.file_name(siren, covers_until)
    folder.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    digest = hashlib.sha256()
    with temporary.open("wb") as file:
        for line in fec.lines(_rows(con, year), operator[2]):
            file.write(line.encode())
            digest.update(line.encode())
    temporary.replace(path)
    decimals = operator[2]
    return FecReport(
        path=path,
        lines=totals[0],
        entries=totals[1],
        debit=f"{totals[2]:.{decimals}f}",
        credit=f"{totals[3]:.{decimals}f}",
        covers_until=covers_until,
        sha256=digest.hexdigest(),
    )


def _rows(con: duckdb.DuckDBPyConnection, year: int) -> Iterator[dict[str, Any]]:
    result = con.execute(
        "select * from finance.fec_entries where fiscal_year = ? order by position nulls first",
        [year],
    )
    names = [column[0] for column in result.description or ()]
    while batch := result.fetchmany(10_000):
        for row in batch:
            yield dict(zip(names, row, strict=True))
