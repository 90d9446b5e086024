"""PDF and HTML files of bills: what one costs, against naive WeasyPrint and headless Chromium.

    python -m benchmarks.rendering.run

Every writer of benchmarks/rendering/writers.py runs in a process of its own, warmed up; they take
turns, round by round, with bills that none has seen. CPU seconds are those of the process, or of
all of Chromium's; figures are medians of the rounds, ratios hold within the run. Prints tables in
Markdown and how the targets stand, and writes JSON with --json. Takes eight minutes on
a busy machine.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.measuring import machine
from benchmarks.rendering.writers import BATCH, WRITERS

SIZES = (0, 50, 500, 5_000)
WARM = "chromium warm, tagged"
# Documents of a turn: enough to be measured well, few enough that turns are short.
DOCUMENTS = {"pdf": 6, "html": 40, "chromium warm": 6, WARM: 6, "chromium per bill": 2}
# Whose rate is measured on two processes too.
IN_PAIRS = ("pdf", "html", "chromium warm", WARM)

Figures = dict[str, Any]


class Worker:
    """A writer in a process of its own."""

    def __init__(self, name: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.rendering.writers", name],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self._next = 1
        self.answer()

    def order(self, documents: int, calls: int) -> None:
        """Have it write so many bills."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{self._next} {documents} {calls}\n")
        self._process.stdin.flush()
        self._next += documents

    def answer(self) -> Figures:
        """What it measured; waits for it."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            sys.exit("a worker ended before its time")
        return json.loads(line)

    def end(self) -> None:
        """Its process with all that it holds."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def main() -> None:
    """Measure all sizes and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, nargs="*", default=SIZES, help="sizes to measure")
    parser.add_argument("--rounds", type=int, default=4, help="turns of each writer")
    parser.add_argument("--writers", nargs="*", choices=[*WRITERS], default=[*WRITERS])
    parser.add_argument("--json", type=Path, help="write the figures here too")
    arguments = parser.parse_args()
    figures: Figures = {"machine": machine(), "sizes": {}}
    for calls in arguments.calls:
        figures["sizes"][str(calls)] = measured(calls, arguments.writers, arguments.rounds)
        print(f"{calls} calls measured", file=sys.stderr)
    print_tables(figures)
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2))


def measured(calls: int, names: Sequence[str], rounds: int) -> dict[str, Figures]:
    """All writers on bills of one size."""
    rounds = rounds if calls < 5_000 else 1
    workers = {name: Worker(name) for name in names}
    taken: dict[str, list[Figures]] = {name: [] for name in names}
    for worker in workers.values():
        # What is warm after a large bill is warm after two small ones.
        worker.order(2, min(calls, 50))
        worker.answer()
    for _ in range(rounds):
        for name, worker in workers.items():
            worker.order(_documents(name, calls), calls)
            taken[name].append(worker.answer())
    figures = {name: _figures(answers) for name, answers in taken.items()}
    for name in IN_PAIRS:
        if name in workers and calls < 5_000:
            figures[name]["rate_of_two"] = _rate_of_two(name, workers[name], calls)
    for worker in workers.values():
        worker.end()
    return figures


def _documents(name: str, calls: int) -> int:
    most = DOCUMENTS.get(name, 3)
    if calls < 500:
        return most
    # A whole batch of long bills: what one leaves behind adds to the memory of the next.
    return min(most, 3) if calls < 5_000 else BATCH if name == "pdf" else 1


def _figures(answers: Sequence[Figures]) -> Figures:
    def per_document(key: str) -> float:
        return median(answer[key] / answer["documents"] for answer in answers)

    return {
        "cpu_ms": per_document("cpu") * 1000,
        "rate": 1 / per_document("wall"),
        "kb": per_document("bytes") / 1000,
        "mib": max(answer["mib"] for answer in answers),
    }


def _rate_of_two(name: str, first: Worker, calls: int) -> float:
    """Documents a second when two processes write at the same time."""
    pair = (first, Worker(name))
    documents = _documents(name, calls)
    pair[1].order(2, calls)
    pair[1].answer()
    rates = []
    for _ in range(3):
        for worker in pair:
            worker.order(documents, calls)
        slowest = max(worker.answer()["wall"] for worker in pair)
        rates.append(2 * documents / slowest)
    pair[1].end()
    return median(rates)


def print_tables(figures: Figures) -> None:
    """Markdown for benchmarks/README.md."""
    print(figures["machine"])
    sizes: dict[str, dict[str, Figures]] = figures["sizes"]
    for calls, writers in sizes.items():
        print()
        print(
            f"| two pages and {int(calls):,} calls | CPU ms | times the PDF | documents/s "
            "| on 2 processes | MiB | kB |"
        )
        print("|---|---|---|---|---|---|---|")
        own = writers.get("pdf", {"cpu_ms": float("nan")})["cpu_ms"]
        for name, found in writers.items():
            two = f"{found['rate_of_two']:.1f}" if "rate_of_two" in found else ""
            mib = f"{found['mib']:.0f}" if found["mib"] else ""
            times = found["cpu_ms"] / own
            print(
                f"| {name} | {found['cpu_ms']:,.1f} | {times:.3f} | {found['rate']:.1f} "
                f"| {two} | {mib} | {found['kb']:,.1f} |"
            )
    print()
    print("| target | measured | |")
    print("|---|---|---|")
    for text, value, is_met in targets(sizes):
        print(f"| {text} | {value} | {'met' if is_met else 'missed'} |")


def targets(sizes: dict[str, dict[str, Figures]]) -> list[tuple[str, str, bool]]:
    """Each target whose parts were measured: what it says, what came out, whether it is met."""

    def cpu(calls: int, name: str) -> float:
        return sizes[str(calls)][name]["cpu_ms"]

    found: list[tuple[str, str, bool]] = []

    def add(text: str, of: tuple[int, str], to: tuple[int, str], limit: float) -> None:
        """`of` costs at least `limit` times `to`, or at most when the limit is negative."""
        if all(name in sizes.get(str(calls), {}) for calls, name in (of, to)):
            ratio = cpu(*of) / cpu(*to)
            is_met = ratio >= limit if limit > 0 else ratio <= -limit
            found.append((text, f"{ratio:.2f}", is_met))

    for name in ("naive", "naive PDF/A-3a"):
        add(f"two pages: {name} costs at least 2 times as much", (0, name), (0, "pdf"), 2)
    add("500 calls cost at most 1.5 times the bill without them", (500, "pdf"), (0, "pdf"), -1.5)
    for name in ("naive", "naive PDF/A-3a"):
        add(
            f"5,000 calls: all in WeasyPrint ({name}) costs at least 20 times as much",
            (5_000, name), (5_000, "pdf"), 20,
        )  # fmt: skip
    if "pdf" in sizes.get("5000", {}):
        mib = sizes["5000"]["pdf"]["mib"]
        found.append(("5,000 calls in less than 180 MB", f"{mib * 1.048576:.0f} MB", mib < 171.6))
    add("two pages: the PDF costs at least 40 times the HTML", (0, "pdf"), (0, "html"), 40)
    for name in ("chromium per bill", "chromium warm", WARM):
        add(f"two pages: {name} costs at least 3 times as much", (0, name), (0, "pdf"), 3)
    return found


if __name__ == "__main__":
    main()
