"""What a run did, kept for whoever started it in this process (the command line)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ingestion.loading import LoadReport
    from orchestration.dbt import NodeResult
    from orchestration.issuing import IssueReport
    from orchestration.steps import RenderOutcome, StripeOutcome


@dataclass
class Outcome:
    """Filled by the steps as they end; what did not run stays None."""

    load: LoadReport | None = None
    nodes: list[NodeResult] = field(default_factory=list)
    issue: IssueReport | None = None
    documents: RenderOutcome | None = None
    stripe: StripeOutcome | None = None
    faults: list[str] = field(default_factory=list)  # of the data, each with its place


_current: ContextVar[Outcome | None] = ContextVar("outcome", default=None)


def current() -> Outcome:
    """Where the steps of this run write; a run that nobody waits for writes to a fresh one."""
    return _current.get() or Outcome()


@contextmanager
def collected() -> Iterator[Outcome]:
    """Collect what runs inside."""
    outcome = Outcome()
    token = _current.set(outcome)
    try:
        yield outcome
    finally:
        _current.reset(token)
