"""Checks of feed options that several formats share."""

from __future__ import annotations

from collections.abc import Callable


def one_of(*allowed: str) -> Callable[[object], str | None]:
    """A check that says what is wrong with a value that is none of these."""
    return lambda value: None if value in allowed else f"not one of {', '.join(allowed)}"


def text(value: object) -> str | None:
    """A check that the value is one piece of text."""
    return None if isinstance(value, str) and value else "not a single value"
