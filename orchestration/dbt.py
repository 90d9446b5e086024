"""dbt, run in this process: one parse, then as many builds as a run needs.

A dbt command of its own would import dbt and read the project anew each time (5 s of processor
time against 0.3 s), and a changed `--vars` would make it parse everything. Here the parsed project
is handed to every build, which then only has to compile and run what it selects.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import duckdb

from orchestration import warehouse as warehouse_file
from orchestration.environment import DBT_PROJECT, collect_garbage_seldom

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest
    from dbt_common.events.event_manager import IEventManager

# A folder of our own: dbt writes its target folder piece by piece, while others may be reading.
PARSED = DBT_PROJECT / "target" / "parsed"
MANIFEST = PARSED / "manifest.json"
DATABASE = "billhouse"  # of the default warehouse, and of the manifest that Dagster reads

DRAFT_SELECTION = "tag:draft"
ISSUED_SELECTION = "tag:issued"
BEFORE_ISSUE = "before_issue"
_STANDING = "stands_as_it_is"
_LISTENED_TO = frozenset({"LogStartLine", "NodeStart", "NodeFinished"})  # here and in benchmarks/

_digest: dict[str, int | str] = {}  # of the rules, as of the newest file
_parsed: dict[str, tuple[int, Manifest]] = {}  # by database name: newest file, parsed project


class DbtError(Exception):
    """dbt could not read the project or could not start."""


@dataclass(frozen=True, kw_only=True)
class NodeResult:
    """How one model or test of a build ended."""

    unique_id: str
    name: str
    resource_type: str
    status: str  # success, pass, warn, fail, error, skipped, partial success, no-op
    message: str
    failures: int | None  # rows that a test found
    seconds: float

    @property
    def is_test(self) -> bool:
        """A data test, not a model."""
        return self.resource_type == "test"

    @property
    def is_bad(self) -> bool:
        """Not built, or a test that did not hold."""
        return self.status in ("error", "fail", "runtime error", "partial success")


def newest_file(folder: Path = DBT_PROJECT) -> int:
    """When anything that the project is made of was last changed (nanoseconds since the epoch)."""
    newest = 0
    for root, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name not in ("target", "logs", "__pycache__")]
        here = Path(root)
        # A folder's own time tells of files that were taken away.
        newest = max(newest, here.stat().st_mtime_ns if here != folder else 0)
        for name in files:
            if name.endswith((".sql", ".yml", ".yaml", ".csv", ".md")):
                newest = max(newest, (here / name).stat().st_mtime_ns)
    return newest


def rules_digest() -> str:
    """What the project's rules are, as SHA-256: judged usage is kept only as long as they stay."""
    newest = newest_file()
    if _digest.get("newest") != newest:
        digest = hashlib.sha256(duckdb.__version__.encode())
        for file in sorted(DBT_PROJECT.rglob("*")):
            parts = file.relative_to(DBT_PROJECT).parts
            if file.suffix in (".sql", ".yml") and parts[0] not in ("target", "logs"):
                digest.update("/".join(parts).encode() + b"\0" + file.read_bytes() + b"\0")
        _digest.update(newest=newest, digest=digest.hexdigest())
    return str(_digest["digest"])


def ensure_manifest() -> Path:
    """The project's manifest, parsed anew when the project is newer. Raises DbtError."""
    if not _is_fresh(newest_file()):
        with warehouse_file.exclusive(PARSED / DATABASE):
            # Another process may have parsed it while this one waited.
            if not _is_fresh(newest_file()):
                parse()
    return MANIFEST


def _is_fresh(newest: int) -> bool:
    return MANIFEST.exists() and MANIFEST.stat().st_mtime_ns >= newest


def read_manifest() -> dict[str, Any]:
    """The manifest as dbt wrote it. Raises DbtError when the project cannot be read."""
    path = ensure_manifest()
    return _read(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=1)
def _read(manifest: Path, _as_of: int) -> dict[str, Any]:
    return json.loads(manifest.read_text(encoding="utf-8"))


def parse(database: str = DATABASE) -> Manifest:
    """The parsed project, for warehouse files whose name without its ending is `database`.

    Raises DbtError with dbt's own words.
    """
    newest = newest_file()
    known = _parsed.get(database)
    if known and known[0] >= newest:
        return known[1]
    # dbt keeps what it parsed per connection, and the path is part of that: so parse against the
    # bare file name, which is all that a parsed project depends on, and never opens a file.
    target = PARSED / database
    target.mkdir(parents=True, exist_ok=True)
    with (
        warehouse_file.exclusive(target),
        _variables({"BILLHOUSE_WAREHOUSE": f"{database}.duckdb"}),
    ):
        # To write the manifest costs as much as to read what dbt keeps of its last parse.
        is_to_publish = database == DATABASE and not _is_fresh(newest)
        result = _invoke(
            None,
            ["--log-level", "none", "--log-level-file", "none", "--log-path", str(target)],
            [
                "parse",
                "--write-json" if is_to_publish else "--no-write-json",
                *("--target-path", str(target)),
                *_PROJECT,
            ],
        )
        if not result.success:
            raise DbtError(str(result.exception))
        if is_to_publish:
            _publish(target / "manifest.json", newest)
    _parsed[database] = (newest, result.result)
    return result.result


def _publish(manifest: Path, newest: int) -> None:
    """Put the manifest where others read it, whole, as of the newest file that it knows."""
    partial = MANIFEST.with_suffix(".partial")
    shutil.copyfile(manifest, partial)
    os.utime(partial, ns=(newest, newest))
    partial.replace(MANIFEST)


def build(
    *,
    warehouse: Path,
    bill_date: date,
    select: Sequence[str],
    exclude: Sequence[str] = (),
    unchanged: Callable[[Manifest], Mapping[str, Any]] | None = None,
    scratch: Path,
    on_node: Callable[[NodeResult, int, int], None] | None = None,
) -> list[NodeResult]:
    """Build and test what these tags (`tag:…`) or names of models select, as of this bill date.

    `unchanged` gives, of the parsed project, the models that stand as they are: they and their
    tests are left out, and told as success. `on_node(result, done, total)` is told of every node
    as it ends. The caller holds the warehouse's lock and no connection to it. A failed node is a
    result, not an exception; raises DbtError when dbt itself could not run.
    """
    manifest = parse(warehouse.stem)
    nodes = manifest.nodes
    wanted = {tag.removeprefix("tag:") for tag in select}
    standing = {
        unique_id: node
        for unique_id, node in (unchanged(manifest) if unchanged else {}).items()
        if wanted & set(node.tags)
    }
    done = 0
    total = 0
    one_at_a_time = threading.Lock()  # dbt tells from each of its threads

    def on_event(event: Any) -> None:
        nonlocal done, total
        name = event.info.name
        if name == "LogStartLine":
            total = event.data.total
        elif name == "NodeFinished" and on_node is not None:
            info, run = event.data.node_info, event.data.run_result
            result = NodeResult(
                unique_id=info.unique_id,
                name=info.node_name,
                resource_type=info.resource_type,
                status=info.node_status,
                message=run.message,
                failures=run.num_failures,
                seconds=run.execution_time,
            )
            with one_at_a_time:
                done += 1
                on_node(result, done, max(total, done))

    folder = scratch / "dbt"
    folder.mkdir(parents=True, exist_ok=True)
    with _variables({"BILLHOUSE_WAREHOUSE": str(warehouse)}), left_out(standing.values()) as them:
        try:
            result = _invoke(
                manifest,
                ["--log-level", "none", "--log-level-file", "none", "--log-path", str(folder)],
                [
                    "build",
                    "--select",
                    *select,
                    *("--exclude", them, *exclude),
                    "--exclude-resource-type",
                    "unit_test",
                    # A test of two models runs with the later one, when both are there.
                    "--indirect-selection",
                    "buildable",
                    "--vars",
                    json.dumps(
                        {"bill_date": bill_date.isoformat(), "rules_digest": rules_digest()}
                    ),
                    "--no-write-json",
                    "--target-path",
                    str(folder),
                    *_PROJECT,
                ],
                callbacks=[on_event],
            )
        finally:
            close_connections()
    if result.exception is not None and result.result is None:
        raise DbtError(str(result.exception))
    found = [_unchanged(node) for node in _with_tests(nodes, standing)] + [
        NodeResult(
            unique_id=run.node.unique_id,
            name=run.node.name,
            resource_type=str(nodes[run.node.unique_id].resource_type),
            status=str(run.status),
            message=run.message or "",
            failures=run.failures,
            seconds=run.execution_time,
        )
        for run in result.result.results
        if run.node.unique_id in nodes
    ]
    # A view that stands comes after the tables that were built beneath it.
    place = _places(nodes)
    return sorted(found, key=lambda node: place[node.unique_id])


def _places(nodes: Mapping[str, Any]) -> dict[str, int]:
    """A number for each node, greater than those of all that it reads."""
    places: dict[str, int] = {}

    def visit(unique_id: str) -> None:
        if unique_id in nodes and unique_id not in places:
            for parent in nodes[unique_id].depends_on.nodes:
                visit(parent)
            places[unique_id] = len(places)

    for unique_id in nodes:
        visit(unique_id)
    return places


@contextmanager
def left_out(models: Iterable[Any]) -> Iterator[str]:
    """A selection of these models of a parsed project.

    A tag that they bear meanwhile: dbt looks through the whole project for each name that it is
    given, and for a tag once.
    """
    marked = list(models)
    for node in marked:
        node.tags.append(_STANDING)
    try:
        yield f"tag:{_STANDING}"
    finally:
        for node in marked:
            node.tags.remove(_STANDING)


def _with_tests(nodes: Mapping[str, Any], models: Mapping[str, Any]) -> Iterator[Any]:
    """These models, and the tests of them alone."""
    yield from models.values()
    for node in nodes.values():
        parents = [parent for parent in node.depends_on.nodes if parent in nodes]
        if node.resource_type == "test" and parents and all(parent in models for parent in parents):
            yield node


def _unchanged(node: Any) -> NodeResult:
    """A model that was not built, or a test that was not run, as nothing beneath has changed."""
    return NodeResult(
        unique_id=node.unique_id,
        name=node.name,
        resource_type=str(node.resource_type),
        status="pass" if node.resource_type == "test" else "success",
        message="unchanged",
        failures=0 if node.resource_type == "test" else None,
        seconds=0.0,
    )


_PROJECT = ["--project-dir", str(DBT_PROJECT), "--profiles-dir", str(DBT_PROJECT)]


def _invoke(
    manifest: Manifest | None,
    flags: Sequence[str],
    command: Sequence[str],
    callbacks: Sequence[Callable[[Any], None]] = (),
) -> Any:
    collect_garbage_seldom()
    from dbt.cli.main import dbtRunner

    _tell_what_is_listened_to()
    return dbtRunner(manifest=manifest, callbacks=list(callbacks)).invoke([*flags, *command])


@lru_cache(maxsize=1)
def _tell_what_is_listened_to() -> None:
    """Let dbt make no message of an event that nobody hears.

    It tells of every statement and look-up, some 25 times per model, and its log is off here.
    """
    from dbt_common.events.base_types import BaseEvent, EventLevel
    from dbt_common.events.event_manager import EventManager
    from dbt_common.events.event_manager_client import ctx_set_event_manager

    class FewEvents(EventManager):
        def fire_event(
            self,
            e: BaseEvent,
            level: EventLevel | None = None,
            node: Any = None,
            force_warn_or_error_handling: bool = False,
        ) -> None:
            is_bad = (level or e.level_tag()) in (EventLevel.WARN, EventLevel.ERROR)
            if is_bad or force_warn_or_error_handling or type(e).__name__ in _LISTENED_TO:
                super().fire_event(e, level, node, force_warn_or_error_handling)

    ctx_set_event_manager(cast("IEventManager", FewEvents()))


def close_connections() -> None:
    """dbt keeps the file open after a build, and so locked for everyone else."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    DuckDBConnectionManager.close_all_connections()


@contextmanager
def _variables(values: Mapping[str, str]) -> Iterator[None]:
    """Set environment variables meanwhile."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
