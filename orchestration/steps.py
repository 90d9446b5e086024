"""The steps of a bill run, each one call: load, build drafts, issue, build the books, render, sync.

Dagster's assets and the command line run these and nothing else. Each opens the warehouse for
itself; the caller holds its lock. Every step can be repeated: what is done stays as it is.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration import (
    archive,
    bill_runs,
    dbt,
    issuing,
    outcome,
    progress,
    reference,
    warehouse,
)
from orchestration.environment import Environment

if TYPE_CHECKING:
    import duckdb

    from gateways.stripe_sync import SyncedObject
    from ingestion.loading import LoadReport

DOCUMENT_BATCH = 200
GOOD = ("success", "pass", "no-op")


class BuildFailed(Exception):
    """Models could not be built, or tests that must hold did not. `faults` says which."""

    def __init__(self, faults: list[str], nodes: list[dbt.NodeResult]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults
        self.nodes = nodes


class DeliveryFailed(Exception):
    """Documents were issued, but some could not be rendered or synced; the step can be repeated."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


@dataclass(frozen=True, kw_only=True)
class RenderOutcome:
    """Documents of one bill date on disk."""

    folder: str
    written: int
    unchanged: int
    failed: list[tuple[str, str]]  # document number, error
    e_invoices: int
    without_e_invoice: list[tuple[str, str]]  # document number of a business account, reason


@dataclass(frozen=True, kw_only=True)
class StripeOutcome:
    """Documents of one bill date at Stripe."""

    is_configured: bool
    counts: dict[str, int]  # by status
    failed: list[tuple[str, str]]  # document number, error


@dataclass(frozen=True, kw_only=True)
class Steps:
    """The steps, for one installation."""

    environment: Environment

    def connect(self) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
        """A connection to the warehouse, with every table that Python owns."""
        return warehouse.connect(self.environment.warehouse, scratch=self.environment.scratch)

    def prepare(self) -> None:
        """Create the tables that Python owns."""
        from ingestion import loading

        with self.connect() as con:
            loading.prepare(con)
            issuing.prepare(con)
            bill_runs.prepare(con)
            reference.prepare(con)

    def load(self, *, loaded_at: datetime | None = None) -> LoadReport:
        """Bring in what is new in the operator folder.

        Raises ingestion.faults.OperatorFolderError, with every fault, before anything is changed:
        also where the warehouse holds another operator than the folder.
        """
        from ingestion import loading
        from ingestion.faults import OperatorFolderError

        told = progress.current()
        told.step("load")
        self.prepare()
        result = outcome.current()
        try:
            with self.connect() as con:
                refuse_another_operator(con, self.environment.operator)
                result.load = loading.load(
                    con,
                    self.environment.operator,
                    loaded_at=loaded_at,
                    progress=lambda what, done, total: told.at(done, total, what),
                )
        except OperatorFolderError as error:
            result.faults += [str(fault) for fault in error.faults]
            raise
        return result.load

    def build_drafts(self, bill_date: date) -> list[dbt.NodeResult]:
        """Rate and charge everything as of the bill date and build its drafts.

        Checks tagged before_issue that fail are recorded: they stop issuing, not drafting.
        Raises BuildFailed when anything else fails.
        """
        progress.current().step("draft")
        self.prepare()
        with self.connect() as con:
            bill_runs.begin(con, bill_date)
            resting_on = reference.state(con, bill_date, dbt.rules_digest())
            standing = reference.standing(con, bill_date, resting_on)
            reference.forget(con, standing)
        nodes = self._build(
            bill_date,
            [dbt.DRAFT_SELECTION],
            exclude=[dbt.ISSUED_SELECTION],
            unchanged=lambda project: reference.models(project.nodes, project.macros, standing),
        )
        blocking = blocking_tests()
        faults = [
            described(node) for node in nodes if node.is_bad and node.unique_id not in blocking
        ]
        if faults:
            outcome.current().faults += faults
            raise BuildFailed(faults, nodes)
        if not any(node.is_bad for node in nodes):
            with self.connect() as con:
                reference.remember(
                    con, resting_on, usage=all(node.status in GOOD for node in nodes)
                )
        failed_checks = tuple(
            bill_runs.FailedCheck(
                check=node.name, table=blocking[node.unique_id], offenders=node.failures or 0
            )
            for node in nodes
            if node.is_bad
        )
        with self.connect() as con:
            bill_runs.complete(con, bill_date, failed_checks)
        return nodes

    def objections(self, bill_date: date | None) -> list[str]:
        """What speaks against issuing this bill date (None: the one whose drafts stand)."""
        self.prepare()
        with self.connect() as con:
            if bill_date is None:
                draft = bill_runs.standing(con)
                if draft is None:
                    return ["no drafts stand"]
                bill_date = draft.bill_date
            found = archive.objections(con, self.archive)
            found += bill_runs.objections(con, bill_date)
        outcome.current().faults += found
        return found

    def issue(self, bill_date: date) -> issuing.IssueReport:
        """Issue the drafts of the bill date, in one transaction.

        Raises issuing.IssuingRefused. A bill date that was issued before and whose drafts stand no
        more has nothing to issue.
        """
        progress.current().step("issue")
        objections = self.objections(bill_date)
        if objections:
            raise issuing.IssuingRefused(objections)
        with self.connect() as con:
            draft = bill_runs.standing(con)
        result = outcome.current()
        if draft is None or draft.bill_date != bill_date:
            result.issue = issuing.nothing_to_issue(bill_date)
            return result.issue
        try:
            result.issue = issuing.issue(self.connect, bill_date)
        except issuing.IssuingRefused as refused:
            result.faults += refused.objections
            raise
        return result.issue

    @property
    def archive(self) -> Path:
        """Where issued documents are kept as immutable files."""
        return self.environment.documents / archive.FOLDER

    def keep(self) -> archive.ArchiveReport:
        """Write every issued document that the archive lacks, of whichever bill date.

        Raises DeliveryFailed when archive and warehouse contradict each other.
        """
        told = progress.current()
        told.step("archive")
        self.prepare()
        try:
            with self.connect() as con:
                return archive.keep(con, self.archive, progress=told.at)
        except archive.ArchiveFault as fault:
            outcome.current().faults += fault.faults
            raise DeliveryFailed(fault.faults) from fault

    def build_issued(
        self, bill_date: date, *, models: Sequence[str] | None = None
    ) -> list[dbt.NodeResult]:
        """Build what reads the issued documents: invoices, the books, the checks after issuing.

        `models`: these of them alone, by name. Raises BuildFailed when a model or a test fails.
        """
        progress.current().step("books")
        self.prepare()
        with self.connect() as con:
            draft = bill_runs.standing(con)
        if draft is not None:
            # Documents of an earlier bill date, sent out again: the books stay as of the last one.
            bill_date = draft.bill_date
        nodes = self._build(bill_date, [dbt.ISSUED_SELECTION] if models is None else models)
        faults = [described(node) for node in nodes if node.is_bad]
        if faults:
            outcome.current().faults += faults
            raise BuildFailed(faults, nodes)
        return nodes

    def _build(
        self,
        bill_date: date,
        select: Sequence[str],
        exclude: Iterable[str] = (),
        unchanged: Callable[[Any], Mapping[str, Any]] | None = None,
    ) -> list[dbt.NodeResult]:
        told = progress.current()
        nodes = dbt.build(
            warehouse=self.environment.warehouse,
            bill_date=bill_date,
            select=select,
            exclude=list(exclude),
            unchanged=unchanged,
            scratch=self.environment.scratch,
            on_node=lambda node, done, total: told.at(done, total, node.name),
        )
        outcome.current().nodes += nodes
        return nodes

    def render(self, bill_date: date) -> RenderOutcome:
        """Write HTML, PDF and e-invoice of every document issued for the bill date.

        Raises DeliveryFailed, after all others are written, when a document could not be.
        """
        from renderers import rendering
        from renderers.branding import BrandingError

        told = progress.current()
        told.step("render")
        folder = self.environment.documents
        with self.connect() as con:
            total = _count(con, bill_date)
            try:
                report = rendering.render_documents(
                    self._documents_with_usage(con, bill_date),
                    folder,
                    branding_dir=self.environment.branding,
                    workers=os.cpu_count() or 1,
                    progress=lambda done, _: told.at(done, total),
                )
            except BrandingError as error:
                outcome.current().faults.append(str(error))
                raise DeliveryFailed([str(error)]) from error
        result = RenderOutcome(
            folder=str(folder / bill_date.isoformat()),
            written=report.written,
            unchanged=report.unchanged,
            failed=list(report.failed),
            e_invoices=report.e_invoices,
            without_e_invoice=list(report.without_e_invoice),
        )
        outcome.current().documents = result
        if result.failed:
            raise _delivery_failed("not rendered", result.failed)
        return result

    def sync_stripe(self, bill_date: date) -> StripeOutcome:
        """Send the documents of the bill date to Stripe and keep what it answered.

        Without a key nothing is sent. Each answer is stored before the next document goes out.
        Raises DeliveryFailed, after all others are sent, when a document could not be.
        """
        from gateways import stripe_sync

        told = progress.current()
        told.step("stripe")
        where = self.environment
        counts: dict[str, int] = {}
        failed: list[tuple[str, str]] = []
        with self.connect() as con:
            total = _count(con, bill_date)
            known = _known_at_stripe(con)
            # A cursor of its own: answers are stored while documents are still being read.
            documents = (
                json.loads(document)
                for batch in _documents(con.cursor(), bill_date)
                for _, document in batch
            )
            try:
                gateway = stripe_sync.open_gateway(where.stripe_api_key, where.stripe_url)
                for result in gateway.sync(documents, known):
                    if result.synced is not None:
                        if known.get(result.document_number) != result.synced:
                            _keep(con, result.synced)
                    else:
                        failed.append((result.document_number, result.detail or "failed"))
                    if result.object_kind != "customer":
                        counts[result.status] = counts.get(result.status, 0) + 1
                        told.at(sum(counts.values()), total)
            except stripe_sync.GatewayError as error:
                failed.append(("Stripe", str(error)))
        synced_all = StripeOutcome(
            is_configured=where.stripe_api_key is not None, counts=counts, failed=failed
        )
        outcome.current().stripe = synced_all
        if failed:
            raise _delivery_failed("not synced", failed)
        return synced_all

    def _documents_with_usage(
        self, con: duckdb.DuckDBPyConnection, bill_date: date
    ) -> Iterator[tuple[str, list[dict[str, Any]]]]:
        """Each document of the bill date with its itemised usage, in order of their numbers."""
        for batch in _documents(con, bill_date):
            usage: dict[str, list[dict[str, Any]]] = {number: [] for number, _ in batch}
            rows = con.execute(
                f"""
                select {issuing.USAGE_COLUMNS}
                from invoicing.issued_usage
                where document_number in (select unnest(?))
                order by document_number nulls first, position nulls first
                """,
                [list(usage)],
            )
            names = [column[0] for column in rows.description or ()]
            while chunk := rows.fetchmany(10_000):
                for row in chunk:
                    usage[row[0]].append(dict(zip(names, row, strict=True)))
            for number, document in batch:
                yield document, usage[number]


def refuse_another_operator(con: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Raise OperatorFolderError if the warehouse was filled from another operator's folder.

    One warehouse is one operator: its series of document numbers, its books and the ids of its
    customers would mix with those of a second one. An id that cannot be read is left to loading,
    which lists every fault of operator.yaml.
    """
    from ingestion.faults import Fault, OperatorFolderError
    from ingestion.operator_yaml import FILE, read_operator_yaml

    held = con.execute("select operator_id from raw.operator").fetchone()
    settings = read_operator_yaml(folder)
    operator_id = settings.row.get("operator_id")
    if held is None or operator_id is None or operator_id == held[0]:
        return
    message = f"the warehouse holds operator {held[0]}; give this operator one of its own"
    line = settings.lines.get("operator.id")
    raise OperatorFolderError([Fault(FILE, line, "operator.id", message, str(operator_id))])


def _documents(con: duckdb.DuckDBPyConnection, bill_date: date) -> Iterator[list[tuple[str, str]]]:
    """(number, canonical content) of the bill date's documents, in batches, ordered by number."""
    after = ""
    while True:
        batch = con.execute(
            """
            select document_number, document
            from invoicing.issued_documents
            where bill_date = ? and document_number > ?
            order by document_number nulls first
            limit ?
            """,
            [bill_date, after, DOCUMENT_BATCH],
        ).fetchall()
        if not batch:
            return
        yield batch
        after = batch[-1][0]


def _known_at_stripe(con: duckdb.DuckDBPyConnection) -> dict[str, SyncedObject]:
    from gateways.stripe_sync import SyncedObject

    rows = con.execute(
        "select document_number, object_kind, stripe_id, status, payload_sha256 "
        "from raw.stripe_objects"
    )
    return {
        key: SyncedObject(
            document_number=key,
            object_kind=kind,
            stripe_id=stripe_id,
            status=status,
            payload_sha256=digest,
        )
        for key, kind, stripe_id, status, digest in rows.fetchall()
    }


def _keep(con: duckdb.DuckDBPyConnection, synced: SyncedObject) -> None:
    """Put what Stripe holds for one document or customer in the place of what was known."""
    con.execute("begin transaction")
    con.execute(
        "delete from raw.stripe_objects where document_number = ?", [synced.document_number]
    )
    con.execute(
        "insert into raw.stripe_objects "
        "(document_number, object_kind, stripe_id, status, payload_sha256) "
        "values (?, ?, ?, ?, ?)",
        [
            synced.document_number,
            synced.object_kind,
            synced.stripe_id,
            synced.status,
            synced.payload_sha256,
        ],
    )
    con.execute("commit")


def _count(con: duckdb.DuckDBPyConnection, bill_date: date) -> int:
    row = con.execute(
        "select count(*) from invoicing.issued_documents where bill_date = ?", [bill_date]
    ).fetchone()
    return row[0] if row else 0


def _delivery_failed(what: str, failed: list[tuple[str, str]]) -> DeliveryFailed:
    faults = [f"{number}: {what}: {error}" for number, error in failed]
    outcome.current().faults += faults
    return DeliveryFailed(faults)


def described(node: dbt.NodeResult) -> str:
    """A failed node, as it is told to people."""
    if node.is_test:
        found = f"{node.failures} rows" if node.failures else _brief(node.message)
        return f"test {node.name}: {found}"
    return f"model {node.name}: {_brief(node.message)}"


def _brief(message: str) -> str:
    """dbt's message without its trail of macros."""
    lines = [line.rstrip() for line in message.strip().splitlines()]
    return "\n".join(line for line in lines if line and not line.lstrip().startswith("> "))


def blocking_tests() -> dict[str, str]:
    """Tests on tables tagged before_issue, with the table that lists the offenders."""
    nodes = dbt.read_manifest()["nodes"]
    tables: dict[str, str] = {}
    for unique_id, node in nodes.items():
        attached = nodes.get(node.get("attached_node") or "")
        if attached is not None and dbt.BEFORE_ISSUE in attached["tags"]:
            tables[unique_id] = f"{attached['schema']}.{attached['alias']}"
    return tables


def warned_checks(nodes: Iterable[dbt.NodeResult]) -> list[str]:
    """Checks of severity warn that found rows: they stop nothing, and somebody should look.

    Each is told once, as it ended last: several steps of a bill run look at the same table.
    """
    found = [node for node in nodes if node.is_test and node.status == "warn"]
    if not found:
        return []
    known = dbt.read_manifest()["nodes"]
    told: dict[str, str] = {}
    for node in found:
        attached = known.get(known[node.unique_id].get("attached_node") or "")
        table = f" in {attached['schema']}.{attached['alias']}" if attached else ""
        told[node.unique_id] = f"check {node.name}: {node.failures} rows{table}"
    return list(told.values())


def document_of(text: str) -> dict[str, Any]:
    """A stored document as a mapping; money stays text."""
    return json.loads(text)
