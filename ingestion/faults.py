"""What is wrong with an operator's files, said so that it can be found and mended."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

VALUE_LENGTH_MAX = 120


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong. `file` is relative to the operator folder, `line` counts from 1.

    A warning has the same shape; the list that it stands in says which of the two it is.
    """

    file: str
    line: int | None
    column: str | None
    message: str
    value: str | None = None

    def __str__(self) -> str:
        """`file:line: column: message: value`, leaving out what is not known."""
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        parts = [place]
        if self.column is not None:
            parts.append(self.column)
        parts.append(self.message)
        if self.value is not None:
            parts.append(shown(self.value))
        return ": ".join(parts)


class OperatorFolderError(Exception):
    """The folder can not be loaded. `faults` holds every fault; nothing has been changed."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = in_reading_order(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


def in_reading_order(faults: Iterable[Fault]) -> list[Fault]:
    """Without repetitions, by file, line and column: independent of the order of the checks."""
    return sorted(
        set(faults),
        key=lambda f: (f.file, f.line or 0, f.column or "", f.message, f.value or ""),
    )


def shown(value: str) -> str:
    """A value as one printable, short piece of text: it comes from outside."""
    text = "".join(
        c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode()
        for c in value[: VALUE_LENGTH_MAX + 1]
    )
    return text if len(text) <= VALUE_LENGTH_MAX else text[: VALUE_LENGTH_MAX - 1] + "…"
