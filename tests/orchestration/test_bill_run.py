"""One bill run by the command line, from the first draft to the last document."""

import shutil
from collections import Counter
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import dagster as dg
import pytest
import yaml

from orchestration import bill_runs, dbt, issuing
from orchestration.bill_runs import FailedCheck
from orchestration.warehouse import connect, exclusive
from tests.orchestration.conftest import Finished, Install, Installation, statuses
from tests.renderers import validation

BILL_DATE = "2026-02-01"
INVOICE = "F2026-00000001"
EXPLAINED_COLUMNS = Path(__file__).with_name("explained_columns.yaml")


@dataclass(frozen=True)
class Story:
    """One bill run; A2 has a credit above its charges, so its draft is held as negative."""

    at: Installation
    first_draft: Finished
    released: Finished
    issued: Finished
    issued_again: Finished
    drafted_again: Finished
    credited: Finished
    credited_again: Finished
    drafted_after_credit: Finished


@pytest.fixture(scope="module")
def story(install_session: Install) -> Story:
    at = install_session(
        accounts=[{"kind": "business"}, {"kind": "business", "itemisation": "full"}],
        subscriptions=[{}, {"account_id": "A2"}],
        identifiers=[{}, {}],
        subscribed_products=[{}, {"account_id": "A2", "subscription_id": "S2"}],
        adjustments=[{"account_id": "A2", "amount": "100.00"}],
        payments=[
            {
                "account_id": "A2",
                "invoice_number": "F2025-00000007",
                "amount": "1.00",
                "received_on": "2026-01-20",
            }
        ],
        usage={
            "core": [
                {"duration_seconds": 61},
                {"subscriber": "33600000002", "duration_seconds": 600},
                {"subscriber": "33600000099"},
            ]
        },
    )
    return Story(
        at,
        at.run("draft", BILL_DATE, "--json"),
        at.run("release", BILL_DATE, "A2", "--reason", "agreed with the customer", "--json"),
        at.run("issue", BILL_DATE, "--json"),
        at.run("issue", BILL_DATE, "--json"),
        at.run("draft", BILL_DATE, "--json"),
        at.run("credit", INVOICE, "--reason", "billed twice", "--json"),
        at.run("credit", INVOICE, "--reason", "billed twice"),
        at.run("draft", BILL_DATE, "--json"),
    )


def test_draft_tells_totals_usage_and_what_is_held(story: Story) -> None:
    draft = story.first_draft
    assert draft.status == 0, draft.stderr
    assert statuses(draft) == {"ready": 1, "held": 1}
    assert [held["account_id"] for held in draft.json["held"]] == ["A2"]
    assert {row["state"]: row["records"] for row in draft.json["usage"]} == {
        "rated": 2,
        "suspended": 1,
    }
    assert draft.json["suspended"] == [{"reason": "unknown_subscriber", "records": 1}]
    assert draft.json["load"]["records"] == 3
    assert draft.json["failed_checks"] == []
    ready = next(row for row in draft.json["statuses"] if row["status"] == "ready")
    assert isinstance(ready["amount_total"], str)


def test_released_draft_is_ready_and_the_release_on_record(story: Story) -> None:
    assert story.released.status == 0, story.released.stderr
    assert statuses(story.released) == {"ready": 2}
    with exclusive(story.at.warehouse), connect(story.at.warehouse) as con:
        assert con.execute(
            "select account_id, bill_date, reason from raw.draft_releases"
        ).fetchall() == [("A2", date(2026, 2, 1), "agreed with the customer")]


def test_issue_numbers_renders_and_says_that_stripe_is_not_configured(story: Story) -> None:
    issue = story.issued
    assert issue.status == 0, issue.stderr
    assert issue.json["issued"] == 2
    assert {row["document_kind"] for row in issue.json["documents"]} == {"invoice", "credit_note"}
    assert issue.json["rendered"]["written"] == 2
    assert issue.json["stripe"] == {"configured": False}
    folder = Path(issue.json["rendered"]["folder"])
    for row in issue.json["documents"]:
        assert (folder / f"{row['first_number']}.pdf").read_bytes().startswith(b"%PDF")
        assert (folder / f"{row['first_number']}.html").exists()


def test_documents_of_business_accounts_are_e_invoices_by_the_official_rules(story: Story) -> None:
    rendered = story.issued.json["rendered"]
    assert (rendered["e_invoices"], rendered["without_e_invoice"]) == (2, [])
    assert story.issued_again.json["rendered"]["e_invoices"] == 2
    schemas = {"invoice": "Invoice", "credit_note": "CreditNote"}
    for row in story.issued.json["documents"]:
        path = Path(rendered["folder"]) / f"{row['first_number']}.xml"
        schema = validation.UBL_SCHEMAS[schemas[row["document_kind"]]]
        assert validation.schema_faults(path.read_bytes(), schema) == []
        assert validation.rule_faults(path, validation.UBL_RULES) == []


def test_checks_that_only_warn_are_told(story: Story) -> None:
    assert story.first_draft.json["warnings"] == []
    assert story.issued.json["warnings"] == [
        "check is_empty_payments_naming_no_invoice_: 1 rows in assurance.payments_naming_no_invoice"
    ]


def test_second_issue_changes_nothing(story: Story) -> None:
    again = story.issued_again
    assert again.status == 0, again.stderr
    assert (again.json["issued"], again.json["already_issued"]) == (0, 2)
    assert again.json["rendered"]["written"] == 0
    assert again.json["documents"] == story.issued.json["documents"]


def test_draft_after_issue_proposes_nothing(story: Story) -> None:
    again = story.drafted_again
    assert again.status == 0, again.stderr
    assert statuses(again) == {"nothing_to_bill": 2}
    assert again.json["load"]["files_loaded"] == 0


def test_credited_invoice_is_owed_and_drafted_again(story: Story) -> None:
    assert story.credited.status == 0, story.credited.stderr
    note = story.credited.json["credit_note"]
    assert note == "A2026-00000002"
    assert story.credited_again.status == 1
    assert f"credited already, by {note}" in story.credited_again.stderr
    with exclusive(story.at.warehouse), connect(story.at.warehouse) as con:
        totals = dict(
            con.execute(
                "select document_number, amount_total from invoicing.invoices "
                "where document_number in (?, ?)",
                [INVOICE, note],
            ).fetchall()
        )
        assert totals[note] == -totals[INVOICE] != 0
        assert list(issuing.broken_links(con)) == []
    again = story.drafted_after_credit
    assert again.status == 0, again.stderr
    assert statuses(again) == {"ready": 1, "nothing_to_bill": 1}
    ready = next(row for row in again.json["statuses"] if row["status"] == "ready")
    assert Decimal(ready["amount_total"]) == totals[INVOICE]
    folder = story.at.warehouse.parent / "documents" / BILL_DATE
    assert (folder / f"{note}.pdf").exists()


def test_no_table_holds_floating_point(story: Story) -> None:
    with exclusive(story.at.warehouse), connect(story.at.warehouse) as con:
        found = con.execute(
            "select schema_name, table_name, column_name from duckdb_columns() "
            "where data_type in ('DOUBLE', 'FLOAT') and not internal"
        ).fetchall()
    assert found == []


def test_verify_finds_a_changed_document(story: Story, tmp_path: Path) -> None:
    assert story.at.run("verify").status == 0
    file = tmp_path / "billhouse.duckdb"
    shutil.copyfile(story.at.warehouse, file)
    with exclusive(file), connect(file) as con:
        con.execute("update invoicing.issued_documents set document = document || ' '")
    verified = story.at.run("verify", "--warehouse", str(file))
    assert verified.status == 1
    assert "does not hash" in verified.stderr


def test_explain_of_a_credited_charge_names_invoice_and_credit_note(story: Story) -> None:
    line = story.at.run("explain", f"{INVOICE}:1", "--json").json
    charge = story.at.run("explain", line["charge_key"], "--json").json
    billed = {
        step["document_number"]: step["amount_net"]
        for step in charge["steps"]
        if step["kind"] == "billed"
    }
    note = story.credited.json["credit_note"]
    assert billed == {INVOICE: line["amount_net"], note: f"-{line['amount_net']}"}
    told = story.at.run("explain", line["charge_key"]).stdout
    assert "0.00 EUR, not yet billed" in told
    assert "drafted for 2026-02-01" in told
    columns = yaml.safe_load(EXPLAINED_COLUMNS.read_text(encoding="utf-8"))
    [drafted] = [step for step in charge["steps"] if step["kind"] == "drafted"]
    assert list(drafted) == ["kind", *columns["drafted"]]


def test_failed_check_stops_issuing_and_is_named(story: Story, tmp_path: Path) -> None:
    file = tmp_path / "billhouse.duckdb"
    shutil.copyfile(story.at.warehouse, file)
    with exclusive(file), connect(file) as con:
        failed = FailedCheck(check="no_draft_is_odd", table="assurance.odd_drafts", offenders=3)
        bill_runs.complete(con, date(2026, 2, 1), (failed,))
    refused = story.at.run("issue", BILL_DATE, "--warehouse", str(file))
    assert refused.status == 1
    assert "no_draft_is_odd: 3 rows in assurance.odd_drafts" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_drafts_that_are_not_whole_or_of_another_date_are_not_issued(
    story: Story, tmp_path: Path
) -> None:
    file = tmp_path / "billhouse.duckdb"
    shutil.copyfile(story.at.warehouse, file)
    with exclusive(file), connect(file) as con:
        bill_runs.begin(con, date(2026, 3, 1))
        assert bill_runs.objections(con, date(2026, 3, 1)) == [
            "the drafts of 2026-03-01 are not whole; run `billhouse draft 2026-03-01` again"
        ]
        assert bill_runs.objections(con, date(2026, 4, 1)) == [
            "the drafts are of 2026-03-01; run `billhouse draft 2026-04-01` first"
        ]
        # Issued before: its documents can be rendered and sent again.
        assert bill_runs.objections(con, date(2026, 2, 1)) == []


def test_release_of_what_is_not_held_is_a_fault(story: Story) -> None:
    refused = story.at.run("release", BILL_DATE, "A1", "A9", "--reason", "x")
    assert refused.status == 1
    assert "account A1: no held draft" in refused.stderr
    assert "account A9: no held draft" in refused.stderr


def test_runs_appear_in_dagster(story: Story) -> None:
    home = story.at.warehouse.parent / "dagster"
    with dg.DagsterInstance.from_config(str(home)) as instance:
        runs = instance.get_runs()
        drafts = [run for run in runs if run.job_name == "draft_bill_run"]
        assert {run.tags["dagster/partition"] for run in drafts} == {BILL_DATE}
        assert all(run.is_success for run in drafts)
        materialized = instance.get_latest_materialization_event(
            dg.AssetKey(["invoicing", "draft_invoices"])
        )
        assert materialized is not None and materialized.asset_materialization is not None
        assert materialized.asset_materialization.partition == BILL_DATE
        metadata = materialized.asset_materialization.metadata
        assert metadata["dagster/row_count"].value == 2
        assert "dagster/column_schema" in metadata


def test_the_books_are_built_once_in_a_run_and_every_check_of_them_is_run(story: Story) -> None:
    """Delivery comes in between, so Dagster builds them in several steps: together they are all."""
    nodes = dbt.read_manifest()["nodes"]
    books = {
        (node["schema"], node["alias"])
        for node in nodes.values()
        if node["resource_type"] == "model" and "issued" in node["tags"]
    }
    home = story.at.warehouse.parent / "dagster"
    with dg.DagsterInstance.from_config(str(home)) as instance:
        runs = [
            run
            for run in instance.get_runs()
            if run.job_name == "issue_bill_run" and run.is_success
        ]
        assert runs
        for run in runs:
            events = [entry.dagster_event for entry in instance.all_logs(run.run_id)]
            built = Counter(
                tuple(event.asset_key.path)
                for event in events
                if event is not None and event.is_step_materialization and event.asset_key
            )
            assert {built[table] for table in books} == {1}
            ended = Counter(
                event.asset_check_evaluation_data.check_name
                for event in events
                if event is not None
                and event.event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION
            )
            assert {name for name in ended if name in after_issue()} == after_issue()
            assert {ended[name] for name in after_issue()} == {1}


def after_issue() -> set[str]:
    """The checks of tables of offenders that stand after issuing."""
    nodes = dbt.read_manifest()["nodes"]
    return {
        node["name"]
        for node in nodes.values()
        if node["resource_type"] == "test"
        and node["attached_node"]
        and "after_issue" in nodes[node["attached_node"]]["tags"]
    }
