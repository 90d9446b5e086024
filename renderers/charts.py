"""Charts as inline SVG: drawn from view values, readable in grey and by screen readers.

Coordinates are integers in thousandths of the scale, colours are attributes (print) with
classes that the screen's dark mode overrides.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from xml.sax.saxutils import escape

from renderers.branding import Palette

FONT = "Billhouse Sans, Inter, system-ui, sans-serif"


@dataclass(frozen=True, slots=True)
class Point:
    """One column or share: its value decides the size, its texts are printed."""

    label: str
    text: str
    value: Decimal


def history_chart(points: Sequence[Point], title: str, palette: Palette) -> str:
    """Columns, one per bill, the last one being this bill; credits hang below the line."""
    width, top, height, foot = 340, 16, 104, 18
    highest = max(max(point.value for point in points), Decimal(0))
    lowest = min(min(point.value for point in points), Decimal(0))
    span = (highest - lowest) or Decimal(1)
    zero = top + int(highest * height / span)
    below = 12 if lowest < 0 else 0
    total = top + height + below + foot
    step = width // len(points)
    column = min(34, step * 6 // 10)
    parts = [_open(width, total, "history", title)]
    for place, point in enumerate(points):
        centre = step * place + step // 2
        size = max(int(abs(point.value) * height / span), 1)
        is_last = place == len(points) - 1
        y = zero - size if point.value >= 0 else zero
        fill, name = (palette.accent, "now") if is_last else (palette.accent_tint, "past")
        text_y = y - 4 if point.value >= 0 else y + size + 10
        weight = "600" if is_last else "400"
        parts.append(
            f'<rect class="{name}" x="{centre - column // 2}" y="{y}" width="{column}" '
            f'height="{size}" rx="1.5" fill="{fill}"/>'
            f"{_text(centre, text_y, point.text, 'middle', weight)}"
            f"{_text(centre, total - 4, point.label, 'middle', weight)}"
        )
    parts.append(
        f'<rect class="axis" x="0" y="{zero}" width="{width}" height="1" fill="#9aa7ad"/></svg>'
    )
    return "".join(parts)


@dataclass(frozen=True, slots=True)
class Column:
    """One month: how much was used, and how much of it was charged for; in base units."""

    used: int
    charged: int


def month_columns(
    columns: Sequence[Column], title: str, palette: Palette, *, now_first: bool = False
) -> str:
    """Columns alone, without texts: each stands over its column of a table with the figures.

    The month of this bill is darker; what was charged for lies on top, parted by a gap so that
    grey print can tell it. `now_first`: the month of this bill is the first one, not the last.
    """
    # With few months the columns stay slim.
    step, height, width = 100, 100, min(54, 11 * len(columns))
    highest = max(max(column.used for column in columns), 1)
    parts = [_open(step * len(columns), height, "months", title, 'preserveAspectRatio="none" ')]
    for place, column in enumerate(columns):
        x = step * place + (step - width) // 2
        is_now = place == (0 if now_first else len(columns) - 1)
        size = max(column.used * height // highest, 1)
        charged = min(max(column.charged * height // highest, 2), size) if column.charged else 0
        included = size - charged
        gap = 1 if charged and included > 1 else 0
        fill, name = (palette.accent, "now") if is_now else (palette.accent_tint, "past")
        if included:
            parts.append(
                f'<rect class="{name}" x="{x}" y="{height - included + gap}" width="{width}" '
                f'height="{included - gap}" fill="{fill}"/>'
            )
        if charged:
            parts.append(
                f'<rect class="charged" x="{x}" y="{height - size}" width="{width}" '
                f'height="{charged}" fill="{palette.highlight}"/>'
            )
    parts.append("</svg>")
    return "".join(parts)


def share_bar(points: Sequence[Point], title: str, palette: Palette) -> str:
    """One bar cut into shares, largest first, parted by gaps so that grey print can tell them."""
    width, height, gap = 340, 14, 2
    total = sum((point.value for point in points), Decimal(0))
    parts = [_open(width, height, "shares", title, 'preserveAspectRatio="none" ')]
    room = width - gap * (len(points) - 1)
    x = 0
    done = Decimal(0)
    for place, point in enumerate(points):
        # Bounds, not widths, are rounded: the bar always ends at its edge.
        start = int(done * room / total)
        done += point.value
        size = max(int(done * room / total) - start, 1)
        parts.append(
            f'<rect class="s{place}" x="{x}" y="0" width="{size}" height="{height}" '
            f'fill="{palette.shades[place]}"/>'
        )
        x += size + gap
    parts.append("</svg>")
    return "".join(parts)


def _open(width: int, height: int, name: str, title: str, fit: str = "") -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="chart {name}" role="img" '
        f'{fit}viewBox="0 0 {width} {height}"><title>{escape(title)}</title>'
    )


def _text(x: int, y: int, text: str, anchor: str, weight: str) -> str:
    return (
        f'<text x="{x}" y="{y}" text-anchor="{anchor}" font-family="{FONT}" font-size="9.5" '
        f'font-weight="{weight}" fill="#33454d">{escape(text)}</text>'
    )
