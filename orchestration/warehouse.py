"""The warehouse file: one process at a time, the next one waits.

DuckDB lets one process open a file, and refuses every other at once, readers too. So whoever works
on the warehouse first takes an advisory lock on `<file>.lock` and keeps it for the whole run: two
runs started together queue. dbt opens the file itself, under the same lock, while no connection of
ours is open.
"""

from __future__ import annotations

import fcntl
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

# as in dbt_project/profiles.yml
MEMORY_LIMIT_DEFAULT = "3GB"
MEMORY_KEPT = "1GB"
POLL_SECONDS = 0.1

_held: dict[Path, tuple[int, int]] = {}  # lock file -> (descriptor, depth); one process, one holder


def lock_path(warehouse: Path) -> Path:
    """The file that stands for the right to open this warehouse."""
    return warehouse.with_name(warehouse.name + ".lock")


@contextmanager
def exclusive(warehouse: Path, *, waiting: Callable[[str], None] | None = None) -> Iterator[None]:
    """Hold the warehouse alone; wait while another process holds it.

    Re-entrant within the process. `waiting` is told once, by whom the warehouse is held. The lock
    goes with the process, however that ends.
    """
    path = lock_path(warehouse.absolute())
    descriptor, depth = _held.get(path, (-1, 0))
    if depth == 0:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = _acquire(path, waiting)
    _held[path] = (descriptor, depth + 1)
    try:
        yield
    finally:
        descriptor, depth = _held[path]
        if depth > 1:
            _held[path] = (descriptor, depth - 1)
        else:
            del _held[path]
            os.close(descriptor)


def _acquire(path: Path, waiting: Callable[[str], None] | None) -> int:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    told = False
    try:
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if not told and waiting is not None:
                    holder = os.pread(descriptor, 200, 0).decode(errors="replace").strip()
                    waiting(f"waiting for the warehouse, held by {holder or 'another process'}")
                    told = True
                time.sleep(POLL_SECONDS)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{Path(sys.argv[0]).name} (process {os.getpid()})\n".encode(), 0)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


@contextmanager
def connect(warehouse: Path, *, scratch: Path | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to the warehouse, closed at the end; the caller holds `exclusive`."""
    if lock_path(warehouse.absolute()) not in _held:
        raise RuntimeError(f"{warehouse}: opened without holding its lock")
    con = duckdb.connect(
        str(warehouse),
        config={
            "preserve_insertion_order": "false",
            "memory_limit": os.environ.get("BILLHOUSE_MEMORY_LIMIT", MEMORY_LIMIT_DEFAULT),
            "block_allocator_memory": MEMORY_KEPT,
            "temp_directory": str(scratch or warehouse.parent / ".scratch"),
        },
    )
    try:
        con.execute("set TimeZone = 'UTC'")
        yield con
    finally:
        con.close()


def has_table(con: duckdb.DuckDBPyConnection, schema: str, table: str) -> bool:
    """Whether this table or view stands in the warehouse."""
    return (
        con.execute(
            "select 1 from information_schema.tables where table_schema = ? and table_name = ?",
            [schema, table],
        ).fetchone()
        is not None
    )
