"""What was issued stays as it is, whatever is run, edited or tried afterwards (7.2, 7.3)."""

import csv
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from orchestration import dbt
from orchestration.warehouse import connect, exclusive
from tests.orchestration.conftest import Install, Installation

BILL_DATE = "2026-02-01"
ISSUED = (
    "issued_documents",
    "issued_usage",
    "invoices",
    "invoice_lines",
    "invoice_taxes",
    "invoice_usage",
)


def issued(at: Installation, numbers: tuple[str, ...]) -> dict[str, list[str]]:
    """The rows of these documents in every table that shows what was issued."""
    with exclusive(at.warehouse), connect(at.warehouse) as con:
        return {
            table: sorted(
                str(row)
                for row in con.execute(
                    f"select * from invoicing.{table} where list_contains(?, document_number)",
                    [list(numbers)],
                ).fetchall()
            )
            for table in ISSUED
        }


def files(at: Installation) -> dict[str, bytes]:
    """Rendered and archived files by their path."""
    documents = at.warehouse.parent / "documents"
    return {
        str(path.relative_to(documents)): path.read_bytes()
        for path in sorted(documents.rglob("*"))
        if path.is_file() and path.name != "manifest.jsonl"
    }


def edit(path: Path, **cells: str) -> None:
    """Put these values into every row of a table."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(row | cells for row in rows)


@pytest.fixture(scope="module")
def at(install_session: Install) -> Installation:
    installation = install_session(
        accounts=[{"itemisation": "full"}, {}],
        subscriptions=[{}, {"account_id": "A2"}],
        identifiers=[{}, {}],
        subscribed_products=[{}, {"account_id": "A2", "subscription_id": "S2"}],
        usage={"core": [{"duration_seconds": 61}]},
    )
    installation.draft(BILL_DATE)
    installation.issue(BILL_DATE, render=True)
    return installation


def test_no_run_and_no_edit_of_rules_or_customers_changes_an_issued_row(at: Installation) -> None:
    numbers = ("F2026-00000001", "F2026-00000002")
    before, rendered = issued(at, numbers), files(at)
    assert [len(before[table]) for table in ISSUED] == [2, 1, 2, 5, 2, 1]

    at.draft(BILL_DATE)
    at.issue(BILL_DATE, render=True)
    assert (issued(at, numbers), files(at)) == (before, rendered)

    # Prices, taxes, names and addresses change, a product goes.
    edit(at.operator / "ratebook/rates.csv", price="0.90")
    edit(at.operator / "ratebook/taxes.csv", rate_percent="7", name="Other tax")
    edit(at.operator / "ratebook/products.csv", price="99.00", name="Other plan")
    edit(at.operator / "crm/accounts.csv", name="Somebody else", city="Elsewhere")
    edit(at.operator / "crm/subscribed_products.csv", valid_to="2026-01-02")
    for bill_date in (BILL_DATE, "2026-03-01"):
        at.draft(bill_date)
        at.issue(bill_date, render=True)
    assert issued(at, numbers) == before
    after = files(at)
    assert {name: after[name] for name in rendered} == rendered


def test_a_full_refresh_of_every_model_changes_no_issued_row(at: Installation) -> None:
    numbers = ("F2026-00000001", "F2026-00000002")
    before = issued(at, numbers)
    refreshed = at.dbt("run", "--full-refresh", "--vars", "bill_date: '2026-03-01'")
    assert {run.node.name: run.message for run in refreshed if run.status != "success"} == {}
    models = [node for node in dbt.parse().nodes.values() if node.resource_type == "model"]
    assert len(refreshed) == len(models)
    assert issued(at, numbers) == before
    assert at.run("verify").status == 0


@pytest.mark.parametrize(
    ("attempt", "told"),
    [
        ("update invoicing.issued_documents set document = replace(document, '\"EUR\"', '\"USD\"') "
         "where document_number = 'F2026-00000001'", "issued_documents_changed"),
        ("delete from invoicing.issued_documents where document_number = 'F2026-00000001'",
         "number_gaps"),
        ("update invoicing.issued_usage set amount = 0", "itemised_usage_changed"),
    ],
)  # fmt: skip
def test_a_row_changed_by_hand_stops_the_next_run_before_anything_is_sent(
    at: Installation, tmp_path: Path, attempt: str, told: str
) -> None:
    shutil.copytree(at.root, tmp_path / "copy")
    copy = replace(at, root=tmp_path / "copy")
    for path in (copy.warehouse.parent / "documents" / BILL_DATE).iterdir():
        path.unlink()
    with exclusive(copy.warehouse), connect(copy.warehouse) as con:
        con.execute(attempt)
    stopped = copy.run("issue", BILL_DATE)
    assert stopped.status == 1
    assert told in stopped.stderr
    assert list((copy.warehouse.parent / "documents" / BILL_DATE).iterdir()) == []
    assert copy.run("verify").status == 1
