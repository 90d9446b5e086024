"""What the bill says about earlier ones: why it differs from the last, and six months of usage.

Both come from the document (`comparison`, `earlier_periods`), which holds them since template 2.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from renderers.charts import Column, month_columns
from renderers.formatting import clean, to_date, to_decimal

if TYPE_CHECKING:
    from renderers.view import _Context

CHANGES_SHOWN = 5
MONTHS_SHOWN = 6
WIDEST = 7  # characters of a figure under its column
# Rows under the columns, in this order; the first that was used gives the columns their height.
_ROWS = ("data", "voice", "messages")
_ROW_OF = {"data": "data", "voice": "voice", "sms": "messages", "mms": "messages"}


@dataclass(frozen=True, slots=True)
class Change:
    """One cause, as a sentence, and by how much it moves the total."""

    sentence: str
    holder: str
    amount: str
    is_credit: bool


@dataclass(frozen=True, slots=True)
class Changes:
    heading: str
    sentence: str
    items: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class MonthFigures:
    """One row under the columns: its label and one figure per month."""

    label: str
    figures: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UsageMonths:
    heading: str
    months: tuple[str, ...]  # oldest first, the last one is the month of this bill
    chart: Markup
    rows: tuple[MonthFigures, ...]
    has_charged: bool


def changes(context: _Context) -> Changes | None:
    """What changed since the last bill; None on a credit note."""
    document, say, formats = context.document, context.say, context.formats
    if context.is_credit_note:
        return None
    comparison = document.get("comparison")
    if not comparison:
        return Changes(say("comparison_first"), say("comparison_first_text"), ())
    total = to_decimal(document["amounts"]["total"])
    difference = total - to_decimal(comparison["total"])
    key = "same" if not difference else "higher" if difference > 0 else "lower"
    sentence = say(
        f"comparison_{key}",
        amount=formats.money(abs(difference)),
        date=formats.long_date(to_date(comparison["bill_date"])),
    )
    causes = sorted(
        comparison["changes"],
        key=lambda cause: (cause["cause"] == "tax", -abs(to_decimal(cause["difference"]))),
    )
    shown, others = causes[:CHANGES_SHOWN], causes[CHANGES_SHOWN:]
    if len(others) == 1:
        shown, others = causes, []
    elif others and causes[-1]["cause"] == "tax":
        shown, others = [*causes[: CHANGES_SHOWN - 1], causes[-1]], causes[CHANGES_SHOWN - 1 : -1]
    items = [_change(context, cause) for cause in shown]
    if others:
        rest = sum((to_decimal(cause["difference"]) for cause in others), Decimal(0))
        item = Change(
            say("change_others", count=len(others), number=formats.number(len(others))), "",
            formats.change(rest), rest < 0,
        )  # fmt: skip
        # Tax follows from all the others: it stays last.
        at = len(items) - 1 if shown[-1]["cause"] == "tax" else len(items)
        items.insert(at, item)
    return Changes(say("changes"), sentence, tuple(items))


def _change(context: _Context, cause: Mapping[str, Any]) -> Change:
    say, formats = context.say, context.formats
    difference = to_decimal(cause["difference"])
    count = int(cause["subscriptions"] or 0)
    holder = ""
    if len(context.document["subscriptions"]) > 1:
        if cause["subscription_id"]:
            holder = context.name_of(cause["subscription_id"])[0]
        elif count > 1:
            holder = say("lines", count=count, number=formats.number(count))
    sentence = say(
        f"change_{cause['cause']}",
        name=clean(context.own_name(cause["charge_kind"], cause["name"]), 60),
        before=formats.money(cause["before"]),
        now=formats.money(cause["now"]),
    )
    return Change(sentence, clean(holder, 40), formats.change(difference), difference < 0)


def usage_months(context: _Context, direction: str) -> UsageMonths | None:
    """Usage of this bill and of up to five before it; None before the second bill."""
    document, say, formats = context.document, context.say, context.formats
    earlier = (document.get("earlier_periods") or [])[-(MONTHS_SHOWN - 1) :]
    if context.is_credit_note or not earlier:
        return None
    periods = [
        *earlier,
        {
            "bill_date": document["bill_date"],
            "total": document["amounts"]["total"],
            "usage": document["usage"],
        },
    ]
    quantities = [_by_row(period["usage"]) for period in periods]
    rows: list[MonthFigures] = []
    columns: list[tuple[int, int]] | None = None
    for name in _ROWS:
        used_and_charged = [month.get(name, (0, 0)) for month in quantities]
        used = [used for used, _ in used_and_charged]
        if not any(used):
            continue
        if columns is None:
            columns = [(used, min(charged, used)) for used, charged in used_and_charged]
        rows.append(_figures(context, name, used))
    if columns is None:
        return None
    totals = [to_decimal(period["total"]) for period in periods]
    texts = [formats.plain_amount(total) for total in totals]
    if max(map(len, texts)) > WIDEST:
        wholes = [total.quantize(Decimal(1), ROUND_HALF_UP) for total in totals]
        texts = [_fitted(context, whole) for whole in wholes]
    rows.append(MonthFigures(say("months_bill", unit=formats.currency_sign), tuple(texts)))
    months = tuple(formats.short_month(_last_day(period["bill_date"])) for period in periods)
    title = say(
        "months_title",
        points=", ".join(
            say("history_point", date=month, amount=figure)
            for month, figure in zip(months, rows[0].figures, strict=True)
        ),
        name=rows[0].label,
    )
    drawn = [Column(used, charged) for used, charged in columns]
    if direction == "rtl":
        drawn.reverse()
    chart = month_columns(drawn, title, context.branding.palette, now_first=direction == "rtl")
    return UsageMonths(
        heading=say("months"),
        months=months,
        chart=Markup(chart),
        rows=tuple(rows),
        has_charged=any(charged for _, charged in columns),
    )


def _by_row(usage: Sequence[Mapping[str, Any]]) -> dict[str, tuple[int, int]]:
    """Row → quantity used and quantity charged for, in base units."""
    sums: dict[str, tuple[int, int]] = {}
    for row in usage:
        name = _ROW_OF.get(row["service"], "")
        used, charged = sums.get(name, (0, 0))
        quantity = int(to_decimal(row["quantity"] or 0))
        is_paid = to_decimal(row.get("amount") or 0) != 0
        billed = int(to_decimal(row["billed_quantity"] or 0)) if is_paid else 0
        sums[name] = (used + quantity, charged + billed)
    return sums


def _figures(context: _Context, name: str, quantities: Sequence[int]) -> MonthFigures:
    say, formats = context.say, context.formats
    if name == "data":
        size, unit = formats.volume_unit(max(quantities))
    else:
        size, unit = (60, formats.minute_sign) if name == "voice" else (1, "")
    texts = []
    for quantity in quantities:
        number = Decimal(quantity) / size
        decimals = Decimal("0.1") if size > 60 and number < 100 else Decimal(1)
        rounded = number.quantize(decimals, ROUND_HALF_UP)
        if rounded == rounded.to_integral_value():
            rounded = rounded.to_integral_value()
        texts.append(_fitted(context, rounded))
    label = say(f"months_{name}")
    return MonthFigures(say("months_in", name=label, unit=unit) if unit else label, tuple(texts))


def _fitted(context: _Context, number: Decimal) -> str:
    """A figure that its column has room for: "1 234 567" becomes "1,2 M"."""
    text = context.formats.number(number + 0)
    return text if len(text) <= WIDEST else context.formats.compact(number)


def _last_day(bill_date: object) -> dt.date:
    """A bill is named for the month in which its period ends."""
    return to_date(bill_date) - dt.timedelta(days=1)
