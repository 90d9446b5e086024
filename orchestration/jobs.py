"""Runs Dagster's jobs in this process, as the command line does."""

from __future__ import annotations

import atexit
import functools
from collections.abc import Callable
from datetime import date
from importlib import import_module
from typing import Any

COMMAND_TAG = "billhouse/started_by"


class UnknownBillDate(Exception):
    """The bill run's partitions do not hold this bill date."""


def run(job: str, bill_date: date, config: dict[str, Any]) -> list[str]:
    """Run a job for one bill date and record it in Dagster's home; returns what went wrong.

    The caller holds the warehouse's lock. Imports Dagster, which takes a second or two.
    """
    import dagster as dg

    _keep_event_log_engines()

    from orchestration.definitions import defs
    from orchestration.defs.partitions import bill_run_partitions

    key = bill_date.isoformat()
    if not bill_run_partitions.has_partition_key(key):
        last = bill_run_partitions.get_last_partition_key()
        raise UnknownBillDate(f"{key} is further ahead than bill runs can be drafted ({last})")
    result = defs.resolve_job_def(job).execute_in_process(
        instance=dg.DagsterInstance.get(),
        partition_key=key,
        run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}, **config},
        tags={COMMAND_TAG: "billhouse"},
        raise_on_error=False,
    )
    if result.success:
        return []
    errors = [
        _said(event.step_failure_data.error) for event in result.all_events if event.is_step_failure
    ]
    return [f"{error} (run {result.run_id} in Dagster)" for error in errors if error] or [
        f"{job} failed; see run {result.run_id} in Dagster"
    ]


@functools.cache
def _keep_event_log_engines() -> None:
    """Let Dagster's SQLite storages keep what they connect with, for the life of this process.

    They make an SQLAlchemy engine for every event that they store and close the file again, and so
    compile every statement anew, wait for the disk and write SQLite's journal back each time: of a
    draft's 18 s of processor time, 9 s. The settings here are safe for a file in WAL mode; a power
    cut can cost the last lines of a run's log.
    """
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    for name in (
        "event_log.sqlite.sqlite_event_log",
        "runs.sqlite.sqlite_run_storage",
        "schedules.sqlite.sqlite_schedule_storage",
    ):
        storage: Any = import_module(f"dagster._core.storage.{name}")
        storage.create_engine = _one_per_file(storage.create_engine)

    @event.listens_for(Engine, "connect")
    def _(connection: Any, _record: Any) -> None:
        connection.execute("pragma synchronous = normal")


def _one_per_file(create_engine: Callable[..., Any]) -> Callable[..., Any]:
    from sqlalchemy.pool import QueuePool

    engines: dict[str, Any] = {}

    def kept(url: str, **options: Any) -> Any:
        if url not in engines:
            engine = create_engine(url, **{**options, "poolclass": QueuePool})
            # The storages give their engine up after each use; the process does at its end.
            atexit.register(engine.dispose)
            engine.dispose = lambda: None
            engines[url] = engine
        return engines[url]

    return kept


def _said(error: Any) -> str:
    """The message of the error that everything else followed from."""
    while error is not None and error.cause is not None:
        error = error.cause
    return error.message.strip() if error is not None else ""
