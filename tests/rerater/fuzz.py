"""Compares the pipeline with the re-rater on generated operators until enough events agree.

    make fuzz                                  300,000 events, seeds from 1
    make fuzz FUZZ="--seeds 41-80"             these seeds, whatever they come to
    make fuzz FUZZ="months:113:60:3000"        one scenario, as a difference names it

Stops at the first difference, tells it as a story, and says how to see it again.
"""

import argparse
import itertools
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from .agreement import Agreement, Scenario, agree

HISTORY_EVERY = 4
"""One scenario of so many is a whole history: it costs as much as four others.

And one has its usage in batches: it costs as much as three.
"""


def seeds_of(text: str) -> Iterator[int]:
    """`3`, `1,5`, `1-50`, or `41-` without an end."""
    for part in text.split(","):
        first, dash, last = part.partition("-")
        if dash and not last:
            yield from itertools.count(int(first))
        yield from range(int(first), int(last or first) + 1)


def scenarios_of(seeds: Iterable[int], accounts: int, records: int) -> Iterator[Scenario]:
    for seed in seeds:
        shape = {0: "history", 1: "batches"}.get(seed % HISTORY_EVERY, "months")
        yield Scenario(shape, seed, accounts, records)


def clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def compare(scenarios: Iterable[Scenario], wanted: int | None) -> tuple[int, Counter[str], bool]:
    """Compare scenario by scenario; gives events, features, and whether all of them agree."""
    started, events = time.monotonic(), 0
    coverage: Counter[str] = Counter()
    for scenario in scenarios:
        home = Path(tempfile.mkdtemp(prefix="fuzz-"))
        try:
            found: Agreement = agree(scenario.states(), home)
        finally:
            shutil.rmtree(home, ignore_errors=True)
        if found.differences:
            print(f"\n{scenario} differs in {len(found.differences)} rows. The first one:\n")
            print(found.differences[0])
            for other in found.differences[1:10]:
                print(f"\nalso {other}")
            print(f'\nSee it again: make fuzz FUZZ="{scenario}"')
            return events, coverage, False
        events += found.events
        coverage += found.coverage
        of_wanted = f" of {wanted:,}" if wanted else ""
        print(
            f"{scenario!s:<26} {found.events:>8,} events agree   "
            f"{events:,}{of_wanted} after {clock(time.monotonic() - started)}",
            flush=True,
        )
        if wanted and events >= wanted:
            break
    return events, coverage, True


def main() -> int:
    parser = argparse.ArgumentParser(prog="make fuzz", description="Pipeline against re-rater")
    parser.add_argument("scenarios", nargs="*", type=Scenario.parse, metavar="SCENARIO")
    parser.add_argument("--events", type=int, default=300_000, help="stop after so many")
    parser.add_argument("--seeds", help="1-40, or 1,5; all of them, whatever they come to")
    parser.add_argument("--accounts", type=int, default=150)
    parser.add_argument("--records", type=int, default=12_000)
    parser.add_argument("--coverage", action="store_true", help="list what happened how often")
    given = parser.parse_args()
    chosen = given.scenarios or scenarios_of(
        seeds_of(given.seeds or "1-"), given.accounts, given.records
    )
    wanted = None if given.scenarios or given.seeds else given.events
    events, coverage, agrees = compare(chosen, wanted)
    if given.coverage:
        for feature, count in sorted(coverage.items()):
            print(f"{count:>9,}  {feature}")
    if agrees:
        print(f"{events:,} events, 0 differences")
    return 0 if agrees else 1


if __name__ == "__main__":
    sys.exit(main())
