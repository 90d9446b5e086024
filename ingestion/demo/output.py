"""Writes the folder: a file is touched only when its bytes change, leftovers of a demo go."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import yaml

# Key of a row, no column: the day on which the row was entered.
KNOWN_ON = "known_on"


class Later(NamedTuple):
    """A cell that is changed on `known_on`."""

    value: Any
    known_on: date
    before: Any = None


def settled(value: Any) -> Any:
    """What a cell says in the end."""
    return value.value if isinstance(value, Later) else value


class Folder:
    """The operator folder being written."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._written: set[Path] = set()
        self._refuse_foreign()

    def _refuse_foreign(self) -> None:
        """A demo may replace a demo, and nothing else."""
        if not self.root.exists() or not any(self.root.iterdir()):
            return
        described = self.root / "operator.yaml"
        if described.is_file():
            content = yaml.safe_load(described.read_text(encoding="utf-8"))
            operator = content.get("operator") if isinstance(content, dict) else None
            if isinstance(operator, dict) and operator.get("id") == "demo":
                return
        raise FileExistsError(f"{self.root}: not empty and no demo: choose another folder")

    def write(self, name: str, content: bytes) -> None:
        """Writes one file; it stands whole under its name or not at all."""
        path = self.root / name
        self._written.add(path)
        if path.is_file() and path.stat().st_size == len(content) and path.read_bytes() == content:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(path.name + ".partial")
        partial.write_bytes(content)
        partial.replace(path)

    def table(
        self, name: str, columns: Sequence[str], rows: Iterable[Mapping[str, Any]], through: date
    ) -> None:
        """Writes one CSV table as it stood on the morning of `through`.

        A column that a row lacks is empty; a row with KNOWN_ON is there from the day after.
        """
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(columns)
        for row in rows:
            if row.get(KNOWN_ON, date.min) < through:
                writer.writerow([cell(row.get(column), through) for column in columns])
        self.write(name, text.getvalue().encode("utf-8"))

    def remove_leftovers(self, *folders: str) -> None:
        """Removes from the given sub-folders what an earlier demo wrote and this one did not."""
        for folder in folders:
            for path in sorted((self.root / folder).rglob("*")):
                if path.is_file() and path not in self._written:
                    path.unlink()


def cell(value: Any, through: date) -> str:
    """A value as the operator folder writes it."""
    if isinstance(value, Later):
        value = value.value if value.known_on < through else value.before
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value:f}"
    return str(value)
