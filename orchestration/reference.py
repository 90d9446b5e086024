"""Tables that the operator folder alone decides: they stand until it or a rule changes.

Half of the models rest on catalogue and customers, not on usage. A day of new files leaves them as
they are, so a build of the same bill date leaves them out. What they were built from is noted when
all of them stand, and forgotten before any of them is built again: a build that is cut short
leaves no note.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Any

import duckdb

from ingestion.tables import TABLES
from orchestration.warehouse import has_table

# A model with this tag is built in every run, whatever it rests on.
EVERY_RUN = "every_run"

TABLE = """
create schema if not exists customers;

create table if not exists customers.reference_builds (
    digest varchar not null
);
"""


def prepare(con: duckdb.DuckDBPyConnection) -> None:
    """Create the table, when it does not stand yet."""
    con.execute(TABLE)


@lru_cache(maxsize=1)
def _sources() -> tuple[str, ...]:
    return ("operator", *sorted(table.name for table in TABLES))


def digest(con: duckdb.DuckDBPyConnection, bill_date: date, rules: str) -> str:
    """SHA-256 of all that these tables rest on: rows as loaded, bill date, the rules themselves."""
    found = hashlib.sha256(f"{rules} {bill_date}".encode())
    for name in _sources():
        rows = con.execute(
            f"select count(*), sum(cast(hash(row_) as hugeint)) from raw.{name} as row_"
        ).fetchone()
        found.update(f" {name} {rows}".encode())
    return found.hexdigest()


def stands(con: duckdb.DuckDBPyConnection, bill_date: date, wanted: str) -> bool:
    """Whether the tables were built from this, and nobody has built for another date since."""
    if con.execute("select digest from customers.reference_builds").fetchall() != [(wanted,)]:
        return False
    if not has_table(con, "customers", "bill_run"):
        return False
    return con.execute("select bill_date from customers.bill_run").fetchall() == [(bill_date,)]


def forget(con: duckdb.DuckDBPyConnection) -> None:
    """Before any of the tables is built."""
    con.execute("delete from customers.reference_builds")


def remember(con: duckdb.DuckDBPyConnection, built: str) -> None:
    """After all of the tables were built."""
    con.execute("begin transaction")
    forget(con)
    con.execute("insert into customers.reference_builds values (?)", [built])
    con.execute("commit")


def models(nodes: Mapping[str, Any]) -> dict[str, Any]:
    """The models that rest on the operator folder alone, by id, each after those that it reads.

    `nodes`: those of a manifest.
    """
    wanted = set(_sources())
    known: dict[str, bool] = {}
    found: dict[str, Any] = {}

    def rests_on_reference(unique_id: str) -> bool:
        if unique_id not in known:
            if unique_id.startswith("source."):
                schema, name = unique_id.split(".")[-2:]
                known[unique_id] = schema == "raw" and name in wanted
            else:
                node = nodes[unique_id]
                # every parent is looked at, so that it comes first
                parents = [rests_on_reference(parent) for parent in node.depends_on.nodes]
                known[unique_id] = EVERY_RUN not in node.tags and all(parents)
                if known[unique_id]:
                    found[unique_id] = node
        return known[unique_id]

    for unique_id, node in nodes.items():
        if node.resource_type == "model":
            rests_on_reference(unique_id)
    return found
