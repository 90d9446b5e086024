"""How the command line speaks: results to standard output, everything else to standard error."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn
from rich.table import Table

# Into a file or a pipe, tables are as wide as they need.
out = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else 200)
err = Console(stderr=True, highlight=False, soft_wrap=True)

STEP_TITLES = {
    "load": "Loading what is new",
    "draft": "Rating, charging and drafting",
    "issue": "Issuing",
    "archive": "Writing the archive",
    "books": "Keeping the books",
    "render": "Rendering documents",
    "stripe": "Syncing to Stripe",
    "demo": "Writing the demo operator",
}


class TerminalProgress:
    """Shows one bar per step while a run is under way, on a terminal only; keeps the seconds."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._bars = Progress(
            SpinnerColumn(finished_text=" "),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("{task.fields[detail]}", style="dim"),
            console=err,
            transient=True,
            disable=not err.is_terminal,
        )
        self._step: str | None = None
        self._task: Any = None
        self._began = 0.0

    def __enter__(self) -> TerminalProgress:
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.end()
        self._bars.stop()

    def step(self, title: str) -> None:
        """A new step begins."""
        self.end()
        self._step, self._began = title, time.monotonic()
        self._task = self._bars.add_task(STEP_TITLES.get(title, title), total=None, detail="")

    def at(self, done: int, total: int, detail: str = "") -> None:
        """The step at hand has done this much."""
        if self._task is not None:
            self._bars.update(
                self._task, completed=done, total=total or None, detail=escape(detail[:40])
            )

    def note(self, message: str) -> None:
        """A line for whoever waits."""
        self._bars.console.print(escape(message))

    def end(self) -> None:
        """The step at hand has ended."""
        if self._step is not None:
            took = time.monotonic() - self._began
            self.seconds[self._step] = self.seconds.get(self._step, 0.0) + took
            self._bars.remove_task(self._task)
            if err.is_terminal:
                err.print(f"[dim]{STEP_TITLES.get(self._step, self._step)}: {took:.1f} s[/dim]")
            self._step = None


def print_json(value: Mapping[str, Any]) -> None:
    """One JSON document on standard output."""
    print(json.dumps(value, ensure_ascii=False, indent=2, default=str))


def print_faults(faults: Sequence[str], *, kind: str = "fault") -> None:
    """Each on its own line, so that editors can jump there."""
    for fault in faults:
        err.print(escape(fault), soft_wrap=True)
    if faults:
        err.print(f"{len(faults)} {kind}{'s' if len(faults) != 1 else ''}", style="bold red")


def table(title: str, rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str]) -> None:
    """A table for people: `columns` maps a row's keys to headings; numbers stand to the right."""
    if not rows:
        return
    shown = Table(title=title, title_justify="left", title_style="bold", header_style="dim")
    numeric = {key for key in columns if all(_is_number(row.get(key)) for row in rows)}
    for key, heading in columns.items():
        shown.add_column(heading, justify="right" if key in numeric else "left")
    for row in rows:
        shown.add_row(*(_cell(row.get(key)) for key in columns))
    out.print(shown)


def _is_number(value: Any) -> bool:
    if isinstance(value, str):
        return value.removeprefix("-").replace(".", "", 1).isdigit()
    return value is None or isinstance(value, int | float | Decimal)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, int):
        return f"{value:,}"
    return escape(str(value))
