"""Breaks mediation and rating in many small ways and reports which of them the tests notice.

    make mutants                                     30 mutants, seed 1
    make mutants MUTANTS="--seed 2 --count 100"
    make mutants MUTANTS="--only int_tail_parts"     of one model or macro alone

A mutant is tried first on the unit tests of its model, then on generated operators against the
re-rater, then on the golden cases. What nothing notices is either a gap in the tests or no fault
at all: then it belongs into equivalent.yaml, with the reason.
"""

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import yaml

from .laboratory import DoesNotBuild, Laboratory
from .mutating import Mutant

EQUIVALENT = Path(__file__).parent / "equivalent.yaml"
SCENARIOS = (
    "history:7:40:2500",
    "months:2:60:4000",
    "months:10:60:4000",
    "batches:2:60:3000",
)
"""Together: both ways to cut calls, both nights, a run after other runs, new files alone."""


def read_equivalents() -> list[dict[str, str]]:
    return yaml.safe_load(EQUIVALENT.read_text(encoding="utf-8")) or []


def reason_for(mutant: Mutant, equivalents: Sequence[dict[str, str]]) -> str | None:
    """Why a mutant is no fault; none if it is one as far as anybody has looked."""
    for row in equivalents:
        if (
            row["path"] == mutant.path
            and row["operator"] == mutant.operator
            and row["line"] == mutant.before
            and row.get("after", mutant.after) == mutant.after
        ):
            return row["reason"]
    return None


def in_turn(mutants: Sequence[Mutant], draw: random.Random) -> Iterator[Mutant]:
    """Every mutant once, at random, but model by model and operator by operator in turn."""
    by_name: dict[str, dict[str, list[Mutant]]] = {}
    for mutant in mutants:
        by_name.setdefault(mutant.name, {}).setdefault(mutant.operator, []).append(mutant)
    used: Counter[str] = Counter()
    while by_name:
        names = list(by_name)
        draw.shuffle(names)
        for name in names:
            operators = by_name[name]
            least = min(used[operator] for operator in operators)
            operator = draw.choice([one for one in operators if used[one] == least])
            used[operator] += 1
            yield operators[operator].pop(draw.randrange(len(operators[operator])))
            if not operators[operator]:
                del operators[operator]
            if not operators:
                del by_name[name]


def difference(mutant: Mutant) -> str:
    """The lines that change, as a diff shows them."""
    before = "".join(f"    - {line}\n" for line in mutant.before.splitlines())
    after = "".join(f"    + {line}\n" for line in mutant.after.splitlines())
    return (before + after).rstrip("\n")


def clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="make mutants", description="Mutants of the rating SQL")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=30, help="faults to try")
    parser.add_argument("--only", help="of models and macros whose path holds this")
    parser.add_argument("--least", type=float, default=28 / 30, help="share that must be noticed")
    given = parser.parse_args()

    started = time.monotonic()
    equivalents = read_equivalents()
    survivors: list[Mutant] = []
    noticed = harmless = no_sql = 0
    by: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(prefix="mutants-") as home:
        laboratory = Laboratory(Path(home))
        mutants = [one for one in laboratory.mutants() if not given.only or given.only in one.path]
        print(f"{len(mutants):,} mutants of {len({one.name for one in mutants})} files", flush=True)
        laboratory.prepare(SCENARIOS)
        print(f"nothing broken, nothing noticed ({clock(time.monotonic() - started)})", flush=True)
        for mutant in in_turn(mutants, random.Random(given.seed)):
            if noticed + len(survivors) == given.count:
                break
            if reason_for(mutant, equivalents):
                harmless += 1
                continue
            try:
                found = laboratory.noticed_by(mutant)
            except DoesNotBuild:
                no_sql += 1
                continue
            at = clock(time.monotonic() - started)
            if found is None:
                survivors.append(mutant)
                print(f"{at}  SURVIVES  {mutant}\n{difference(mutant)}", flush=True)
                continue
            noticed += 1
            by[found.split(" (")[0].split(" case")[0].split(" test")[0]] += 1
            print(f"{at}  noticed   {mutant}\n              by {found}", flush=True)
    total = noticed + len(survivors)
    shares = ", ".join(f"{count} by {who}" for who, count in by.most_common())
    print(f"\n{noticed} of {total} noticed in {clock(time.monotonic() - started)}: {shares}")
    print(f"left aside: {no_sql} that are no SQL, {harmless} known as harmless")
    for mutant in survivors:
        print(f"\nsurvived: {mutant}\n{difference(mutant)}")
    return 0 if total and noticed >= given.least * total else 1


if __name__ == "__main__":
    sys.exit(main())
