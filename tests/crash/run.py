"""Kills bill runs of the demo operator at random moments and shows that it makes no difference.

    make crash                                       50 kills, seed 1
    make crash CRASH="--kills 10 --seed 2"

Half of the kills fall into `billhouse draft`, half into `billhouse issue`, each half spread over
the whole run and over the demo's bill dates. After every kill the command is run again, and all
tables that are kept, all documents and all that Stripe holds are compared with a run that nobody
disturbed (what is left out, and why: `matrix.work_tables`).
Every fifth killed draft is issued too. Exit status 1 when anything differs.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from ingestion.demo import write_demo
from ingestion.demo.timeline import Timeline
from orchestration.demo import BILL_RUNS, MONTHS, SEED, SUBSCRIBERS
from tests.crash.matrix import (
    Place,
    Snapshot,
    differences,
    draft_command,
    issue_command,
)

ISSUED_AFTER_EVERY = 5


@dataclass(frozen=True)
class Undisturbed:
    """One bill date, drafted and issued by nobody's hindrance."""

    bill_date: str
    operator: Path
    before: Path  # saved states
    drafted: Path
    draft: Snapshot
    issue: Snapshot
    draft_seconds: float  # of the processor
    issue_seconds: float


def main() -> None:
    """Run the matrix and print what was hit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--subscribers", type=int, default=SUBSCRIBERS)
    parser.add_argument("--bill-runs", type=int, default=BILL_RUNS)
    parser.add_argument("--folder", type=Path, help="scratch folder; default: a temporary one")
    arguments = parser.parse_args()
    folder = arguments.folder or Path(tempfile.mkdtemp(prefix="billhouse-crash-"))
    found = run(
        folder,
        kills=arguments.kills,
        seed=arguments.seed,
        subscribers=arguments.subscribers,
        bill_runs=arguments.bill_runs,
    )
    if not arguments.folder:
        shutil.rmtree(folder)
    sys.exit(1 if found else 0)


def run(folder: Path, *, kills: int, seed: int, subscribers: int, bill_runs: int) -> int:
    """Kill `kills` times; returns how many of them made a difference."""
    began = time.monotonic()
    runs = [undisturbed(folder, number, subscribers=subscribers) for number in range(bill_runs)]
    draw = random.Random(seed)
    hit: Counter[str] = Counter()
    bad = 0
    for number in range(kills):
        command = "draft" if number % 2 == 0 else "issue"
        of = runs[(number // 2) % len(runs)]
        half = (kills + 1 - number % 2) // 2
        share = (number // 2 + draw.random()) / half
        said, found = one_kill(
            of,
            folder,
            command=command,
            share=share,
            also_issue=(number // 2) % ISSUED_AFTER_EVERY == 0,
        )
        hit[f"{command}: {said.partition(':')[0]}"] += 1
        bad += bool(found)
        print(
            f"{number + 1:3} {of.bill_date} {command} at {share:4.0%} ({said}): "
            f"{len(found)} differences, {time.monotonic() - began:.0f} s",
            flush=True,
        )
        for name in found[:20]:
            print(f"    {name}", flush=True)
    print(f"{kills} kills, seed {seed}: {bad} made a difference")
    for step, times in sorted(hit.items()):
        print(f"{times:4}  {step}")
    return bad


def undisturbed(folder: Path, number: int, *, subscribers: int) -> Undisturbed:
    """Draft and issue the bill date of this number (0 first) and keep what stood in between."""
    timeline = Timeline(MONTHS).bill_dates
    bill_date = timeline[number].isoformat()
    operator = folder / f"operator-{number}"
    write_demo(
        operator, subscribers=subscribers, months=MONTHS, seed=SEED, through=timeline[number]
    )
    before, drafted = folder / f"issued-{number - 1}", folder / f"drafted-{number}"
    place = Place(operator, folder / "work")
    place.copy_from(before)
    draft_seconds = place.run(draft_command(bill_date))
    draft = place.snapshot()
    place.save_to(drafted)
    issue_seconds = place.run(issue_command(bill_date))
    issue = place.snapshot()
    place.save_to(folder / f"issued-{number}")
    print(
        f"{bill_date}: draft {draft_seconds:.1f} s, issue {issue_seconds:.1f} s of the processor; "
        f"{len(issue)} tables, files and objects to compare",
        flush=True,
    )
    return Undisturbed(
        bill_date=bill_date,
        operator=operator,
        before=before,
        drafted=drafted,
        draft=draft,
        issue=issue,
        draft_seconds=draft_seconds,
        issue_seconds=issue_seconds,
    )


def one_kill(
    of: Undisturbed, folder: Path, *, command: str, share: float, also_issue: bool
) -> tuple[str, list[str]]:
    """Kill one command at this share of its processor time, repeat it, compare.

    Returns what it was doing and what differs.
    """
    place = Place(of.operator, folder / "work")
    is_draft = command == "draft"
    arguments = (draft_command if is_draft else issue_command)(of.bill_date)
    seconds = share * (of.draft_seconds if is_draft else of.issue_seconds)
    while True:
        place.copy_from(of.before if is_draft else of.drafted)
        killed = place.kill(arguments, seconds)
        if killed is not None:
            break
        seconds *= 0.97  # it was done sooner than the undisturbed one
    place.run(arguments)
    found = differences(of.draft if is_draft else of.issue, place.snapshot())
    if is_draft and also_issue and not found:
        place.run(issue_command(of.bill_date))
        found = differences(of.issue, place.snapshot())
    return killed.at, found


if __name__ == "__main__":
    main()
