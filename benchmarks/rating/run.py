"""From loaded raw rows to `rated_usage`: what each model costs, against one pass over the rows.

    python -m benchmarks.rating.run --records 1000000 --folder <scratch>

The month of benchmarks/rating/month.py is loaded, then the models of catalog, customers,
mediation and rating are built as a bill run builds them, one after another so that the processor
time of each is its own. Measured in the same run:

- the limit: one DuckDB pass over the same rows, summed per subscriber and service, over the raw
  table of the warehouse and over the Parquet files as they came;
- one more day: 30 days are loaded and rated, then the 31st comes; its cost against its share;
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
from pathlib import Path
from typing import Any

from benchmarks.measuring import machine, measure
from benchmarks.rating.month import BILL_DATE, DAYS, write_month

DOMAINS = ("catalog", "customers", "mediation", "rating")
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
    parser.add_argument("--json", type=Path, help="write the figures here too")
    parser.add_argument("--stage", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.stage:
        print(json.dumps(STAGES[arguments.stage](arguments.folder, arguments.records)))
        return
    figures = measured(arguments.folder, arguments.records, python=arguments.python)
    print_tables(figures)
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2))


def measured(folder: Path, records: int, *, python: bool) -> dict[str, Any]:
    """All stages, each in a process of its own."""
    operator = folder / f"month-{records}"
    write_month(operator, records)
    last_day = operator / "cdr" / "core" / f"usage-2026-10-{DAYS:02d}.parquet"
    held_back = operator / last_day.name
    for file in folder.glob(f"warehouse-{records}*"):
        shutil.rmtree(file)
    if last_day.exists():
        last_day.rename(held_back)
    figures: dict[str, Any] = {"machine": machine(), "records": records}
    figures["load of 30 days"] = stage("load", folder, records)
    figures["30 days"] = stage("rate", folder, records)
    figures["30 days again"] = stage("rate", folder, records)
    held_back.rename(last_day)
    figures["load of one more day"] = stage("load", folder, records)
    figures["one more day"] = stage("rate", folder, records)
    shutil.rmtree(folder / f"warehouse-{records}")
    figures["load of the month"] = stage("load", folder, records)
    figures["limit"] = stage("limit", folder, records)
    figures["month"] = stage("rate", folder, records)
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
    """One pass over the same rows, the middle of five."""
    import duckdb

    files = folder / f"month-{records}" / "cdr" / "core" / "*.parquet"
    found: dict[str, Any] = {}
    with duckdb.connect(str(warehouse_of(folder, records)), read_only=True) as con:
        con.execute(f"set threads = {os.cpu_count()}; set preserve_insertion_order = false")
        for name, relation in (
            ("table", "raw.usage_records"),
            ("parquet", f"read_parquet('{files}')"),
        ):
            taken = []
            for _ in range(5):
                wall, cpu = time.perf_counter(), time.process_time()
                con.execute(LIMIT.format(relation=relation)).fetchall()
                taken.append((time.process_time() - cpu, time.perf_counter() - wall))
            found[name] = sorted(taken)[2]
    return found


def rate_stage(folder: Path, records: int) -> dict[str, Any]:
    """Build the models of DOMAINS; processor and wall seconds of each."""
    from dbt.cli.main import dbtRunner

    from orchestration import dbt
    from orchestration.environment import DBT_PROJECT

    started: dict[str, tuple[float, float]] = {}
    taken: dict[str, tuple[float, float]] = {}

    def on_event(event: Any) -> None:
        now = time.process_time(), time.perf_counter()
        if event.info.name == "NodeStart":
            started[event.data.node_info.node_name] = now
        elif event.info.name == "NodeFinished":
            name = event.data.node_info.node_name
            taken[name] = now[0] - started[name][0], now[1] - started[name][1]

    path = warehouse_of(folder, records)
    os.environ["BILLHOUSE_WAREHOUSE"] = str(path)
    manifest = dbt.parse(path.stem)
    cpu, wall = time.process_time(), time.perf_counter()
    done = dbtRunner(manifest=manifest, callbacks=[on_event]).invoke(
        [
            *("--log-level", "none", "--log-level-file", "none", "--log-path", str(path.parent)),
            *("run", "--threads", "1", "--no-write-json", "--target-path", str(path.parent)),
            *("--vars", json.dumps({"bill_date": BILL_DATE, "rules_digest": dbt.rules_digest()})),
            *("--project-dir", str(DBT_PROJECT), "--profiles-dir", str(DBT_PROJECT)),
            *("--select", *DOMAINS),
        ]
    )
    if not done.success:
        results: Any = done.result
        failed = [f"{r.node.name}: {r.message}" for r in results.results if r.status == "error"]
        sys.exit("\n".join(failed))
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return {"cpu": cpu, "wall": wall, "models": taken}


STAGES: dict[str, Callable[[Path, int], dict[str, Any]]] = {
    "load": load_stage,
    "limit": limit_stage,
    "rate": rate_stage,
}


def print_tables(figures: dict[str, Any]) -> None:
    """Markdown for benchmarks/README.md."""


if __name__ == "__main__":
    main()
