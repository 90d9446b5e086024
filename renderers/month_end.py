"""The month's pack for finance: sections of figures, tie-outs and charts as one printable page.

Every figure comes from the tables of `finance` and is shown as it stands there; nothing is added
up here but what a chart needs to know its height. The page holds no script and fetches nothing.
"""

import csv
import datetime as dt
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import jinja2
from jinja2.sandbox import SandboxedEnvironment
from markupsafe import Markup

TEMPLATES = Path(__file__).parent / "templates" / "month_end"

Row = Mapping[str, Any]

# Shades that stay apart when printed in grey; one per series of a stacked chart, dark to light.
SHADES = ("#2b2440", "#5a4a8a", "#8f7fc0", "#bdb2dd", "#dcd6ee", "#f0edf8")
# A cell that a spreadsheet would run as a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\0")


@dataclass(frozen=True)
class TieOut:
    """Two figures that must be the same, each with the words for where it comes from."""

    claim: str
    left: str
    right: str

    @property
    def holds(self) -> bool:
        """Whether they are."""
        return self.left == self.right


@dataclass(frozen=True)
class Section:
    """One part of the pack: rows of a table, the columns shown of them, and what must hold."""

    name: str
    title: str
    about: str
    columns: Mapping[str, str]  # column of the rows → heading
    rows: Sequence[Row]
    tie_outs: Sequence[TieOut] = ()
    chart: Markup | None = None
    left_out: int = 0  # rows that the page does not show; the CSV file does


@dataclass(frozen=True)
class Pack:
    """A month's pack, ready to be shown."""

    operator: str
    month: dt.date
    ledger_date: dt.date
    currency_code: str
    figures: Sequence[tuple[str, str, str]]  # heading, figure, remark
    sections: Sequence[Section]

    @property
    def faults(self) -> list[str]:
        """Every tie-out that does not hold, in words."""
        return [
            f"{section.title}: {tie.claim}: {tie.left} is not {tie.right}"
            for section in self.sections
            for tie in section.tie_outs
            if not tie.holds
        ]


def page(pack: Pack) -> str:
    """The pack as one self-contained HTML page, made to be printed on A4 too."""
    return _template().render(pack=pack, text=cell_text, is_number=_is_number)


def csv_text(section: Section) -> str:
    """All rows of a section as CSV. Text that a spreadsheet would run as a formula gets a quote."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    names = list(section.rows[0]) if section.rows else list(section.columns)
    writer.writerow(names)
    for row in section.rows:
        writer.writerow(_csv_cell(row[name]) for name in names)
    return out.getvalue()


def _csv_cell(value: Any) -> str:
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return "" if value is None else str(value)


def cell_text(value: Any) -> str:
    """A cell as people read it: digits in groups, nothing for null."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | Decimal):
        return f"{value:,}".replace(",", "\u202f").replace("-", "\u2212")
    return str(value)


def stacked_columns(
    title: str, columns: Sequence[str], series: Mapping[str, Sequence[Decimal]]
) -> Markup:
    """Columns of one value per series, stacked; values below zero hang under the line. The figures
    stand in the table beside it, so the chart shows the shape and names its shades."""
    width, height, foot, legend = 680, 170, 22, 20
    up = [
        sum((max(values[i], Decimal(0)) for values in series.values()), Decimal(0))
        for i in range(len(columns))
    ]
    down = [
        sum((min(values[i], Decimal(0)) for values in series.values()), Decimal(0))
        for i in range(len(columns))
    ]
    highest, lowest = max([*up, Decimal(0)]), min([*down, Decimal(0)])
    span = (highest - lowest) or Decimal(1)
    zero = legend + 14 + int(highest * height / span)
    total = legend + 14 + height + foot
    step = width // max(len(columns), 1)
    bar = min(56, step * 6 // 10)
    parts = [
        f'<svg viewBox="0 0 {width} {total}" role="img" class="chart">'
        f"<title>{escape(title)}</title>"
    ]
    at = 0
    for place, name in enumerate(series):
        parts.append(
            f'<rect x="{at}" y="2" width="11" height="11" fill="{SHADES[place % len(SHADES)]}" '
            f'stroke="#2b2440" stroke-width=".5"/><text x="{at + 16}" y="12">{escape(name)}</text>'
        )
        at += 34 + 7 * len(name)
    for i, label in enumerate(columns):
        left = step * i + (step - bar) // 2
        above = below = zero
        for place, values in enumerate(series.values()):
            size = int(abs(values[i]) * height / span)
            if not size:
                continue
            if values[i] > 0:
                above -= size
                y = above
            else:
                y = below
                below += size
            parts.append(
                f'<rect x="{left}" y="{y}" width="{bar}" height="{size}" '
                f'fill="{SHADES[place % len(SHADES)]}" stroke="#fff" stroke-width=".6"/>'
            )
        parts.append(
            f'<text x="{left + bar // 2}" y="{total - 5}" text-anchor="middle">'
            f"{escape(label)}</text>"
        )
    parts.append(f'<rect x="0" y="{zero}" width="{width}" height="1" fill="#8b879b"/></svg>')
    return Markup("".join(parts))


def bars(title: str, values: Sequence[tuple[str, Decimal, str]]) -> Markup:
    """One bar per value with its label before and its text behind it."""
    width, row, first = 680, 24, 190
    highest = max([abs(value) for _, value, _ in values] + [Decimal(1)])
    parts = [
        f'<svg viewBox="0 0 {width} {row * len(values)}" role="img" class="chart">'
        f"<title>{escape(title)}</title>"
    ]
    for place, (label, value, text) in enumerate(values):
        y = place * row
        size = int(abs(value) * (width - first - 150) / highest)
        parts.append(
            f'<text x="0" y="{y + 16}">{escape(label)}</text>'
            f'<rect x="{first}" y="{y + 5}" width="{max(size, 1)}" height="14" rx="2" '
            f'fill="{SHADES[1]}"/>'
            f'<text x="{first + max(size, 1) + 8}" y="{y + 16}">{escape(text)}</text>'
        )
    return Markup("".join(parts) + "</svg>")


def _is_number(rows: Sequence[Row], name: str) -> bool:
    values = [row[name] for row in rows if row[name] is not None]
    return bool(values) and all(
        isinstance(value, int | Decimal) and not isinstance(value, bool) for value in values
    )


@lru_cache(maxsize=1)
def _template() -> jinja2.Template:
    environment = SandboxedEnvironment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("pack.html.j2")
