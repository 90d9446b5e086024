"""Writes the folder: a file is touched only when its bytes change, leftovers of a demo go."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml


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

    def table(self, name: str, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
        """Writes one CSV table; a column that a row lacks is empty."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(columns)
        for row in rows:
            writer.writerow([cell(row.get(column)) for column in columns])
        self.write(name, text.getvalue().encode("utf-8"))

    def remove_leftovers(self, *folders: str) -> None:
        """Removes from the given sub-folders what an earlier demo wrote and this one did not."""
        for folder in folders:
            for path in sorted((self.root / folder).rglob("*")):
                if path.is_file() and path not in self._written:
                    path.unlink()


def cell(value: Any) -> str:
    """A value as the operator folder writes it."""
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
