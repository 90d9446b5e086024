"""Runs Dagster's jobs in this process, as the command line does."""

from __future__ import annotations

import os
from datetime import date
from typing import Any

COMMAND_TAG = "billhouse/started_by"


class UnknownBillDate(Exception):
    """The bill run's partitions do not hold this bill date."""


def run(job: str, bill_date: date, config: dict[str, Any]) -> list[str]:
    """Run a job for one bill date and record it in Dagster's home; returns what went wrong.

    The caller holds the warehouse's lock. Imports Dagster, which takes a second or two.
    """
    # Events are stored in batches where Dagster can: a run writes hundreds.
    os.environ.setdefault("DAGSTER_EVENT_BATCH_SIZE", "500")
    import dagster as dg

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


def _said(error: Any) -> str:
    """The message of the error that everything else followed from."""
    while error is not None and error.cause is not None:
        error = error.cause
    return error.message.strip() if error is not None else ""
