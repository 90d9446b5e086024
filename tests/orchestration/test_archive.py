"""Issued documents outlive the warehouse: as immutable files from which it is built again."""

import gzip
import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from orchestration import archive
from orchestration.warehouse import connect, exclusive
from tests.orchestration.conftest import Install, Installation

ISSUED_TABLES = (
    "invoicing.issued_documents",
    "invoicing.issued_usage",
    "invoicing.invoices",
    "invoicing.invoice_lines",
    "invoicing.invoice_taxes",
    "invoicing.invoice_usage",
    "finance.journal_entries",
    "finance.receivables",
    "charging.owed_charges",
)


def succeed(at: Installation, *arguments: str) -> None:
    finished = at.run(*arguments)
    assert finished.status == 0, finished.stderr


def tables(at: Installation, names: tuple[str, ...] = ISSUED_TABLES) -> dict[str, list[str]]:
    """The rows of each table as text, in an order of their own."""
    with exclusive(at.warehouse), connect(at.warehouse) as con:
        return {
            name: sorted(str(row) for row in con.execute(f"select * from {name}").fetchall())
            for name in names
        }


def archive_files(at: Installation) -> dict[str, bytes]:
    folder = at.warehouse.parent / "documents" / archive.FOLDER
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def restore(at: Installation) -> archive.RestoreReport:
    """The first step of `billhouse restore`: documents, without the drafts of their bill dates."""
    folder = at.warehouse.parent / "documents" / archive.FOLDER
    with exclusive(at.warehouse):
        return archive.restore(lambda: connect(at.warehouse), folder)


@pytest.fixture(scope="module")
def billed(install_session: Install) -> Installation:
    """Two bill runs issued, one invoice credited; the third month's usage is there already."""
    at = install_session(
        accounts=[{"itemisation": "full"}, {"name": 'Zoë "Œ" \\ Łukasz\t☎'}],
        subscriptions=[{}, {"account_id": "A2"}],
        identifiers=[{}, {}],
        subscribed_products=[{}, {"account_id": "A2", "subscription_id": "S2"}],
        usage={
            "core": [
                {"record_id": f"R{month}", "started_at": f"2026-0{month}-10T10:00:00Z"}
                for month in (1, 2, 3)
            ]
        },
    )
    for bill_date in ("2026-02-01", "2026-03-01"):
        at.draft(bill_date)
        at.issue(bill_date)
    at.credit("F2026-00000002", "wrong address")
    return at


@pytest.fixture
def copied(billed: Installation, tmp_path: Path) -> Callable[[str], Installation]:
    """Makes another installation of the same content."""

    def copy(name: str) -> Installation:
        shutil.copytree(billed.root, tmp_path / name)
        return replace(billed, root=tmp_path / name)

    return copy


@pytest.fixture
def copy(copied: Callable[[str], Installation]) -> Installation:
    """The same installation, to be damaged."""
    return copied("copy")


def test_every_document_is_a_read_only_file_that_standard_tools_verify(
    billed: Installation,
) -> None:
    folder = billed.warehouse.parent / "documents" / archive.FOLDER
    names = [file.path.name for file in archive.files(folder)]
    assert [name.partition("-")[2] for name in names] == [
        "F2026-00000001.jsonl",
        "F2026-00000002.jsonl",
        "F2026-00000003.jsonl",
        "F2026-00000004.jsonl",
        "A2026-00000001.jsonl",
    ]
    for file in archive.files(folder):
        assert file.path.stat().st_mode & 0o777 == 0o444
        head, document = file.path.read_text(encoding="utf-8").splitlines()
        issued = json.loads(head)
        hashed = hashlib.sha256((issued["previous_sha256"] + document).encode()).hexdigest()
        assert hashed == issued["document_sha256"]
        details = json.loads(document)["usage_details"]
        assert file.usage.exists() == (details["records"] > 0)
    assert any(file.usage.exists() for file in archive.files(folder))


def test_a_warehouse_that_is_gone_is_restored_and_goes_on_as_if_nothing_had_happened(
    billed: Installation, copied: Callable[[str], Installation]
) -> None:
    before, files = tables(billed), archive_files(billed)
    undisturbed, copy = copied("undisturbed"), copied("copy")
    copy.warehouse.unlink()
    restored = copy.run("restore", "--json")
    assert restored.status == 0, restored.stderr
    assert restored.json == {
        "restored": 5,
        "stood": 0,
        "usage_rows": 2,
        "without_usage": 0,
        "last_number": "A2026-00000001",
    }
    issued = ISSUED_TABLES[:2]
    assert tables(copy, issued) == {name: before[name] for name in issued}
    assert copy.run("restore", "--json").json["restored"] == 0

    # What was credited is owed again, in both.
    for at in (undisturbed, copy):
        at.draft("2026-04-01")
        at.issue("2026-04-01")
    assert tables(copy) == tables(undisturbed)
    after = archive_files(copy)
    assert after == archive_files(undisturbed)
    assert {name: after[name] for name in files} == files
    succeed(copy, "verify")


def test_an_old_copy_of_the_warehouse_uses_no_number_again(copy: Installation) -> None:
    with exclusive(copy.warehouse), connect(copy.warehouse) as con:
        con.execute("delete from invoicing.issued_documents where position > 3")
    for command in (("issue", "2026-03-01"), ("credit", "F2026-00000001", "--reason", "x")):
        refused = copy.run(*command)
        assert refused.status == 1
        assert "holds 2 issued documents that the warehouse does not" in refused.stderr
        assert "billhouse restore" in refused.stderr
    with exclusive(copy.warehouse), connect(copy.warehouse) as con:
        con.execute("delete from invoicing.issued_usage where document_number = 'F2026-00000003'")
    restored = restore(copy)
    assert (restored.stood, restored.restored) == (3, 2)


Damage = Callable[[Path], None]


def _rewrite(path: Path, content: bytes) -> None:
    path.chmod(0o644)
    path.write_bytes(content)


DAMAGES: dict[str, Damage] = {
    "its content does not hash": lambda path: _rewrite(
        path, path.read_bytes().replace(b'"EUR"', b'"USD"')
    ),
    "a document is missing": Path.unlink,
    "cannot be read": lambda path: _rewrite(path, path.read_bytes()[:200]),
    "its itemised usage is not what": lambda path: _rewrite(
        path.with_suffix(".usage.jsonl.gz"), gzip.compress(b'{"position":1}')
    ),
    "its name and its content name different": lambda path: (
        path.rename(path.with_name(path.name.replace("F2026-00000003", "F2026-00000033"))) and None
    ),
}


@pytest.mark.parametrize("told", DAMAGES)
def test_a_damaged_archive_restores_nothing_and_verify_names_the_file(
    copy: Installation, told: str
) -> None:
    folder = copy.warehouse.parent / "documents" / archive.FOLDER
    third = next(file for file in archive.files(folder) if file.position == 3)
    DAMAGES[told](third.path)
    verified = copy.run("verify")
    assert verified.status == 1
    assert "F2026-00000003" in verified.stderr
    copy.warehouse.unlink()
    refused = copy.run("restore")
    assert refused.status == 1
    assert told in refused.stderr
    with exclusive(copy.warehouse), connect(copy.warehouse) as con:
        assert con.execute("select count(*) from invoicing.issued_documents").fetchone() == (0,)


def test_usage_that_was_erased_after_its_retention_is_no_fault(copy: Installation) -> None:
    folder = copy.warehouse.parent / "documents" / archive.FOLDER
    for file in archive.files(folder):
        file.usage.unlink(missing_ok=True)
    succeed(copy, "verify")
    copy.warehouse.unlink()
    restored = restore(copy)
    assert (restored.restored, restored.usage_rows, restored.without_usage) == (5, 0, 2)


def test_another_document_in_the_place_of_one_of_ours_is_named(copy: Installation) -> None:
    folder = copy.warehouse.parent / "documents" / archive.FOLDER
    third = next(file for file in archive.files(folder) if file.position == 3)
    third.path.rename(third.path.with_name(third.path.name.replace("F2026", "G2026")))
    issued = copy.run("issue", "2026-03-01")
    assert issued.status == 1
    assert "stands in the place of F2026-00000003" in issued.stderr
