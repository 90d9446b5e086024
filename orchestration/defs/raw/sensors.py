"""Usage is loaded as it comes."""

import hashlib
from pathlib import Path

import dagster as dg

from orchestration import environment
from orchestration.defs.bill_run.jobs import load_usage

INTERVAL_SECONDS = 60


def listing_key(folder: Path) -> str | None:
    """A key of what lies in the folder: names, sizes and times of its files; None if there is none.

    It only says that something changed. What is new is decided by content when it is loaded (2.2).
    """
    if not folder.is_dir():
        return None
    lines: list[str] = []
    for path in sorted(folder.rglob("*")):
        try:
            if path.is_file():
                state = path.stat()
                lines.append(f"{path.relative_to(folder)} {state.st_size} {state.st_mtime_ns}")
        except FileNotFoundError:  # moved away meanwhile; the next look sees it
            continue
    return hashlib.sha256("\n".join(lines).encode()).hexdigest() if lines else None


@dg.sensor(job=load_usage, minimum_interval_seconds=INTERVAL_SECONDS)
def new_usage_files(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """Loads usage when the files under the operator's cdr/ have changed."""
    folder = environment.resolve().operator / "cdr"
    key = listing_key(folder)
    if key is None:
        return dg.SkipReason(f"no usage files in {folder}")
    return dg.RunRequest(run_key=key)
