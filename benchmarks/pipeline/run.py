"""Usage files to drafts, against one DuckDB pass that reads the same files.

    python -m benchmarks.pipeline.run --records 1000000 --folder <scratch>

The demo operator is written in the size asked for (every feed format, three months), then
`billhouse draft` loads it all and builds the drafts of the last bill date. The limit is one
DuckDB process that reads every file of the `billhouse` feed (more than nine records in ten)
and sums the usage per subscriber and service. Prints a table in Markdown, and JSON with --json.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from benchmarks.measuring import Measured, machine, measure

# What `write_demo` makes of one subscriber in three months, roughly.
RECORDS_PER_SUBSCRIBER = 106

LIMIT = """
import sys, duckdb
folder = sys.argv[1]
con = duckdb.connect()
parts = []
from pathlib import Path
files = [str(p) for p in Path(folder, "cdr", "core").rglob("*") if p.is_file()]
csv = [f for f in files if ".csv" in f]
lines = [f for f in files if ".jsonl" in f]
parquet = [f for f in files if f.endswith(".parquet")]
columns = ("subscriber, service, try_cast(duration_seconds as decimal(18, 6)) as seconds, "
    "try_cast(bytes_uplink as bigint) as up, try_cast(bytes_downlink as bigint) as down")
if csv:
    parts.append(f"select {columns} from read_csv({csv}, all_varchar=true, header=true, "
        "null_padding=true, ignore_errors=true, union_by_name=true)")
if lines:
    parts.append(f"select {columns} from read_json({lines}, format='newline_delimited', "
        "ignore_errors=true, union_by_name=true)")
if parquet:
    parts.append(f"select {columns} from read_parquet({parquet}, union_by_name=true)")
print(con.execute("select count(*), sum(n), sum(s), sum(b) from (select subscriber, service, "
    "count(*) n, sum(seconds) s, sum(up + down) b from (" + " union all ".join(parts) +
    ") group by all)").fetchone())
"""


def main() -> None:
    """Write the operator, measure the limit and the draft, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, required=True, help="scratch folder")
    parser.add_argument("--json", type=Path, help="write the figures here too")
    arguments = parser.parse_args()
    operator = arguments.folder / f"operator-{arguments.records}"
    billhouse = str(Path(sys.executable).parent / "billhouse")
    if not operator.exists():
        subscribers = str(arguments.records // RECORDS_PER_SUBSCRIBER)
        demo = measure([billhouse, "demo", str(operator), "--subscribers", subscribers, "--json"])
        if demo.returncode:
            sys.exit(demo.output)
    warehouse = arguments.folder / f"warehouse-{arguments.records}"
    for old in warehouse.glob("*"):
        if old.is_file():
            old.unlink()
    environment = {
        "BILLHOUSE_OPERATOR": str(operator),
        "BILLHOUSE_WAREHOUSE": str(warehouse / "billhouse.duckdb"),
    }
    limit = measure([sys.executable, "-c", LIMIT, str(operator)])
    bill_date = _last_bill_date(operator)
    draft = measure([billhouse, "draft", bill_date, "--json"], environment=environment)
    if draft.returncode or limit.returncode:
        sys.exit(limit.output + draft.output)
    records = _records(Path(environment["BILLHOUSE_WAREHOUSE"]))
    _print_table(records, limit, draft)
    if arguments.json:
        arguments.json.write_text(
            json.dumps(
                {
                    "machine": machine(),
                    "records": records,
                    "limit": limit.figures(),
                    "draft": draft.figures(),
                },
                indent=2,
            )
        )


def _last_bill_date(operator: Path) -> str:
    """The last bill date whose period is full of usage: two months into the demo's three."""
    import yaml

    settings = yaml.safe_load((operator / "operator.yaml").read_text())
    first = settings["billing"]["first_period"]
    month = first.month + 3
    return first.replace(
        year=first.year + (month - 1) // 12, month=(month - 1) % 12 + 1
    ).isoformat()


def _records(warehouse: Path) -> int:
    import duckdb

    with duckdb.connect(str(warehouse), read_only=True) as con:
        found = con.execute("select sum(lines) from raw.usage_files").fetchone()
    return int(found[0]) if found else 0


def _print_table(records: int, limit: Measured, draft: Measured) -> None:
    print(machine())
    print("| step | wall s | CPU s | peak MiB | records/s | CPU ratio to the limit |")
    print("|---|---|---|---|---|---|")
    for name, measured in (("one DuckDB pass over the files", limit), ("billhouse draft", draft)):
        print(
            f"| {name} | {measured.wall_seconds:.1f} | {measured.cpu_seconds:.1f} "
            f"| {measured.peak_mib:.0f} | {records / measured.wall_seconds:,.0f} "
            f"| {measured.cpu_seconds / limit.cpu_seconds:.1f} |"
        )


if __name__ == "__main__":
    main()
