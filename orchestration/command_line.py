"""`billhouse`: each command is one call of the jobs that Dagster runs.

Exit status 0: all is well. 1: the data is at fault; every fault is listed on standard error.
2: the call is wrong.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from orchestration import billing_calendar, environment, outcome, progress, terminal
from orchestration.environment import Environment

if TYPE_CHECKING:
    from orchestration.billing_calendar import BillingCalendar
    from orchestration.outcome import Outcome

DATA_AT_FAULT = 1
CALL_WRONG = 2

SHOWN = 20  # rows of a table that may hold every document of a bill run

app = typer.Typer(
    name="billhouse",
    help="Mobile billing as a data warehouse: usage files in, invoices and a ledger out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
)

OperatorOption = Annotated[
    Path | None,
    typer.Option("--operator", metavar="DIR", help="Operator folder (BILLHOUSE_OPERATOR)."),
]
WarehouseOption = Annotated[
    Path | None,
    typer.Option("--warehouse", metavar="FILE", help="DuckDB file (BILLHOUSE_WAREHOUSE)."),
]
DocumentsOption = Annotated[
    Path | None,
    typer.Option(
        "--documents",
        metavar="DIR",
        help="Rendered documents (BILLHOUSE_DOCUMENTS); default: beside the warehouse.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
BillDateArgument = Annotated[
    str, typer.Argument(metavar="BILL_DATE", help="A cycle day, YYYY-MM-DD: the period's end.")
]


@app.command()
def demo(
    folder: Annotated[
        Path | None, typer.Argument(metavar="DIR", help="Where to; default: data/demo.")
    ] = None,
    subscribers: Annotated[int, typer.Option(min=1, help="Subscriptions to invent.")] = 2000,
    months: Annotated[int, typer.Option(min=1, help="Billing periods of usage.")] = 3,
    seed: Annotated[int, typer.Option(help="The same seed writes the same bytes.")] = 1,
    as_json: JsonOption = False,
) -> None:
    """Write a demo operator folder."""
    from ingestion.demo import write_demo

    target = (folder or environment.DEFAULT_OPERATOR).absolute()
    with terminal.TerminalProgress() as shown:
        shown.step("demo")
        try:
            summary = write_demo(target, subscribers=subscribers, months=months, seed=seed)
        except (FileExistsError, ValueError) as error:
            _call_wrong(str(error))
    bill_dates = [day.isoformat() for day in summary.bill_dates]
    result = {
        "folder": str(target),
        "bill_dates": bill_dates,
        "subscribers": summary.subscribers,
        "usage_records": summary.usage_records,
        "files": summary.files,
    }
    if as_json:
        terminal.print_json(result)
        return
    terminal.out.print(
        f"{target}: {summary.subscribers:,} subscriptions, {summary.usage_records:,} usage records "
        f"in {summary.files:,} files; bill dates {', '.join(bill_dates)}"
    )


@app.command()
def check(operator: OperatorOption = None, as_json: JsonOption = False) -> None:
    """Validate the operator folder; list every fault, change nothing."""
    from ingestion import operator_folder

    where = environment.resolve(operator=operator)
    if not where.operator.is_dir():
        _call_wrong(f"{where.operator}: no such folder")
    report = operator_folder.check(where.operator)
    if as_json:
        terminal.print_json(
            {
                "operator": str(where.operator),
                "faults": [_fault_json(fault) for fault in report.faults],
                "warnings": [_fault_json(warning) for warning in report.warnings],
            }
        )
    terminal.print_faults([str(warning) for warning in report.warnings], kind="warning")
    terminal.print_faults([str(fault) for fault in report.faults])
    if report.faults:
        raise typer.Exit(DATA_AT_FAULT)
    if not as_json:
        terminal.out.print(f"{where.operator}: no faults")


@app.command()
def draft(
    bill_date: BillDateArgument,
    operator: OperatorOption = None,
    warehouse: WarehouseOption = None,
    documents: DocumentsOption = None,
    as_json: JsonOption = False,
    loaded_at: Annotated[
        str | None,
        typer.Option(hidden=True, help="The instant to record the load with; default: now."),
    ] = None,
) -> None:
    """Load what is new and build the drafts of one bill run."""
    where, of_date = _installation(operator, warehouse, documents, bill_date)
    config = {"ops": {"raw": {"config": {"loaded_at": loaded_at}}}} if loaded_at else {}
    with _working(where) as (done, shown):
        _run("draft_bill_run", of_date, config, done)
        result = _draft_result(where, of_date, done)
    result["seconds"] = {step: round(took, 2) for step, took in shown.seconds.items()}
    if as_json:
        terminal.print_json(result)
        return
    _show_drafts(result)


@app.command()
def issue(
    bill_date: BillDateArgument,
    operator: OperatorOption = None,
    warehouse: WarehouseOption = None,
    documents: DocumentsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Issue the drafts of one bill run, then render, deliver and sync. Repeatable."""
    from orchestration import summaries
    from orchestration.steps import warned_checks
    from orchestration.warehouse import connect

    where, of_date = _installation(operator, warehouse, documents, bill_date)
    with _working(where) as (done, shown):
        _run("issue_bill_run", of_date, {}, done)
        with connect(where.warehouse) as con:
            result = summaries.issued(con, of_date)
    result["issued"] = done.issue.issued if done.issue else 0
    result["already_issued"] = done.issue.already_issued if done.issue else 0
    if done.documents:
        result["rendered"] = {
            "folder": done.documents.folder,
            "written": done.documents.written,
            "unchanged": done.documents.unchanged,
            "e_invoices": done.documents.e_invoices,
            "without_e_invoice": [
                {"document_number": number, "reason": reason}
                for number, reason in done.documents.without_e_invoice
            ],
        }
    if done.stripe:
        result["stripe"] = {"configured": done.stripe.is_configured, **done.stripe.counts}
    result["warnings"] = warned_checks(done.nodes)
    result["seconds"] = {step: round(took, 2) for step, took in shown.seconds.items()}
    if as_json:
        terminal.print_json(result)
        return
    _show_issued(result)


@app.command()
def release(
    bill_date: BillDateArgument,
    account_ids: Annotated[list[str], typer.Argument(metavar="ACCOUNT_ID...")],
    reason: Annotated[str, typer.Option(help="Why it may go; kept on record.")],
    operator: OperatorOption = None,
    warehouse: WarehouseOption = None,
    documents: DocumentsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let held drafts go, on record, and draft the bill run anew."""
    from orchestration import releasing
    from orchestration.warehouse import connect

    where, of_date = _installation(operator, warehouse, documents, bill_date)
    if not reason.strip():
        _call_wrong("--reason: say why")
    with _working(where) as (done, _):
        with connect(where.warehouse) as con:
            not_held = releasing.not_held(con, of_date, account_ids)
            if not_held:
                _data_at_fault(
                    [f"account {account}: no held draft of {of_date}" for account in not_held]
                )
            releasing.release(
                con, of_date, account_ids, reason=reason.strip(), released_at=datetime.now(UTC)
            )
        _run("draft_bill_run", of_date, {}, done)
        result = _draft_result(where, of_date, done)
    result["released"] = account_ids
    if as_json:
        terminal.print_json(result)
        return
    _show_drafts(result)


@app.command()
def credit(
    document_number: Annotated[str, typer.Argument(metavar="DOCUMENT_NUMBER")],
    reason: Annotated[str, typer.Option(help="Why; stands in the credit note.")],
    operator: OperatorOption = None,
    warehouse: WarehouseOption = None,
    documents: DocumentsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Credit an invoice in full; the next draft bills its charges as they are owed then."""
    from orchestration import archive, crediting, issuing
    from orchestration.warehouse import connect

    where = environment.resolve(operator=operator, warehouse=warehouse, documents=documents)
    if not where.warehouse.exists():
        _call_wrong(f"{where.warehouse}: no such warehouse")
    if not reason.strip():
        _call_wrong("--reason: say why")
    _calendar(where)
    where.activate()
    with _working(where) as (done, _):
        with connect(where.warehouse) as con:
            issuing.prepare(con)
            behind = archive.objections(con, where.documents / archive.FOLDER)
        if behind:
            _data_at_fault(behind)
        try:
            number = crediting.credit(
                lambda: connect(where.warehouse), document_number, reason=reason.strip()
            )
        except issuing.IssuingRefused as refused:
            _data_at_fault(refused.objections)
        with connect(where.warehouse) as con:
            bill_date = issuing.bill_date_of(con, number)
        # Books, documents and Stripe, as after every issue.
        _run("issue_bill_run", bill_date, {}, done)
    if as_json:
        terminal.print_json({"credited": document_number, "credit_note": number})
        return
    terminal.out.print(
        f"{document_number} is credited by {number}; its charges are owed again "
        f"(billhouse draft {bill_date})"
    )


@app.command()
def explain(
    identifier: Annotated[
        str,
        typer.Argument(
            metavar="ID",
            help="Document number, one of its lines (NUMBER:LINE), charge key, or usage record "
            "(FEED:RECORD_ID, RECORD_ID or FILE:LINE).",
        ),
    ],
    warehouse: WarehouseOption = None,
    limit: Annotated[int, typer.Option(min=1, help="Usage events to show under one charge.")] = 10,
    as_json: JsonOption = False,
) -> None:
    """Show where an amount comes from: document, charge, usage, rate, file and line."""
    from orchestration import explaining
    from orchestration.warehouse import connect, exclusive, has_table

    where = environment.resolve(warehouse=warehouse)
    if not where.warehouse.exists():
        _call_wrong(f"{where.warehouse}: no such warehouse")
    if not identifier.strip():
        _call_wrong("ID: name a document, a charge or a usage record")
    try:
        with (
            exclusive(where.warehouse, waiting=terminal.err.print),
            connect(where.warehouse) as con,
        ):
            is_drafted = has_table(con, "rating", "explained_usage")
            found = explaining.explain(con, identifier.strip(), limit=limit)
    except explaining.AmbiguousIdentifier as several:
        _call_wrong(f"{identifier}: several feeds have it; name one: {several}")
    if found is None:
        looked_for = "no document number, document line, charge key or usage record of this name"
        undrafted = "" if is_drafted else " (no drafts of this version yet: billhouse draft)"
        _data_at_fault([f"{identifier}: {looked_for}{undrafted}"])
    if as_json:
        terminal.print_json(found.as_json())
        return
    terminal.out.print(found.as_tree(), soft_wrap=False)


@app.command()
def verify(
    warehouse: WarehouseOption = None,
    documents: DocumentsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check that no issued document was changed, lost or renumbered, here and in the archive."""
    from orchestration import archive, issuing
    from orchestration.warehouse import connect, exclusive, has_table

    where = environment.resolve(warehouse=warehouse, documents=documents)
    if not where.warehouse.exists():
        _call_wrong(f"{where.warehouse}: no such warehouse")
    folder = where.documents / archive.FOLDER
    with exclusive(where.warehouse, waiting=terminal.err.print), connect(where.warehouse) as con:
        count, faults = 0, []
        if has_table(con, "invoicing", "issued_documents"):
            row = con.execute("select count(*) from invoicing.issued_documents").fetchone()
            count = row[0] if row else 0
            faults = [f"{number}: {what}" for number, what in issuing.broken_links(con)]
            faults += [f"{number}: {what}" for number, what in archive.differences(con, folder)]
    if as_json:
        terminal.print_json(
            {
                "documents": count,
                "archive": str(folder) if folder.is_dir() else None,
                "faults": faults,
            }
        )
    if faults:
        _data_at_fault(faults)
    if not as_json:
        archived = "and so does the archive" if folder.is_dir() else "there is no archive here"
        terminal.out.print(f"{count:,} issued documents, every link of the chain holds; {archived}")


@app.command()
def restore(
    operator: OperatorOption = None,
    warehouse: WarehouseOption = None,
    documents: DocumentsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Bring back from the archive the issued documents that the warehouse does not hold, and draft
    their bill dates again, so that the next run finds what an undisturbed one would."""
    from ingestion.faults import OperatorFolderError
    from orchestration import archive
    from orchestration.steps import Steps
    from orchestration.warehouse import connect

    where = environment.resolve(operator=operator, warehouse=warehouse, documents=documents)
    folder = where.documents / archive.FOLDER
    if not folder.is_dir():
        _call_wrong(f"{folder}: no archive")
    _calendar(where)
    where.activate()
    with _working(where) as (done, _):
        steps = Steps(environment=where)
        steps.prepare()
        try:
            report = archive.restore(lambda: connect(where.warehouse), folder)
            steps.load()
        except archive.ArchiveFault as fault:
            _data_at_fault(fault.faults)
        except OperatorFolderError as error:
            _data_at_fault([str(fault) for fault in error.faults])
        with connect(where.warehouse) as con:
            archive.restore_facts(con, folder)
            pending = archive.dates_to_rebuild(con)
        for of_date in pending:
            _run("draft_bill_run", of_date, {}, done)
            with connect(where.warehouse) as con:
                archive.is_rebuilt(con, of_date)
    if as_json:
        terminal.print_json(
            {
                "restored": report.restored,
                "stood": report.stood,
                "usage_rows": report.usage_rows,
                "without_usage": report.without_usage,
                "last_number": report.last_number,
            }
        )
        return
    terminal.out.print(
        f"{report.restored:,} documents restored, {report.stood:,} stood; the chain holds up to "
        f"{report.last_number}; {len(pending)} bill dates are drafted again"
    )
    if report.without_usage:
        terminal.out.print(
            f"{report.without_usage:,} of them without their itemised usage, which is not in the "
            "archive any more"
        )


@app.command()
def close(
    month: Annotated[str, typer.Argument(metavar="MONTH", help="A calendar month, YYYY-MM.")],
    warehouse: WarehouseOption = None,
    documents: DocumentsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write the month's pack for finance: a page to print, its tables as CSV, and what ties out."""
    from orchestration import archive, month_end
    from orchestration.warehouse import connect, exclusive

    where = environment.resolve(warehouse=warehouse, documents=documents)
    try:
        first_day = date.fromisoformat(f"{month}-01")
    except ValueError:
        _call_wrong(f"{month}: not a month (YYYY-MM)")
    if not where.warehouse.exists():
        _call_wrong(f"{where.warehouse}: no such warehouse")
    with exclusive(where.warehouse, waiting=terminal.err.print), connect(where.warehouse) as con:
        try:
            report = month_end.close(
                con, first_day, where.documents, archive_folder=where.documents / archive.FOLDER
            )
        except month_end.NothingToClose as nothing:
            _data_at_fault([str(nothing)])
    if as_json:
        terminal.print_json(
            {
                "page": str(report.page),
                "tables": [str(path) for path in report.tables],
                "tie_outs": report.tie_outs,
                "faults": report.faults,
            }
        )
    if report.faults:
        _data_at_fault([*report.faults, f"{report.page}: written, with these faults"])
    if not as_json:
        terminal.out.print(
            f"{report.page}: {len(report.tables)} tables, all {report.tie_outs} tie-outs hold"
        )


@app.command()
def fec(
    year: Annotated[int, typer.Argument(metavar="YEAR", min=1900, max=9999)],
    warehouse: WarehouseOption = None,
    documents: DocumentsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a year of the ledger as the French audit file (FEC), after its own checks."""
    from orchestration import fec as french_audit_file
    from orchestration.warehouse import connect, exclusive

    where = environment.resolve(warehouse=warehouse, documents=documents)
    if not where.warehouse.exists():
        _call_wrong(f"{where.warehouse}: no such warehouse")
    with exclusive(where.warehouse, waiting=terminal.err.print), connect(where.warehouse) as con:
        try:
            report = french_audit_file.write(con, where.documents / "finance", year)
        except french_audit_file.FecRefused as refused:
            _data_at_fault(refused.faults)
    if as_json:
        terminal.print_json(
            {
                "file": str(report.path),
                "lines": report.lines,
                "entries": report.entries,
                "debit": report.debit,
                "credit": report.credit,
                "covers_until": report.covers_until.isoformat(),
                "sha256": report.sha256,
            }
        )
        return
    terminal.out.print(
        f"{report.path}: {report.lines:,} lines of {report.entries:,} entries up to "
        f"{report.covers_until}, debit {report.debit} = credit {report.credit}"
    )


@app.command()
def ui(
    operator: OperatorOption = None,
    warehouse: WarehouseOption = None,
    documents: DocumentsOption = None,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Loopback port.")] = 3000,
) -> None:
    """Open Dagster's web interface on loopback, with its daemon."""
    from orchestration import web

    where = environment.resolve(operator=operator, warehouse=warehouse, documents=documents)
    raise typer.Exit(web.serve(where.activate(), port=port))


# --- shared --------------------------------------------------------------------------------------


def _installation(
    operator: Path | None, warehouse: Path | None, documents: Path | None, bill_date: str
) -> tuple[Environment, date]:
    """Where to work, and the bill date, which must be one of the operator's."""
    where = environment.resolve(operator=operator, warehouse=warehouse, documents=documents)
    try:
        of_date = date.fromisoformat(bill_date)
    except ValueError:
        _call_wrong(f"{bill_date}: not a date (YYYY-MM-DD)")
    objection = _calendar(where).objection(of_date)
    if objection:
        _call_wrong(objection)
    return where.activate(), of_date


def _calendar(where: Environment) -> BillingCalendar:
    if not where.operator.is_dir():
        _call_wrong(f"{where.operator}: no such folder; `billhouse demo` writes one")
    try:
        return billing_calendar.read(where.operator)
    except billing_calendar.CalendarError as error:
        from ingestion import operator_folder

        faults = operator_folder.check(where.operator).faults
        _data_at_fault([str(fault) for fault in faults] or [str(error)])


@contextmanager
def _working(where: Environment) -> Iterator[tuple[Outcome, terminal.TerminalProgress]]:
    """Hold the warehouse, show progress, collect what the run does."""
    from orchestration.warehouse import exclusive

    with (
        terminal.TerminalProgress() as shown,
        progress.shown_by(shown),
        outcome.collected() as done,
        exclusive(where.warehouse, waiting=shown.note),
    ):
        yield done, shown


def _run(job: str, bill_date: date, config: dict[str, Any], done: Outcome) -> None:
    """Run one job of Dagster's in this process; it appears on Dagster's pages."""
    from orchestration import jobs
    from orchestration.dbt import DbtError

    try:
        errors = jobs.run(job, bill_date, config)
    except (jobs.UnknownBillDate, DbtError) as error:
        _data_at_fault([str(error)])
    if errors:
        _data_at_fault(done.faults or errors)


def _draft_result(where: Environment, bill_date: date, done: Outcome) -> dict[str, Any]:
    from orchestration import summaries
    from orchestration.steps import warned_checks
    from orchestration.warehouse import connect

    with connect(where.warehouse) as con:
        result = summaries.drafts(con, bill_date)
    load = done.load
    if load is not None:
        result["load"] = {
            "files_loaded": load.files_loaded,
            "files_known": load.files_skipped,
            "records": load.records,
            "rejected": load.rejected,
            "refused_files": load.refused,
        }
    result["warnings"] = [str(warning) for warning in load.warnings] if load else []
    result["warnings"] += warned_checks(done.nodes)
    return result


def _show_drafts(result: dict[str, Any]) -> None:
    load = result.get("load")
    if load:
        terminal.out.print(
            f"{load['files_loaded']:,} usage files loaded ({load['files_known']:,} known), "
            f"{load['records']:,} records, {load['rejected']:,} lines rejected"
        )
    amounts = {
        "amount_net": "net",
        "amount_tax": "tax",
        "amount_total": "total",
        "currency_code": "",
    }
    terminal.table(
        f"Drafts of {result['bill_date']}",
        result.get("statuses", []),
        {"status": "status", "invoices": "invoices", **amounts},
    )
    terminal.table(
        "Usage by state",
        result["usage"],
        {
            "state": "state",
            "records": "records",
            "seconds": "seconds",
            "bytes": "bytes",
            "messages": "messages",
        },
    )
    terminal.table(
        "Suspended usage", result["suspended"], {"reason": "reason", "records": "records"}
    )
    terminal.table(
        "Held drafts (billhouse release BILL_DATE ACCOUNT_ID --reason …)",
        result.get("held", []),
        {
            "account_id": "account",
            "amount_total": "total",
            "currency_code": "",
            "hold_reason": "reason",
        },
    )
    terminal.print_faults(result.get("warnings", []), kind="warning")
    if result["failed_checks"]:
        terminal.print_faults(
            [f"check {check}" for check in result["failed_checks"]],
            kind="check that stops issuing, in all: ",
        )


def _show_issued(result: dict[str, Any]) -> None:
    terminal.table(
        f"Issued for {result['bill_date']}",
        result["documents"],
        {
            "document_kind": "kind",
            "documents": "documents",
            "first_number": "first",
            "last_number": "last",
            "amount_net": "net",
            "amount_tax": "tax",
            "amount_total": "total",
            "currency_code": "",
        },
    )
    terminal.out.print(f"{result['issued']:,} documents issued now")
    rendered = result.get("rendered")
    if rendered:
        terminal.out.print(
            f"{rendered['written']:,} documents rendered, {rendered['unchanged']:,} stood: "
            f"{rendered['folder']}"
        )
        without = rendered["without_e_invoice"]
        if rendered["e_invoices"] or without:
            terminal.out.print(f"{rendered['e_invoices']:,} e-invoices")
        terminal.table(
            "Bills of business accounts without an e-invoice",
            without[:SHOWN],
            {"document_number": "document", "reason": "reason"},
        )
        if len(without) > SHOWN:
            terminal.out.print(f"and {len(without) - SHOWN:,} more")
    stripe = result.get("stripe")
    if stripe:
        said = ", ".join(
            f"{n:,} {status}" for status, n in stripe.items() if status != "configured"
        )
        terminal.out.print(
            f"Stripe: {said or 'nothing to sync'}"
            if stripe["configured"]
            else "Stripe: not configured (STRIPE_API_KEY), nothing sent"
        )
    terminal.print_faults(result["warnings"], kind="warning")


def _fault_json(fault: Any) -> dict[str, Any]:
    return {
        "file": fault.file,
        "line": fault.line,
        "column": fault.column,
        "message": fault.message,
        "value": fault.value,
    }


def _call_wrong(message: str) -> NoReturn:
    terminal.err.print(message, style="bold red", markup=False)
    raise typer.Exit(CALL_WRONG)


def _data_at_fault(faults: list[str]) -> NoReturn:
    terminal.print_faults(faults)
    raise typer.Exit(DATA_AT_FAULT)


def main() -> None:
    """Entry point of the `billhouse` command."""
    environment.collect_garbage_seldom()
    app()


if __name__ == "__main__":
    main()
