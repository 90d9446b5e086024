"""How far a run is: told by the steps, shown by whoever started them.

The command line shows it on the terminal; Dagster has its own pages, so by default nothing is
shown.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol


class Progress(Protocol):
    """Receives how far a run is."""

    def step(self, title: str) -> None:
        """A new step begins; the one before has ended."""
        ...

    def at(self, done: int, total: int, detail: str = "") -> None:
        """The step at hand has done this much; a total of 0 is unknown."""
        ...

    def note(self, message: str) -> None:
        """Something that whoever waits wants to know."""
        ...


class Silent:
    """Shows nothing."""

    def step(self, title: str) -> None:
        """Nothing."""

    def at(self, done: int, total: int, detail: str = "") -> None:
        """Nothing."""

    def note(self, message: str) -> None:
        """Nothing."""


_current: ContextVar[Progress] = ContextVar("progress")
_silent = Silent()


def current() -> Progress:
    """Where progress is told to."""
    return _current.get(_silent)


@contextmanager
def shown_by(progress: Progress) -> Iterator[Progress]:
    """Tell progress to `progress` meanwhile."""
    token = _current.set(progress)
    try:
        yield progress
    finally:
        _current.reset(token)
