"""The month's pack for finance: sections of figures, tie-outs and charts as one printable page.

Every figure comes from the tables of `finance` and is shown as it stands there; nothing is added
up here but what a chart needs to know its height. The page holds no script and fetches nothing.
It speaks the operator's language; CSV files keep the names of the warehouse.
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
from babel import Locale
from jinja2.sandbox import SandboxedEnvironment
from markupsafe import Markup

from renderers.formatting import Formats, find_locale, formats_for
from renderers.messages import CATALOGS, Messages, find_language, messages_for

WORDS = CATALOGS / "month_end"
TEMPLATES = Path(__file__).parent / "templates" / "month_end"

Row = Mapping[str, Any]

# One per series of a stacked chart; pack.css gives them colours that stay apart in grey.
SHADES = ("s0", "s1", "s2", "s3", "s4", "s5")
# A cell that a spreadsheet would run as a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\0")


@dataclass(frozen=True)
class TieOut:
    """Two figures that must be the same; `claim` names the message `tie_<claim>` that says so."""

    claim: str
    left: Decimal | int
    right: Decimal | int

    @property
    def holds(self) -> bool:
        """Whether they are."""
        return self.left == self.right


@dataclass(frozen=True)
class Stack:
    """Stacked columns: a value per series and month. Series are codes of `codes`."""

    months: Sequence[dt.date]
    series: Mapping[str, Sequence[Decimal]]


@dataclass(frozen=True)
class Bars:
    """One bar per code of `codes`, with its value."""

    values: Sequence[tuple[str, Decimal | int]]


@dataclass(frozen=True)
class Section:
    """One part of the pack: rows of a table, the columns shown of them, and what must hold.

    Its words are the messages `title_<name>`, `about_<name>`, `chart_<name>` and, per column,
    `column_<name>_<column>` or else `column_<column>`. Values of the columns in `coded` are codes
    of the warehouse, said by `code_<value>`.
    """

    name: str
    columns: Sequence[str]
    rows: Sequence[Row]
    tie_outs: Sequence[TieOut] = ()
    chart: Stack | Bars | None = None
    coded: Sequence[str] = ()
    remark: str | None = None  # a message of its own, under the tie-outs
    left_out: int = 0  # rows that the page does not show; the CSV file does


@dataclass(frozen=True)
class Pack:
    """A month's pack, ready to be shown."""

    operator: str
    month: dt.date
    ledger_date: dt.date
    currency_code: str
    figures: Sequence[tuple[str, Decimal, int]]  # `figure_<name>`, amount, `count` of its remark
    sections: Sequence[Section]
    language: str = "en"
    country: str = "FR"

    @property
    def is_over(self) -> bool:
        """Whether the ledger has the whole month."""
        return self.ledger_date >= (self.month + dt.timedelta(days=31)).replace(day=1)

    @property
    def faults(self) -> list[str]:
        """Every tie-out that does not hold, in English words, for the command line."""
        return _Words(self, Locale("en"), messages_for("en", WORDS)).faults


class _Words:
    """What the page says, in one language and the number format of one locale."""

    def __init__(self, pack: Pack, locale: Locale, messages: Messages) -> None:
        self.pack = pack
        self.messages = messages
        self.formats: Formats = formats_for(str(locale), pack.currency_code, 2)
        self._decimal_mark = locale.number_symbols["latn"]["decimal"]

    def say(self, key: str, **arguments: Any) -> str:
        """A message; the ledger date is `day` in every one."""
        return self.messages(key, **{"day": self.day(self.pack.ledger_date), **arguments})

    def day(self, day: dt.date) -> str:
        return self.formats.long_date(day)

    def month(self, day: dt.date) -> str:
        return self.formats.month(day)

    def heading(self, section: Section, column: str) -> str:
        key = f"column_{section.name}_{column}"
        return self.say(key if self.messages.has(key) else f"column_{column}")

    def code(self, value: object) -> str:
        """A code of the warehouse in words; one that has no words, as it stands."""
        key = f"code_{value}"
        return self.say(key) if self.messages.has(key) else self.text(value)

    def cell(self, section: Section, column: str, value: object) -> str:
        if isinstance(value, dt.date) and column == "month":
            return f"{value:%Y-%m}"
        return self.code(value) if column in section.coded else self.text(value)

    def text(self, value: object) -> str:
        """A cell as people read it: digits in groups, nothing for null."""
        if value is None:
            return ""
        if isinstance(value, dt.datetime):
            return f"{value:%Y-%m-%d %H:%M}"
        if isinstance(value, int | Decimal):
            whole, point, rest = f"{Decimal(value):,f}".partition(".")
            # thin spaces part the groups in every language
            whole = whole.replace(",", "\u202f").replace("-", "\u2212")
            return whole + (self._decimal_mark + rest if point else "")
        return str(value)

    def chart(self, section: Section) -> Markup | None:
        title = self.say(f"chart_{section.name}") if section.chart else ""
        if isinstance(section.chart, Stack):
            return stacked_columns(
                title,
                [f"{month:%Y-%m}" for month in section.chart.months],
                {self.code(name): values for name, values in section.chart.series.items()},
            )
        if isinstance(section.chart, Bars):
            return bars(
                title,
                [
                    (self.code(name), Decimal(value), self.text(value))
                    for name, value in section.chart.values
                ],
            )
        return None

    @property
    def faults(self) -> list[str]:
        return [
            f"{self.say(f'title_{section.name}')}: "
            + self.say(
                "difference",
                claim=self.say(f"tie_{tie.claim}"),
                left=self.text(tie.left),
                right=self.text(tie.right),
            )
            for section in self.pack.sections
            for tie in section.tie_outs
            if not tie.holds
        ]


def page(pack: Pack) -> str:
    """The pack as one self-contained HTML page, made to be printed on A4 too."""
    language = find_language(pack.language, folder=WORDS)
    locale = find_locale(language, pack.country)
    return _template().render(
        pack=pack,
        language=language,
        words=_Words(pack, locale, messages_for(language, WORDS)),
        is_number=_is_number,
    )


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
            f'<rect class="key {SHADES[place % len(SHADES)]}" x="{at}" y="2" width="11" '
            f'height="11"/><text x="{at + 16}" y="12">{escape(name)}</text>'
        )
        at += 34 + 6 * len(name)
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
                f'<rect class="part {SHADES[place % len(SHADES)]}" x="{left}" y="{y}" '
                f'width="{bar}" height="{size}"/>'
            )
        parts.append(
            f'<text x="{left + bar // 2}" y="{total - 5}" text-anchor="middle">'
            f"{escape(label)}</text>"
        )
    parts.append(f'<rect x="0" y="{zero}" width="{width}" height="1" class="axis"/></svg>')
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
            f'<rect class="{SHADES[1]}" x="{first}" y="{y + 5}" width="{max(size, 1)}" '
            f'height="14" rx="2"/>'
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
