"""`make demo`: a demo operator, billed run by run as its usage comes in.

Runs the same jobs as `billhouse draft` and `billhouse issue`, against a Stripe-compatible server
on loopback. A second run finds everything done and changes nothing.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from orchestration import environment, jobs, outcome, progress, summaries, terminal
from orchestration.bill_runs import is_issued
from orchestration.environment import Environment
from orchestration.warehouse import connect, exclusive

SUBSCRIBERS = 200
MONTHS = 3
SEED = 1
BILL_RUNS = 3

STEPS = ("demo", "load", "draft", "issue", "archive", "books", "render", "stripe")

# Taken by the loopback server and by nothing else.
STRIPE_KEY = "sk_test_demo"


def run(
    subscribers: Annotated[int, typer.Option(min=1)] = SUBSCRIBERS,
    months: Annotated[int, typer.Option(min=1)] = MONTHS,
    seed: int = SEED,
    bill_runs_wanted: Annotated[int, typer.Option("--bill-runs", min=1)] = BILL_RUNS,
) -> None:
    """Bill the demo operator, one bill date after the other."""
    began = time.monotonic()
    # Never an installation that the environment may name: the demo has places of its own.
    where = environment.resolve(variables={})
    with _stripe_server(where.warehouse.parent / "stripe_demo.json") as url:
        where = replace(where, stripe_api_key=STRIPE_KEY, stripe_url=url).activate()
        with exclusive(where.warehouse, waiting=terminal.err.print):
            lines, folders = _bill(
                where, subscribers=subscribers, months=months, seed=seed, runs=bill_runs_wanted
            )
            with connect(where.warehouse) as con:
                usage, suspended = summaries.usage_states(con), summaries.suspended(con)
    _show(where, lines, folders, usage, suspended, time.monotonic() - began)


def _bill(
    where: Environment, *, subscribers: int, months: int, seed: int, runs: int
) -> tuple[list[dict[str, Any]], list[str]]:
    """Write the folder and run every bill date; one line per bill date, and documents' folders."""
    from ingestion.demo import write_demo
    from ingestion.demo.timeline import Timeline

    lines: list[dict[str, Any]] = []
    folders: list[str] = []
    bill_dates = Timeline(months).bill_dates[:runs]
    with connect(where.warehouse) as con:
        done = {day for day in bill_dates if is_issued(con, day)}
    # The last one is run again, to show that nothing changes.
    to_run = [day for day in bill_dates if day not in done] or bill_dates[-1:]
    with terminal.TerminalProgress() as shown:
        for bill_date in bill_dates:
            if bill_date not in to_run:
                lines.append({"bill_date": bill_date.isoformat(), "note": "issued before"})
                continue
            shown.step("demo")
            write_demo(
                where.operator,
                subscribers=subscribers,
                months=months,
                seed=seed,
                # What had come in by then: files and changes of customers arrive in between.
                through=bill_date,
                progress=lambda what, number, total: shown.at(number, total, what),
            )
            line, folder = _bill_run(where, bill_date, shown)
            lines.append(line)
            folders.append(folder)
    return lines, folders


def _bill_run(
    where: Environment, bill_date: date, shown: terminal.TerminalProgress
) -> tuple[dict[str, Any], str]:
    line: dict[str, Any] = {"bill_date": bill_date.isoformat()}
    with progress.shown_by(shown), outcome.collected() as done:
        for job in ("draft_bill_run", "issue_bill_run"):
            errors = jobs.run(job, bill_date, {})
            if errors:
                terminal.print_faults(done.faults or errors)
                raise typer.Exit(1)
    with connect(where.warehouse) as con:
        drafts = summaries.drafts(con, bill_date)
        issued = summaries.issued(con, bill_date)
    load, documents = done.load, done.documents
    line["files"] = load.files_loaded if load else 0
    line["records"] = load.records if load else 0
    line["held"] = len(drafts["held"])
    line["held_drafts"] = [row | {"bill_date": line["bill_date"]} for row in drafts["held"]]
    line["issued"] = done.issue.issued if done.issue else 0
    for kind in issued["documents"]:
        if kind["document_kind"] == "invoice":
            line["total"] = f"{kind['amount_total']} {kind['currency_code']}"
    line["rendered"] = documents.written if documents else 0
    line["e_invoices"] = documents.e_invoices if documents else 0
    line["at_stripe"] = sum(done.stripe.counts.values()) if done.stripe else 0
    shown.end()
    line |= {step: f"{took:.1f}" for step, took in shown.seconds.items()}
    shown.seconds.clear()
    return line, documents.folder if documents else ""


@contextmanager
def _stripe_server(state: Path) -> Iterator[str]:
    """A Stripe-compatible server on loopback; what it holds is kept in `state`."""
    state.parent.mkdir(parents=True, exist_ok=True)
    server = subprocess.Popen(
        [sys.executable, "-m", "gateways.stripe_fake", "--port", "0", "--state", str(state)],
        cwd=environment.PROJECT_ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        url = server.stdout.readline().strip() if server.stdout else ""
        if not url:
            terminal.err.print("the loopback Stripe server did not start", style="bold red")
            raise typer.Exit(1)
        yield url
    finally:
        server.terminate()
        server.wait()


def _show(
    where: Environment,
    lines: list[dict[str, Any]],
    folders: list[str],
    usage: list[dict[str, Any]],
    suspended: list[dict[str, Any]],
    seconds: float,
) -> None:
    terminal.table(
        "Bill runs",
        lines,
        {
            "bill_date": "bill date",
            "files": "files",
            "records": "records",
            "held": "held",
            "issued": "issued",
            "total": "invoiced",
            "rendered": "rendered",
            "e_invoices": "e-invoices",
            "at_stripe": "at Stripe",
            "note": "",
        },
    )
    terminal.table(
        "Held drafts, until released: billhouse release BILL_DATE ACCOUNT_ID --reason …",
        [held for line in lines for held in line.get("held_drafts", [])],
        {
            "bill_date": "bill date",
            "account_id": "account",
            "amount_total": "total",
            "currency_code": "",
            "hold_reason": "reason",
        },
    )
    terminal.table("Seconds", lines, {"bill_date": "bill date"} | {step: step for step in STEPS})
    terminal.table(
        "Usage by state",
        usage,
        {
            "state": "state",
            "records": "records",
            "seconds": "seconds",
            "bytes": "bytes",
            "messages": "messages",
        },
    )
    terminal.table("Suspended usage", suspended, {"reason": "reason", "records": "records"})
    terminal.out.print(f"Operator folder  {where.operator}")
    terminal.out.print(f"Warehouse        {where.warehouse}")
    terminal.out.print(
        f"Documents        {folders[-1] if folders else where.documents} (PDF, HTML)"
    )
    terminal.out.print(f"Took             {seconds:.0f} s")
    terminal.out.print("Next             make ui, or .venv/bin/billhouse explain F2026-00000001")


def main() -> None:
    """Entry point of `make demo`."""
    typer.run(run)


if __name__ == "__main__":
    main()
