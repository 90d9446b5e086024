"""What stands as it is: models of which nothing that they rest on has changed since the last build.

Half of the models rest on catalogue and customers, not on usage. A day of new files leaves them as
they are, so a build of the same bill date leaves them out; and where no file has come either, those
of mediation and rating too. Calendars stand while usage is of the months that it was of. A view
says the same in other words of whatever has come: it stands as long as rules and bill date do.

What was built from what is noted when all of it stands, and forgotten before any of it is built
again: a build that is cut short leaves no note.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

import duckdb

from ingestion.tables import TABLES
from orchestration.warehouse import has_table

# A model with this tag is built in every run to which anything is new.
EVERY_RUN = "every_run"

TABLE = """
create schema if not exists customers;

create table if not exists customers.reference_builds (
    digest varchar not null
);

alter table customers.reference_builds add column if not exists usage_digest varchar;
alter table customers.reference_builds add column if not exists usage_months varchar;
alter table customers.reference_builds add column if not exists later_usage varchar;
"""

# Usage as loaded; its tables only ever grow, by whole files.
USAGE = ("usage_files", "usage_records", "rejected_lines", "refused_files")
# Models with these tags know usage only by the months of its first and last start, or by what of it
# starts on the bill date or later.
USAGE_MONTHS, LATER_USAGE = "usage_months", "later_usage"
# The domains that stand when no usage has come. What bills also reads what was issued, in part
# without telling dbt.
DOMAINS_OF_USAGE = ("customers", "mediation", "rating")
# A view whose text depends on what these say is made in every run.
ASKING = frozenset({"macro.dbt.run_query", "macro.dbt.load_relation"})


@dataclass(frozen=True, kw_only=True)
class State:
    """SHA-256 of all that models can rest on, but for documents and decisions."""

    reference: str  # the operator folder, bill date and rules
    usage: str
    usage_months: str
    later_usage: str


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Of which of these nothing has changed since the last build; all imply `reference`."""

    reference: bool
    usage: bool
    tags: frozenset[str] = frozenset()  # of USAGE_MONTHS and LATER_USAGE


def prepare(con: duckdb.DuckDBPyConnection) -> None:
    """Create the table, when it does not stand yet."""
    con.execute(TABLE)


@lru_cache(maxsize=1)
def _sources() -> tuple[str, ...]:
    return ("operator", *sorted(table.name for table in TABLES))


def state(con: duckdb.DuckDBPyConnection, bill_date: date, rules: str) -> State:
    """What everything rests on now."""
    usage = _usage_digest(con)
    months, is_later = con.execute(
        """
        select
            strftime(min(started_at), '%Y-%m') || '/' || strftime(max(started_at), '%Y-%m'),
            max(started_at) >= ?
        from raw.usage_records
        """,
        [bill_date],
    ).fetchall()[0]
    return State(
        reference=digest(con, bill_date, rules),
        usage=usage,
        usage_months=str(months),
        later_usage=usage if is_later else "none",
    )


def digest(con: duckdb.DuckDBPyConnection, bill_date: date, rules: str) -> str:
    """SHA-256 of all that tables of the operator folder rest on: rows, bill date, the rules."""
    found = hashlib.sha256(f"{rules} {bill_date}".encode())
    for name in _sources():
        rows = con.execute(
            f"select count(*), sum(cast(hash(row_) as hugeint)) from raw.{name} as row_"
        ).fetchone()
        found.update(f" {name} {rows}".encode())
    return found.hexdigest()


def _usage_digest(con: duckdb.DuckDBPyConnection) -> str:
    found = hashlib.sha256()
    for name in USAGE:
        newest = "refused_at" if name == "refused_files" else "file_number"
        rows = con.execute(f"select count(*), max({newest}) from raw.{name}").fetchone()
        found.update(f" {name} {rows}".encode())
    return found.hexdigest()


def standing(con: duckdb.DuckDBPyConnection, bill_date: date, now: State) -> Standing:
    """What was built from this, unless somebody has built for another date since."""
    noted = con.execute(f"select {_NOTE} from customers.reference_builds").fetchall()
    if len(noted) != 1 or noted[0][0] != now.reference or not _is_of(con, bill_date):
        return Standing(reference=False, usage=False)
    _, usage, months, later = noted[0]
    tags = {USAGE_MONTHS: months == now.usage_months, LATER_USAGE: later == now.later_usage}
    return Standing(
        reference=True,
        usage=usage == now.usage,
        tags=frozenset(tag for tag, is_same in tags.items() if is_same),
    )


_NOTE = "digest, usage_digest, usage_months, later_usage"


def _is_of(con: duckdb.DuckDBPyConnection, bill_date: date) -> bool:
    if not has_table(con, "customers", "bill_run"):
        return False
    return con.execute("select bill_date from customers.bill_run").fetchall() == [(bill_date,)]


def forget(con: duckdb.DuckDBPyConnection, stands: Standing) -> None:
    """Before any of what does not stand is built."""
    if not stands.reference:
        con.execute("delete from customers.reference_builds")
        return
    gone = {USAGE_MONTHS, LATER_USAGE} - stands.tags
    gone |= set() if stands.usage else {"usage_digest"}
    for column in sorted(gone):
        con.execute(f"update customers.reference_builds set {column} = null")


def remember(con: duckdb.DuckDBPyConnection, built: State, *, usage: bool) -> None:
    """After everything was built. `usage`: and no check had anything to say about it."""
    wanted = (
        built.reference,
        built.usage if usage else None,
        built.usage_months,
        built.later_usage,
    )
    if con.execute(f"select {_NOTE} from customers.reference_builds").fetchall() == [wanted]:
        return
    con.execute("begin transaction")
    con.execute("delete from customers.reference_builds")
    con.execute(f"insert into customers.reference_builds ({_NOTE}) values (?, ?, ?, ?)", wanted)
    con.execute("commit")


def models(nodes: Mapping[str, Any], macros: Mapping[str, Any], stands: Standing) -> dict[str, Any]:
    """The models that stand, by id, each after those that it reads.

    `nodes` and `macros`: those of a parsed project.
    """
    if not stands.reference:
        return {}
    found = _resting_on(_sources(), nodes, but=EVERY_RUN, through=stands.tags)
    if stands.usage:
        for unique_id, node in _resting_on(_sources() + USAGE, nodes).items():
            if node.schema in DOMAINS_OF_USAGE:
                found[unique_id] = node
    tested = {
        parent
        for node in nodes.values()
        if node.resource_type == "test"
        for parent in node.depends_on.nodes
    }
    for unique_id, node in nodes.items():
        is_view = node.resource_type == "model" and node.config.materialized == "view"
        # its tests would be left out with it
        if is_view and unique_id not in tested and not ASKING & _macros_of(node, macros):
            found.setdefault(unique_id, node)
    return found


def _resting_on(
    sources: tuple[str, ...],
    nodes: Mapping[str, Any],
    but: str = "",
    through: frozenset[str] = frozenset(),
) -> dict[str, Any]:
    """The models that rest on these raw tables alone, without those with the tag `but`.

    Those with a tag of `through` may read usage.
    """
    wanted = {f"raw.{name}" for name in sources}
    usage = {f"raw.{name}" for name in USAGE}
    known: dict[str, bool] = {}
    found: dict[str, Any] = {}

    def rests(unique_id: str) -> bool:
        if unique_id not in known:
            if unique_id.startswith("source."):
                known[unique_id] = _table(unique_id) in wanted
            else:
                node = nodes[unique_id]
                is_open = through & set(node.tags)
                # every parent is looked at, so that it comes first
                parents = [
                    rests(parent) or (is_open and _table(parent) in usage)
                    for parent in node.depends_on.nodes
                ]
                known[unique_id] = but not in node.tags and all(parents)
                if known[unique_id]:
                    found[unique_id] = node
        return known[unique_id]

    for unique_id, node in nodes.items():
        if node.resource_type == "model":
            rests(unique_id)
    return found


def _table(unique_id: str) -> str:
    return ".".join(unique_id.split(".")[-2:])


def _macros_of(node: Any, macros: Mapping[str, Any]) -> set[str]:
    """Ids of the macros that a model calls, and of those that they call."""
    found: set[str] = set()
    waiting = list(node.depends_on.macros)
    while waiting:
        unique_id = waiting.pop()
        if unique_id not in found:
            found.add(unique_id)
            if unique_id in macros:
                waiting += macros[unique_id].depends_on.macros
    return found
