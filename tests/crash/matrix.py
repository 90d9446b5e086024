"""Kills `billhouse draft` and `issue`, repeats them, and compares with an undisturbed run.

A kill is placed by processor time: a command is killed when it and its children have used a given
share of what it used undisturbed. So the kills spread over the whole of it, however busy the
machine is.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import duckdb

from orchestration import dbt

ROOT = Path(__file__).parents[2]
FOREIGN = ("BILLHOUSE_", "STRIPE_", "DAGSTER_", "DBT_")
POLL_SECONDS = 0.02
# No rule reads the clock (1.3); the instant of a load is a fact and is given.
LOADED_AT = "{bill_date}T04:00:00+00:00"

# The identifier that the Stripe server makes up; two undisturbed runs differ in it.
STRIPE_IDS = ("stripe_id",)
# Of an object at Stripe, what says whether it is there once and right. Its ids, times and counters
# are the server's own, in the order in which requests come, several at a time.
STRIPE_FACTS = ("number", "name", "email", "currency", "amount", "total", "amount_due", "status")

# How far a run came: the next one goes on from these notes.
NOTES = ("int_judged_files", "int_rated_until")

Snapshot = dict[str, str]  # what it is (table, file, object at Stripe) → digest of its content


class CommandFailed(Exception):
    """A command that nobody killed did not end well."""


@dataclass(frozen=True)
class Killed:
    """How one killed command ended."""

    at: str  # what it was doing, as it told last
    cpu_seconds: float


@dataclass(frozen=True)
class Place:
    """An operator folder, and the one folder of all that a bill run writes."""

    operator: Path
    root: Path

    @property
    def warehouse(self) -> Path:
        return self.root / "billhouse.duckdb"

    @property
    def told(self) -> Path:
        return self.root / "told.txt"

    def copy_from(self, saved: Path) -> None:
        """Put a saved state in the place of what stands."""
        shutil.rmtree(self.root, ignore_errors=True)
        if saved.exists():
            shutil.copytree(saved, self.root)
        else:
            self.root.mkdir(parents=True)

    def save_to(self, saved: Path) -> None:
        """Keep what stands under another name."""
        shutil.rmtree(saved, ignore_errors=True)
        shutil.copytree(self.root, saved)

    @contextmanager
    def running(self, arguments: list[str]) -> Iterator[subprocess.Popen[bytes]]:
        """`billhouse` with these arguments, at a Stripe server of its own that survives it."""
        self.told.unlink(missing_ok=True)
        own = {k: v for k, v in os.environ.items() if not k.startswith(FOREIGN)}
        server = subprocess.Popen(
            [
                *(sys.executable, "-m", "gateways.stripe_fake"),
                *("--port", "0", "--state", str(self.root / "stripe.json")),
            ],
            cwd=ROOT,
            env=own,
            stdout=subprocess.PIPE,
        )
        try:
            assert server.stdout is not None
            url = server.stdout.readline().decode().strip()
            with (self.root / "output.txt").open("wb") as output:
                process = subprocess.Popen(
                    [sys.executable, "-m", "tests.crash.watched", str(self.told), *arguments],
                    cwd=ROOT,
                    env=own
                    | {
                        "BILLHOUSE_OPERATOR": str(self.operator),
                        "BILLHOUSE_WAREHOUSE": str(self.warehouse),
                        "STRIPE_API_KEY": "sk_test_crash",
                        "BILLHOUSE_STRIPE_URL": url,
                    },
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    start_new_session=True,
                )
                yield process
        finally:
            server.terminate()
            server.wait()
            assert server.stdout is not None
            server.stdout.close()

    def run(self, arguments: list[str]) -> float:
        """Run to the end; returns the processor seconds used. Raises CommandFailed."""
        with self.running(arguments) as process:
            used = 0.0
            while process.poll() is None:
                used = max(used, cpu_seconds(process.pid))
                time.sleep(POLL_SECONDS)
        if process.returncode:
            output = (self.root / "output.txt").read_text(errors="replace")
            raise CommandFailed(f"{' '.join(arguments)}: {process.returncode}\n{output}")
        return used

    def kill(self, arguments: list[str], after_cpu_seconds: float) -> Killed | None:
        """Run and kill it; None when it came to its end before."""
        with self.running(arguments) as process:
            used = 0.0
            while process.poll() is None:
                used = max(used, cpu_seconds(process.pid))
                if used >= after_cpu_seconds:
                    process.send_signal(signal.SIGKILL)
                    break
                time.sleep(POLL_SECONDS)
            process.wait()
            _await_orphans(process.pid)
        if process.returncode != -signal.SIGKILL:
            return None
        told = self.told.read_text().splitlines() if self.told.exists() else []
        return Killed(at=told[-1] if told else "start", cpu_seconds=used)

    def snapshot(self) -> Snapshot:
        """Digests of everything that a bill run leaves behind, Dagster's own records aside."""
        found: Snapshot = {}
        passing = work_tables()
        with duckdb.connect(str(self.warehouse), read_only=True) as con:
            for schema, table in con.execute(
                "select schema_name, table_name from duckdb_tables() where not internal"
            ).fetchall():
                if f"{schema}.{table}" in passing:
                    continue
                found[f"{schema}.{table}"] = _table_digest(con, schema, table)
        documents = self.root / "documents"
        for path in sorted(documents.rglob("*")):
            if path.is_file():
                found[str(path.relative_to(self.root))] = _file_digest(path)
        found |= _at_stripe(self.root / "stripe.json")
        return found


def draft_command(bill_date: str) -> list[str]:
    """Arguments of `billhouse` for drafting."""
    return ["draft", bill_date, "--loaded-at", LOADED_AT.format(bill_date=bill_date), "--json"]


def issue_command(bill_date: str) -> list[str]:
    """Arguments of `billhouse` for issuing."""
    return ["issue", bill_date, "--json"]


def differences(wanted: Mapping[str, str], found: Mapping[str, str]) -> list[str]:
    """What is missing, too many or other than wanted, by its name."""
    return [
        f"{name}: {'missing' if name not in found else 'extra' if name not in wanted else 'other'}"
        for name in sorted({*wanted, *found})
        if wanted.get(name) != found.get(name)
    ]


@cache
def work_tables() -> frozenset[str]:
    """Private tables that hold what the last run worked on, and nothing that a later run reads.

    The usage that a run judges ("int_judging_scope") is what is new to it. When a draft is killed
    after it has rated everything, nothing is new to the next one and these tables stand empty,
    as after an undisturbed run that was repeated. What they lead to is kept in other tables, and
    those are compared.
    """
    manifest = dbt.read_manifest()
    nodes: dict[str, Any] = manifest["nodes"]
    waiting = [name for name in nodes if name.endswith(".int_judging_scope")]
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in found or nodes.get(name, {}).get("resource_type") != "model":
            continue
        found.add(name)
        waiting += manifest["child_map"][name]
    return frozenset(
        f"{node['schema']}.{node['alias']}"
        for node in (nodes[name] for name in found)
        if node["config"]["materialized"] == "table"
        and node["schema"] in ("mediation", "rating")
        and node["name"].startswith("int_")
        and node["name"] not in NOTES
    )


# --- processor time ------------------------------------------------------------------------------


def cpu_seconds(pid: int) -> float:
    """Processor seconds of a process, its children, and those of them that have ended."""
    ticks = 0
    waiting = [pid]
    while waiting:
        process = waiting.pop()
        try:
            stat = Path(f"/proc/{process}/stat").read_text()
            children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
        except OSError:
            continue
        # utime, stime, cutime, cstime, counted after the name in brackets
        ticks += sum(map(int, stat.rpartition(")")[2].split()[11:15]))
        waiting += [int(child) for child in children]
    return ticks / os.sysconf("SC_CLK_TCK")


def _await_orphans(group: int, seconds: float = 60) -> None:
    """Workers of a killed run end by themselves when they notice."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    os.killpg(group, signal.SIGKILL)
    raise CommandFailed(f"processes of the killed run {group} did not end in {seconds} s")


# --- digests -------------------------------------------------------------------------------------


def _table_digest(con: duckdb.DuckDBPyConnection, schema: str, table: str) -> str:
    """Number of rows and the sum of their hashes: the same in whatever order they stand."""
    columns = [
        column
        for (column,) in con.execute(
            "select column_name from duckdb_columns() where schema_name = ? and table_name = ? "
            "order by column_index",
            [schema, table],
        ).fetchall()
        if column not in STRIPE_IDS
    ]
    listed = ", ".join(f'"{column}"' for column in columns)
    row = con.execute(
        f'select count(*), sum(cast(hash({listed}) as hugeint)) from "{schema}"."{table}"'
    ).fetchone()
    return f"{','.join(columns)} {row}"


def _file_digest(path: Path) -> str:
    content = path.read_bytes()
    if path.name == "manifest.jsonl":
        # Workers end in any order.
        content = b"\n".join(sorted(content.splitlines()))
    return hashlib.sha256(content).hexdigest()


def _at_stripe(journal: Path) -> Snapshot:
    """Each object by kind and what it says, as often as there is one like it."""
    objects: dict[tuple[str, str], Any] = {}
    if journal.exists():
        for line in journal.read_text().splitlines():
            entry = json.loads(line)
            if entry["kind"] not in ("saved_answer", "event"):
                objects[entry["kind"], entry["object"]["id"]] = entry["object"]
    counted = Counter(
        f"stripe {kind} {json.dumps({fact: item.get(fact) for fact in STRIPE_FACTS})}"
        for (kind, _), item in objects.items()
    )
    return {name: str(number) for name, number in counted.items()}
