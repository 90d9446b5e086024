"""What finance takes from the books: the French audit file and the month's pack."""

import csv
from collections import defaultdict
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from orchestration import month_end
from orchestration.warehouse import connect, exclusive
from renderers.messages import languages, messages_for
from renderers.month_end import WORDS
from tests.orchestration.conftest import Install, Installation


@pytest.fixture(scope="module")
def billed(install_session: Install) -> Installation:
    """Issued over the turn of a year; A1 pays, and receivables get an account of their own."""
    at = install_session(
        operator={
            "operator": {"vat_number": "FR00123456789"},
            "billing": {"first_period": "2025-12-01"},
        },
        accounts=[{"name": "Zoé\tDurand"}],
        account_codes=[{"account_code": "411200", "name": "Abonnés", "valid_from": "2026-01-15"}],
        payments=[{"received_on": "2026-01-10"}, {"received_on": "2026-01-20", "amount": "1.00"}],
        subscriptions=[{"activated_at": "2025-12-01"}],
        subscribed_products=[{"valid_from": "2025-12-01"}],
        usage={"core": [{"started_at": "2025-12-10T10:00:00Z"}]},
    )
    for bill_date in ("2026-01-01", "2026-02-01"):
        at.draft(bill_date)
        at.issue(bill_date)
    return at


def test_the_file_read_back_gives_the_balances_of_the_ledger(billed: Installation) -> None:
    written = billed.run("fec", "2026", "--json")
    assert written.status == 0, written.stderr
    path = Path(written.json["file"])
    assert path.name == "123456789FEC20260201.txt"  # the year is not over yet
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    assert len(rows) == written.json["lines"]

    balances: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        debit, credit = (Decimal(row[name].replace(",", ".")) for name in ("Debit", "Credit"))
        balances[row["CompteNum"]] += debit - credit
    with exclusive(billed.warehouse), connect(billed.warehouse) as con:
        ledger = dict(
            con.execute(
                "select account_code, sum(debit - credit) from finance.journal_entries group by 1"
            ).fetchall()
        )
    assert {code: value for code, value in balances.items() if value} == {
        code: value for code, value in ledger.items() if value
    }
    assert {"411000", "411200"} <= set(balances)
    assert all(len(row["EcritureDate"]) == 8 for row in rows)
    assert {row["CompAuxLib"] for row in rows if row["CompAuxNum"]} == {"Zoé Durand"}

    again = billed.run("fec", "2026", "--json")
    assert again.json["sha256"] == written.json["sha256"]


def test_the_months_pack_ties_out_and_a_broken_ledger_is_named(billed: Installation) -> None:
    closed = billed.run("close", "2026-01", "--json")
    assert closed.status == 0, closed.stderr
    assert (closed.json["faults"], closed.json["tie_outs"]) == ([], 11)
    page = Path(closed.json["page"]).read_text(encoding="utf-8")
    assert "All 11 tie-outs hold" in page
    sections = {Path(path).stem: Path(path) for path in closed.json["tables"]}
    assert len(sections) == 13
    with sections["receivables"].open(encoding="utf-8-sig", newline="") as file:
        months = list(csv.DictReader(file))
    assert [row["month"] for row in months] == ["2026-01-01"]
    assert Decimal(months[0]["paid"]) == Decimal("13.00")

    with sections["unbilled_usage"].open(encoding="utf-8-sig", newline="") as file:
        assert list(csv.DictReader(file)) == []  # January has no usage, December's is billed

    none = billed.run("close", "2026-03")
    assert (none.status, "the ledger ends on 2026-02-01" in none.stderr) == (1, True)
    assert billed.run("close", "March").status == 2

    with exclusive(billed.warehouse), connect(billed.warehouse) as con:
        con.execute(
            "update finance.journal_entries set credit = credit + 1 where posting = 'tax_collected'"
        )
    broken = billed.run("close", "2026-01")
    assert broken.status == 1
    assert "Tax by jurisdiction and rate: tax of documents = tax in the ledger" in broken.stderr
    with exclusive(billed.warehouse), connect(billed.warehouse) as con:
        con.execute(
            "update finance.journal_entries set credit = credit - 1 where posting = 'tax_collected'"
        )


def test_what_waits_at_a_months_end_is_seen_also_when_it_was_billed_since(
    billed: Installation,
) -> None:
    closed = billed.run("close", "2025-12", "--json")
    assert closed.status == 0, closed.stderr
    sections = {Path(path).stem: Path(path) for path in closed.json["tables"]}
    with sections["unbilled_usage"].open(encoding="utf-8-sig", newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["month"], row["bill_date"], row["events"]) == ("2025-12-01", "2026-01-01", "1")


def test_every_word_of_the_pack_is_in_every_language(billed: Installation) -> None:
    with exclusive(billed.warehouse), connect(billed.warehouse) as con:
        pack = month_end.build(con, date(2026, 1, 1), archive_folder=billed.root / "none")
    keys = set()
    for section in pack.sections:
        keys |= {f"title_{section.name}", f"about_{section.name}"}
        keys |= {f"tie_{tie.claim}" for tie in section.tie_outs}
        keys |= {f"column_{column}" for column in section.columns}
        keys |= {f"chart_{section.name}"} if section.chart else set()
        keys |= {section.remark} if section.remark else set()
    assert "no_archive" in keys
    keys |= {f"figure_{name}" for name, _, _ in pack.figures}
    for language in languages(WORDS):
        assert keys - set(messages_for(language, WORDS).texts) == set()


def test_a_year_without_entries_or_with_a_fault_writes_nothing(billed: Installation) -> None:
    none = billed.run("fec", "2019")
    assert (none.status, "the ledger has no entries" in none.stderr) == (1, True)
    with exclusive(billed.warehouse), connect(billed.warehouse) as con:
        con.execute(
            "update finance.journal_entries set debit = debit + 1 where entry_id like 'P-%'"
            " and posting = 'payment_transfer'"
        )
    refused = billed.run("fec", "2026")
    assert refused.status == 1
    assert "BQ P-P1: debits are not credits" in refused.stderr


def test_an_account_that_is_none_is_a_fault_of_the_folder(install: Install) -> None:
    at = install(account_codes=[{"posting": "receivables"}, {"account_code": "ventes"}])
    checked = at.run("check")
    assert checked.status == 1
    assert "ratebook/account_codes.csv:2: posting: " in checked.stderr
    assert "ratebook/account_codes.csv:3: account_code: " in checked.stderr
