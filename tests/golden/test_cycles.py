"""Whole bill cycles: what an operator knew at each bill date, and every figure that must follow.

The expected files of a cycle were worked out by hand from the rules; README.md in its folder tells
each account's story. Every run is repeated, and the repetition changes nothing.
"""

import csv
import shutil
from decimal import Decimal
from pathlib import Path

import pytest

from orchestration.warehouse import connect, exclusive
from tests.orchestration.conftest import Finished, Install, Installation, install_session

__all__ = ["install_session"]

CYCLES = Path(__file__).parent / "cycles"
Rows = list[tuple[str, ...]]

QUERIES = {
    "lines": """
        select account_id, charge_kind, charge_id, period_start, period_end, amount_net,
            is_correction
        from invoicing.draft_invoice_lines where bill_date = ?
    """,
    "taxes": """
        select account_id, tax_category, rate_percent, taxable_amount, amount_tax
        from invoicing.draft_invoice_taxes where bill_date = ?
    """,
    "totals": """
        select account_id, status, hold_reason, amount_net, amount_tax, amount_total
        from invoicing.draft_invoices where bill_date = ?
    """,
    "documents": """
        select document_number, account_id, document_kind, amount_total
        from invoicing.invoices where bill_date = ?
    """,
}
# What a repeated run must leave as it is.
KEPT = (
    "invoicing.issued_documents",
    "charging.owed_charges",
    "rating.rated_usage",
    "finance.journal_entries",
    "finance.receivables",
)


def rows_of(path: Path) -> Rows:
    with path.open(encoding="utf-8", newline="") as file:
        return [tuple(map(comparable, row)) for row in csv.reader(file)][1:]


def comparable(value: object) -> str:
    """A cell as text: numbers without the zeros that only their type adds."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    text = str(value)
    try:
        return f"{Decimal(text).normalize() + 0:f}"
    except ArithmeticError:
        return text


def figures(at: Installation, query: str, bill_date: str) -> Rows:
    with exclusive(at.warehouse), connect(at.warehouse) as con:
        found = con.execute(QUERIES[query], [bill_date]).fetchall()
    return sorted(tuple(map(comparable, row)) for row in found)


def kept(at: Installation) -> dict[str, list[str]]:
    with exclusive(at.warehouse), connect(at.warehouse) as con:
        return {
            table: sorted(str(row) for row in con.execute(f"select * from {table}").fetchall())
            for table in KEPT
        }


def done(finished: Finished) -> Finished:
    assert finished.status == 0, finished.stderr
    return finished


@pytest.mark.parametrize("cycle", sorted(path.name for path in CYCLES.iterdir() if path.is_dir()))
def test_every_figure_of_a_cycle_is_what_was_worked_out_by_hand(
    install_session: Install, cycle: str
) -> None:
    at = install_session()
    shutil.rmtree(at.operator)
    for month in sorted(path for path in (CYCLES / cycle).iterdir() if path.is_dir()):
        bill_date, expected = month.name, month / "expected"
        shutil.copytree(month, at.operator, dirs_exist_ok=True, ignore=_ours)

        at.draft(bill_date)
        for query in ("lines", "taxes", "totals"):
            wanted = sorted(rows_of(expected / f"{query}.csv"))
            assert figures(at, query, bill_date) == wanted, f"{bill_date} {query}"
        for account_id, reason in _listed(month / "released.csv"):
            at.release(bill_date, account_id, reason)
        at.issue(bill_date)

        before = kept(at)
        assert set(at.draft(bill_date)) <= {"nothing_to_bill", "held"}
        assert figures(at, "lines", bill_date) == []
        assert at.issue(bill_date) == 0
        assert kept(at) == before

        for document_number, reason in _listed(month / "credits.csv"):
            at.credit(document_number, reason)
        wanted = sorted(rows_of(expected / "documents.csv"))
        assert figures(at, "documents", bill_date) == wanted, f"{bill_date} documents"
    done(at.run("verify"))
    last = done(at.run("close", bill_date[:7], "--json")).json
    assert last["faults"] == []


def _ours(_folder: str, names: list[str]) -> set[str]:
    """What stands beside the operator's files and is none of them."""
    return {"expected", "released.csv", "credits.csv"} & set(names)


def _listed(path: Path) -> list[tuple[str, str]]:
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return [(first, second) for first, second in csv.reader(file)][1:]
