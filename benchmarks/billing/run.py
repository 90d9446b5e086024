"""From `rated_usage` to issued documents: what a bill run costs for many accounts.

    python -m benchmarks.billing.run --accounts 100000 --folder <scratch>

The month of benchmarks/rating/month.py with ten records per subscription, and what makes bills
hard added to it: discounts of both kinds, a minimum and a cap, instalments, credits, two taxes.
Everything is loaded and rated first. Then, each in a process of its own, as a bill run does it:

- drafts: the models of charging and invoicing, and all checks that stand before issuing;
- issue: one transaction with numbers, canonical documents and the chain of hashes;
- books: invoices, journal, balances, and all checks that stand after issuing;
- archive: one immutable file per document.

The limit, in the same run: DuckDB sums the rated parts per subscription and product and writes one
JSON text per account to a table; whoever bills in SQL has to do at least that.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from benchmarks.measuring import machine, measure
from benchmarks.rating.month import BILL_DATE, REFERENCE, write_month
from benchmarks.rating.run import DOMAINS
from orchestration.warehouse import exclusive

# A tenth of all groups of three subscriptions shares one account (benchmarks/rating/month.py).
ACCOUNTS_PER_SUBSCRIPTION = 0.9 + 0.1 / 3
RECORDS_PER_SUBSCRIPTION = 10

TABLES = {
    "ratebook/products": REFERENCE["ratebook/products"]
    .replace("null as minimum_spend", "case when p = 2 then 20.00 end as minimum_spend")
    .replace("null as spend_cap", "case when p = 9 then 30.00 end as spend_cap"),
    "ratebook/discounts": """
        select * from (values
            ('loyal', 'Loyalty', 'percent', 10.0, 'all', 24, 'none', 1),
            ('welcome', 'Welcome', 'amount', 2.5, 'recurring', 6, 'daily', 2)
        ) as discounts
            (discount_id, name, kind, value, applies_to, periods, proration, sequence)""",
    "ratebook/taxes": """
        select 'FR' as jurisdiction, 'standard' as tax_category, tax_id, name, rate_percent,
            sequence, compound, 'S' as en16931_category
        from (values ('VAT', 'TVA', 20, 2, 'true'), ('LEVY', 'Taxe', 1.5, 1, 'false'))
            as taxes (tax_id, name, rate_percent, sequence, compound)""",
    "crm/subscribed_discounts": """
        select distinct account as account_id, null as subscription_id,
            case when i % 5 = 0 then 'loyal' else 'welcome' end as discount_id,
            '2026-10-01' as valid_from, null as valid_to
        from lines where i % 10 in (0, 3)""",
    "crm/instalments": """
        select 'phone' || i as agreement_id, subscription as subscription_id, 'Phone' as name,
            599.99 as amount, 24 as periods, '2026-10-15' as first_date,
            'standard' as tax_category
        from lines where i % 20 = 1""",
    "crm/adjustments": """
        select 'credit' || i as adjustment_id, account as account_id, subscription as
            subscription_id, 'credit' as kind, 'goodwill' as reason, 'Sorry' as name,
            1.00 as amount, 'standard' as tax_category, '2026-10-20' as effective_on,
            'support' as approved_by
        from lines where i % 50 = 2""",
}

LIMIT = """
    create or replace table limit_of_billing as
    select account_id,
        to_json(list({p: product_id, s: subscription_id, n: n, q: q, a: a})) as document
    from (
        select account_id, subscription_id, product_id, count(*) as n,
            sum(billed_quantity) as q, sum(amount) as a
        from rating.rated_usage group by all)
    group by account_id"""


def main() -> None:
    """Measure one size and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=100_000)
    parser.add_argument("--folder", type=Path, required=True, help="scratch folder")
    parser.add_argument("--json", type=Path, help="write the figures here too")
    parser.add_argument("--stage", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    folder = arguments.folder / f"accounts-{arguments.accounts}"
    if arguments.stage:
        with exclusive(warehouse_of(folder)):
            print(json.dumps(STAGES[arguments.stage](folder)))
        return
    figures = measured(folder, arguments.accounts)
    print_table(figures)
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2))


def measured(folder: Path, accounts: int) -> dict[str, Any]:
    """All stages, each in a process of its own."""
    subscriptions = round(accounts / ACCOUNTS_PER_SUBSCRIPTION)
    write_month(
        folder / "operator",
        subscriptions * RECORDS_PER_SUBSCRIPTION,
        subscriptions=subscriptions,
        tables=TABLES,
    )
    shutil.rmtree(folder / "run", ignore_errors=True)
    (folder / "run").mkdir()
    figures: dict[str, Any] = {"machine": machine(), "accounts": accounts}
    for name in STAGES:
        command = [sys.executable, "-m", "benchmarks.billing.run", "--stage", name]
        command += ["--folder", str(folder.parent), "--accounts", str(accounts)]
        done = measure(command)
        if done.returncode:
            sys.exit(done.output)
        figures[name] = {**json.loads(done.output.splitlines()[-1]), **done.figures()}
        print(f"{name}: {figures[name]['wall']:.1f} s", file=sys.stderr, flush=True)
    return figures


def warehouse_of(folder: Path) -> Path:
    """The warehouse of one run."""
    return folder / "run" / "billhouse.duckdb"


def steps_of(folder: Path) -> Any:
    """The steps of a bill run over this folder."""
    from orchestration import environment
    from orchestration.steps import Steps

    where = environment.resolve(
        operator=folder / "operator", warehouse=warehouse_of(folder), variables={}
    )
    return Steps(environment=where.activate())


def timed(work: Callable[[], Any]) -> dict[str, Any]:
    """Processor and wall seconds of the work alone, without the start of Python."""
    cpu, wall = time.process_time(), time.perf_counter()
    found = work()
    return {
        "cpu": time.process_time() - cpu,
        "wall": time.perf_counter() - wall,
        **(found if isinstance(found, dict) else {}),
    }


def build(folder: Path, select: list[str], exclude: list[str]) -> list[Any]:
    """Build with dbt as a draft does; ends the benchmark where a model or a test is bad."""
    from orchestration import dbt
    from orchestration.steps import described

    steps = steps_of(folder)
    nodes = dbt.build(
        warehouse=steps.environment.warehouse,
        bill_date=date.fromisoformat(BILL_DATE),
        select=select,
        exclude=exclude,
        scratch=steps.environment.scratch,
    )
    if faults := [described(node) for node in nodes if node.is_bad]:
        sys.exit("\n".join(faults))
    return nodes


def rate_stage(folder: Path) -> dict[str, Any]:
    """Load and rate: what the benchmark begins with."""
    from orchestration import bill_runs

    def work() -> None:
        steps = steps_of(folder)
        steps.load()
        with steps.connect() as con:
            bill_runs.begin(con, date.fromisoformat(BILL_DATE))
        build(folder, list(DOMAINS), [])

    return timed(work)


def limit_stage(folder: Path) -> dict[str, Any]:
    """The limit, the middle of three."""

    def work() -> None:
        with steps_of(folder).connect() as con:
            con.execute(LIMIT)

    return sorted((timed(work) for _ in range(3)), key=lambda taken: taken["cpu"])[1]


def drafts_stage(folder: Path) -> dict[str, Any]:
    """Everything of a draft that comes after rating, checks included."""
    from orchestration import bill_runs, dbt

    def work() -> dict[str, Any]:
        build(folder, [dbt.DRAFT_SELECTION], [dbt.ISSUED_SELECTION, *DOMAINS])
        with steps_of(folder).connect() as con:
            bill_runs.complete(con, date.fromisoformat(BILL_DATE), ())
            drafts, lines = con.execute(
                "select count(*), (select count(*) from invoicing.draft_invoice_lines) "
                "from invoicing.draft_invoices"
            ).fetchall()[0]
        return {"drafts": drafts, "lines": lines}

    return timed(work)


def issue_stage(folder: Path) -> dict[str, Any]:
    """The transaction that issues."""

    def work() -> dict[str, Any]:
        report = steps_of(folder).issue(date.fromisoformat(BILL_DATE))
        return {"issued": report.issued}

    return timed(work)


def books_stage(folder: Path) -> dict[str, Any]:
    """What reads issued documents."""

    def work() -> None:
        steps_of(folder).build_issued(date.fromisoformat(BILL_DATE))

    return timed(work)


def archive_stage(folder: Path) -> dict[str, Any]:
    """One file per document, forced to the disk."""

    def work() -> None:
        steps_of(folder).keep()

    return timed(work)


STAGES: dict[str, Callable[[Path], dict[str, Any]]] = {
    "rate": rate_stage,
    "limit": limit_stage,
    "drafts": drafts_stage,
    "issue": issue_stage,
    "books": books_stage,
    "archive": archive_stage,
}


def print_table(figures: dict[str, Any]) -> None:
    """Markdown for benchmarks/README.md."""
    issued, lines = figures["issue"]["issued"], figures["drafts"]["lines"]
    limit = figures["limit"]["cpu"]
    print(figures["machine"])
    print(f"{issued:,} documents with {lines:,} lines")
    print()
    print("| step | wall s | CPU s | peak MiB | accounts/s | CPU ratio to the limit |")
    print("|---|---|---|---|---|---|")

    def row(name: str, wall: float, cpu: float, peak: float) -> None:
        print(
            f"| {name} | {wall:.1f} | {cpu:.1f} | {peak:,.0f} | {issued / wall:,.0f} "
            f"| {cpu / limit:.1f} |"
        )

    for name in ("limit", "drafts", "issue"):
        taken = figures[name]
        row(name, taken["wall"], taken["cpu"], taken["peak_mib"])
    both = [figures["drafts"], figures["issue"]]
    row(
        "rated_usage to issued documents",
        sum(taken["wall"] for taken in both),
        sum(taken["cpu"] for taken in both),
        max(taken["peak_mib"] for taken in both),
    )
    for name in ("books", "archive"):
        taken = figures[name]
        row(name, taken["wall"], taken["cpu"], taken["peak_mib"])


if __name__ == "__main__":
    main()
