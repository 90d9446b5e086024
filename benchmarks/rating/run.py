"""From loaded raw rows to `rated_usage`: what each model costs, against one pass over the rows.

    python -m benchmarks.rating.run --records 1000000 --folder <scratch>

The month of benchmarks/rating/month.py is loaded, then the models of catalog, customers,
mediation and rating are built as a bill run builds them, one after another so that the processor
time of each is its own. Measured in the same run:

- the limit: one DuckDB pass over the same rows, summed per subscriber and service, over the raw
  table of the warehouse and over the Parquet files as they came; before the month and after it, as
  the speed of a shared machine changes within a minute;
- one more day: 29 days are loaded and rated, then the 30th comes; its cost against its share
  (`--day`: this alone);
- a plain per-record Python rater with the same simplest tariff (`--python`).

CPU seconds are those of the process that builds; the peak is its greatest resident memory.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from benchmarks.measuring import machine, measure
from benchmarks.rating.month import BILL_DATE, DAYS, write_month
from ingestion.usage_files import SETTLED_NS

DOMAINS = ("catalog", "customers", "mediation", "rating")
PASSES = ("table", "parquet")
LIMIT = """
    select count(*), sum(n), sum(s), sum(b) from (
        select subscriber, service, count(*) as n, sum(duration_seconds) as s,
            sum(bytes_uplink + bytes_downlink) as b
        from {relation} group by all)"""


def main() -> None:
    """Measure one size and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, required=True, help="scratch folder")
    parser.add_argument("--python", action="store_true", help="also the per-record Python rater")
    parser.add_argument("--day", action="store_true", help="only one more day after 29")
    parser.add_argument("--json", type=Path, help="write the figures here too")
    parser.add_argument("--stage", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.stage:
        print(json.dumps(STAGES[arguments.stage](arguments.folder, arguments.records)))
        return
    figures = measured(
        arguments.folder, arguments.records, only_day=arguments.day, python=arguments.python
    )
    print(figures["machine"])
    if not arguments.day:
        print_month(figures)
    print_day(figures)
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2))


def measured(folder: Path, records: int, *, only_day: bool, python: bool) -> dict[str, Any]:
    """All stages, each in a process of its own; or only those of one more day."""
    operator = folder / f"month-{records}"
    write_month(operator, records)
    days = [operator / "cdr" / "core" / f"usage-2026-10-{day:02d}.parquet" for day in (30, 31)]
    for file in folder.glob(f"warehouse-{records}*"):
        shutil.rmtree(file)
    for day in days:
        if day.exists():
            day.rename(operator / day.name)
    figures: dict[str, Any] = {"machine": machine(), "records": records}
    # as between days: a load remembers files that have not been written to just now
    time.sleep(SETTLED_NS / 1e9 + 0.5)
    figures["load of 29 days"] = stage("load", folder, records)
    figures["29 days"] = stage("rate", folder, records)
    figures["29 days again"] = stage("rate", folder, records)
    (operator / days[0].name).rename(days[0])
    figures["load of one more day"] = stage("load", folder, records)
    figures["one more day"] = stage("rate", folder, records)
    if only_day:
        return figures
    (operator / days[1].name).rename(days[1])
    shutil.rmtree(folder / f"warehouse-{records}")
    figures["load of the month"] = stage("load", folder, records)
    before = stage("limit", folder, records)
    figures["month"] = stage("rate", folder, records)
    after = stage("limit", folder, records)
    figures["limits"] = [before, after]
    figures["limit"] = {
        name: [sum(taken) / 2 for taken in zip(before[name], after[name], strict=True)]
        for name in PASSES
    }
    if python:
        figures["python"] = stage("python", folder, records)
    return figures


def stage(name: str, folder: Path, records: int) -> dict[str, Any]:
    """Run one stage in a process of its own; its figures and its peak memory."""
    command = [sys.executable, "-m", "benchmarks.rating.run", "--stage", name]
    command += ["--folder", str(folder), "--records", str(records)]
    done = measure(command)
    if done.returncode:
        sys.exit(done.output)
    return {**json.loads(done.output.splitlines()[-1]), **done.figures()}


def warehouse_of(folder: Path, records: int) -> Path:
    """The warehouse of one size."""
    return folder / f"warehouse-{records}" / "billhouse.duckdb"


def load_stage(folder: Path, records: int) -> dict[str, Any]:
    """Load what is new."""
    from ingestion.loading import load
    from orchestration import warehouse

    path = warehouse_of(folder, records)
    path.parent.mkdir(parents=True, exist_ok=True)
    with warehouse.exclusive(path), warehouse.connect(path) as con:
        report = load(con, folder / f"month-{records}")
    return {"files": report.files_loaded, "loaded": report.records}


def limit_stage(folder: Path, records: int) -> dict[str, Any]:
    """One pass over the same rows, the middle of five: CPU and wall seconds per relation."""
    import duckdb

    files = folder / f"month-{records}" / "cdr" / "core" / "*.parquet"
    relations = {"table": "raw.usage_records", "parquet": f"read_parquet('{files}')"}
    found: dict[str, Any] = {}
    with duckdb.connect(str(warehouse_of(folder, records)), read_only=True) as con:
        con.execute(f"set threads = {os.cpu_count()}; set preserve_insertion_order = false")
        for name in PASSES:
            relation = relations[name]
            taken = []
            for _ in range(5):
                wall, cpu = time.perf_counter(), time.process_time()
                con.execute(LIMIT.format(relation=relation)).fetchall()
                taken.append((time.process_time() - cpu, time.perf_counter() - wall))
            found[name] = sorted(taken)[2]
    return found


def rate_stage(folder: Path, records: int) -> dict[str, Any]:
    """Build the models of DOMAINS as a draft does; processor and wall seconds of each.

    One after another, where a draft builds two at a time.
    """
    from dbt.cli.main import dbtRunner

    from orchestration import dbt, reference, warehouse
    from orchestration.environment import DBT_PROJECT

    started: dict[str, tuple[float, float]] = {}
    taken: dict[str, tuple[float, float]] = {}

    def on_event(event: Any) -> None:
        if event.info.name not in ("NodeStart", "NodeFinished"):
            return
        now = time.process_time(), time.perf_counter()
        name = event.data.node_info.node_name
        if event.info.name == "NodeStart":
            started[name] = now
        else:
            taken[name] = now[0] - started[name][0], now[1] - started[name][1]

    path = warehouse_of(folder, records)
    bill_date = date.fromisoformat(BILL_DATE)
    os.environ["BILLHOUSE_WAREHOUSE"] = str(path)
    manifest = dbt.parse(path.stem)
    cpu, wall = time.process_time(), time.perf_counter()
    with warehouse.exclusive(path), warehouse.connect(path) as con:
        reference.prepare(con)
        resting_on = reference.state(con, bill_date, dbt.rules_digest())
        standing = reference.standing(con, bill_date, resting_on)
        reference.forget(con, standing)
    variables = {"bill_date": BILL_DATE, "rules_digest": dbt.rules_digest()}
    unchanged = reference.models(manifest.nodes, manifest.macros, standing)
    with dbt.left_out(unchanged.values()) as them:
        done = dbtRunner(manifest=manifest, callbacks=[on_event]).invoke(
            [
                *(
                    "--log-level",
                    "none",
                    "--log-level-file",
                    "none",
                    "--log-path",
                    str(path.parent),
                ),
                *("run", "--threads", "1", "--no-write-json", "--target-path", str(path.parent)),
                *("--vars", json.dumps(variables)),
                *("--project-dir", str(DBT_PROJECT), "--profiles-dir", str(DBT_PROJECT)),
                *("--select", *DOMAINS, "--exclude", them),
            ]
        )
    if not done.success:
        results: Any = done.result  # none where dbt itself could not run
        failed = [
            f"{run.node.name}: {run.message}"
            for run in (results.results if results else [])
            if run.status == "error"
        ]
        sys.exit("\n".join(failed) or str(done.exception))
    # closing writes what is still in the log to the file: a part of the cost
    dbt.close_connections()
    with warehouse.exclusive(path), warehouse.connect(path) as con:
        reference.remember(con, resting_on, usage=True)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    with warehouse.exclusive(path), warehouse.connect(path) as con:
        parts = con.execute("select count(*) from rating.int_rated_parts").fetchall()[0][0]
    return {"cpu": cpu, "wall": wall, "parts": parts, "models": taken}


def python_stage(folder: Path, records: int) -> dict[str, Any]:
    """The per-record comparison, on at most a million records."""
    from benchmarks.rating import per_record

    return dict(per_record.rate(folder / f"month-{records}", min(records, 1_000_000)))


STAGES: dict[str, Callable[[Path, int], dict[str, Any]]] = {
    "load": load_stage,
    "limit": limit_stage,
    "rate": rate_stage,
    "python": python_stage,
}


def print_month(figures: dict[str, Any]) -> None:
    """The month as Markdown for benchmarks/README.md."""
    records = figures["records"]
    limit = figures["limit"]["parquet"][0]
    month, day = figures["month"], figures["one more day"]
    print()
    print(
        f"| {records:,} records | wall s | CPU s | peak MiB | records/s | CPU ratio to the limit |"
    )
    print("|---|---|---|---|---|---|")
    for name in PASSES:
        cpu, wall = figures["limit"][name]
        print(
            f"| one pass over the {name} | {wall:.2f} | {cpu:.2f} | "
            f"| {records / wall:,.0f} | {cpu / limit:.1f} |"
        )
    for name, rows in (("month", records), ("29 days again", 0)):
        taken = figures[name]
        speed = f"{rows / taken['wall']:,.0f}" if rows else ""
        print(
            f"| {name} | {taken['wall']:.1f} | {taken['cpu']:.1f} | {taken['peak_mib']:.0f} "
            f"| {speed} | {taken['cpu'] / limit:.1f} |"
        )
    if "python" in figures:
        taken = figures["python"]
        cpu = taken["cpu"] * records / taken["records"]
        print(
            f"| per record in Python, simplest tariff | {cpu:.0f} | {cpu:.0f} | "
            f"| {taken['records'] / taken['wall']:,.0f} | {cpu / limit:.0f} |"
        )
    print()
    print("| model | CPU s of the month | share | CPU s of one more day |")
    print("|---|---|---|---|")
    ranked = sorted(month["models"].items(), key=lambda item: -item[1][0])
    for name, (cpu, _) in ranked[:25]:
        again = day["models"].get(name, [0.0])[0]
        print(f"| {name} | {cpu:.2f} | {cpu / month['cpu']:.0%} | {again:.2f} |")
    rest = sum(cpu for _, (cpu, _) in ranked[25:])
    print(f"| {len(ranked) - 25} others | {rest:.2f} | {rest / month['cpu']:.0%} | |")
    told = ", ".join(f"{before['parquet'][0]:.2f}" for before in figures["limits"])
    print(f"\nThe pass over the Parquet files before and after the month: {told} CPU s.")


def print_day(figures: dict[str, Any]) -> None:
    """One more day after 29, against a day's share of the 29."""
    day = figures["one more day"]
    print()
    print("| one more day after 29, CPU s | of the load | of the rating | shares of a day |")
    print("|---|---|---|---|")
    loads = (
        figures["load of 29 days"]["cpu_seconds"],
        figures["load of one more day"]["cpu_seconds"],
    )
    share = (loads[0] + figures["29 days"]["cpu"]) / (DAYS - 2)
    print(
        f"| {loads[1] + day['cpu']:.1f} | {loads[1]:.1f} | {day['cpu']:.1f} "
        f"| {(loads[1] + day['cpu']) / share:.2f} |"
    )


if __name__ == "__main__":
    main()
