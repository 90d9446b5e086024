"""What the page says: an issued document and its itemised usage as texts in their places.

Everything shown comes from the document (7.2) and its usage rows; the only arithmetic here is
adding up lines that stand together on the page, in Decimal. Templates place these texts and
compute nothing.
"""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_FLOOR, Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import yaml
from babel import Locale
from markupsafe import Markup

from renderers.branding import Branding
from renderers.charts import Point, history_chart, share_bar
from renderers.formatting import (
    Formats,
    clean,
    find_locale,
    formats_for,
    grouped,
    phone_number,
    to_date,
    to_datetime,
    to_decimal,
)
from renderers.messages import Messages, find_language, messages_for
from renderers.past import Changes, UsageMonths, changes, usage_months
from renderers.qr import EPC_COUNTRIES, epc_payload, is_iban, qr_svg

SCHEMA = "billhouse-document/1"
SHARES_SHOWN = 5
BARS_SHOWN = 5
PARTICULARS_SHOWN = 3
FAMILY_SIZE = 6  # with more lines an account reads as a fleet: less of each line
WIDE_AMOUNT = 13  # characters, the currency's sign included
SHORT_USAGE = 18  # rows that are kept on one page
SHORT_DOCUMENT = 8  # lines, without usage: charges need no page of their own
HIGH_USE_PERCENT = 80
ITEMISED_WIDTHS = (12.0, 10.5, 13.0, 29.5, 11.0, 13.0, 11.0)

# Which block of the summary a charge belongs to; corrections of any kind have their own.
_BLOCKS = {
    "recurring": "recurring",
    "minimum_top_up": "recurring",
    "usage": "usage",
    "cap_credit": "usage",
    "once": "once",
    "instalment": "once",
    "late_fee": "once",
    "discount": "discounts",
    "adjustment": "corrections",
}
_BLOCK_ORDER = ("recurring", "usage", "once", "discounts", "corrections")
# Names that the warehouse gives to charges of its own, which no catalogue of the operator holds.
_OWN_CHARGES = {"minimum_top_up": "Minimum spend", "cap_credit": "Spend cap"}
_LATE_FEE = "Late payment fee "  # and the number of the invoice
_SERVICES = ("voice", "sms", "mms", "data")
_LINK = re.compile(r"^https://[^\s\"'<>\\]+$", re.IGNORECASE)
_LINK_OF_1 = re.compile(r"^https?://[^\s\"'<>\\]+$", re.IGNORECASE)  # of template 1
_MAIL = re.compile(r"^[\w.+-]+@[\w-]+(\.[\w-]+)+$", re.ASCII)


class DocumentError(ValueError):
    """The document cannot be shown: not of the schema, or a value of it is not readable."""


@dataclass(frozen=True, slots=True)
class Fact:
    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Row:
    """A label and an amount; `kind` is block, subtotal, total, due, item or past."""

    label: str
    amount: str
    kind: str = "block"
    is_credit: bool = False


@dataclass(frozen=True, slots=True)
class Link:
    """A text and, when it is safe to follow, where it leads."""

    text: str
    href: str | None = None


@dataclass(frozen=True, slots=True)
class Headline:
    label: str
    amount: str
    sentence: str
    is_credit: bool
    is_long: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    heading: str
    sentence: str
    particulars: tuple[Row, ...]
    particulars_note: str | None
    chart: Markup | None


@dataclass(frozen=True, slots=True)
class Share:
    label: str
    amount: str
    percent: str


@dataclass(frozen=True, slots=True)
class Breakdown:
    chart: Markup
    shares: tuple[Share, ...]


@dataclass(frozen=True, slots=True)
class AllowanceBar:
    """One allowance; `permille` of it is used, None when it is unlimited. `used` in base units."""

    used: int
    name: str
    holder: str
    text: str
    note: str
    permille: int | None
    state: str
    title: str


@dataclass(frozen=True, slots=True)
class QrCode:
    svg: Markup
    caption: str


@dataclass(frozen=True, slots=True)
class Payment:
    """How to pay. `instruction` is what the headline does not say yet."""

    sentences: tuple[str, ...]
    instruction: str
    details: tuple[Fact, ...]
    codes: tuple[QrCode, ...]
    link: Link | None


@dataclass(frozen=True, slots=True)
class Charge:
    description: str
    badge: str | None
    period: str
    quantity: str
    tax: str
    amount: str
    is_credit: bool


@dataclass(frozen=True, slots=True)
class ChargeGroup:
    name: str
    detail: str
    subtotal: str
    charges: tuple[Charge, ...]


@dataclass(frozen=True, slots=True)
class Tax:
    name: str
    rate: str
    taxable: str
    amount: str


@dataclass(frozen=True, slots=True)
class UsageLine:
    name: str
    events: str
    quantity: str
    included: str
    charged: str
    amount: str


@dataclass(frozen=True, slots=True)
class UsageGroup:
    """Usage and allowances of one line: as bars, or in a fleet as a note beside its name."""

    name: str
    detail: str
    note: str
    bars: tuple[AllowanceBar, ...]
    lines: tuple[UsageLine, ...]


@dataclass(frozen=True, slots=True)
class ItemisedGroup:
    """Itemised usage of one subscription: rows of texts in the order of the columns."""

    name: str
    detail: str
    count: str
    show: str
    continued: str
    rows: tuple[tuple[str, ...], ...]
    subtotals: tuple[tuple[str, str, str, str], ...]  # label, records, quantity, amount


@dataclass(frozen=True, slots=True)
class Itemised:
    columns: tuple[str, ...]
    groups: tuple[ItemisedGroup, ...]
    notes: tuple[str, ...]
    count: int
    widths: tuple[float, ...] = ()  # of the columns, in shares of the page; empty: the usual ones


@dataclass(frozen=True, slots=True)
class HelpStep:
    heading: str
    text: str
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class DocumentView:
    language: str
    catalog: str
    direction: str
    paper: str
    window: str
    is_credit_note: bool
    is_short: bool
    is_wide: bool  # amounts of so many digits that they need more room
    page_title: str
    title: str
    number: str
    created: str
    author: str
    brand_name: str
    brand_initial: str
    logo: Markup | None
    sender: str
    recipient: tuple[str, ...]
    facts: tuple[Fact, ...]
    headline: Headline
    summary: tuple[Row, ...]
    comparison: Comparison | None
    changes: Changes | None
    months: UsageMonths | None
    columns: tuple[tuple[str, ...], ...]  # of panels: their names, from top to bottom
    breakdown: Breakdown | None
    breakdown_basis: str
    top_allowances: tuple[AllowanceBar, ...]
    allowances_heading: str
    allowances_note: str | None
    payment: Payment
    payment_heading: str
    charges_heading: str
    charge_groups: tuple[ChargeGroup, ...]
    amount_heading: str
    lines_total: Row
    taxes: tuple[Tax, ...]
    tax_total: Tax | None
    tax_notes: tuple[str, ...]
    usage_groups: tuple[UsageGroup, ...]
    usage_is_short: bool
    usage_amount_heading: str
    late_fees: str | None
    help_steps: tuple[HelpStep, ...]
    imprint: tuple[str, ...]
    footer: str
    itemised: Itemised | None
    itemised_heading: str
    shades: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class _Context:
    """What every part of the page is made from."""

    document: Mapping[str, Any]
    branding: Branding
    formats: Formats
    say: Messages
    names: Mapping[str, tuple[str, str]]  # subscription_id → name, detail
    is_gross: bool
    is_rtl: bool

    @property
    def account(self) -> Mapping[str, Any]:
        return self.document["account"]

    @property
    def operator(self) -> Mapping[str, Any]:
        return self.document["operator"]

    @property
    def template(self) -> int:
        return int(self.document["template"])

    @property
    def is_credit_note(self) -> bool:
        return self.document["document_kind"] == "credit_note"

    def amount_of(self, line: Mapping[str, Any]) -> Decimal:
        """What the page shows for a line: before tax, or as charged where prices hold it."""
        return to_decimal(line["amount_charged" if self.is_gross else "amount_net"])

    def own_name(self, charge_kind: str, name: str) -> str:
        return own_name(self.say, charge_kind, name)

    def link_to(self, url: str) -> Link:
        """A web address of the operator's, to be followed when it is https."""
        pattern = _LINK if self.template > 1 else _LINK_OF_1
        return Link(re.sub(r"^https?://|/$", "", url), url if pattern.match(url) else None)

    def isolated(self, text: str) -> str:
        """A number in groups, which keep their order when words around it run right to left."""
        return f"\u2066{text}\u2069" if text and self.is_rtl else text

    def name_of(self, subscription_id: str | None) -> tuple[str, str]:
        if not subscription_id:
            return self.say("account_charges"), ""
        known = self.names.get(subscription_id)
        return known or (self.say("other_subscription", id=clean(subscription_id, 40)), "")


def own_name(say: Messages, charge_kind: str, name: str) -> str:
    """A charge's name; charges that billing itself makes up are named in the document's language
    unless the operator's translations have named them."""
    if name == _OWN_CHARGES.get(charge_kind):
        return say(f"charge_{charge_kind}")
    if charge_kind == "late_fee" and name.startswith(_LATE_FEE):
        return say("charge_late_fee", number=name.removeprefix(_LATE_FEE))
    return name


def build_view(
    document: Mapping[str, Any],
    usage: Sequence[Mapping[str, Any]] = (),
    branding: Branding | None = None,
) -> DocumentView:
    """The page of one issued document.

    `usage` holds the document's rows of `issued_usage`, in their order; quantities in base units
    (seconds, messages, bytes), amounts exact. Raises DocumentError when it is no document of
    this schema or a value in it is missing or unreadable.
    """
    if document.get("schema") != SCHEMA:
        raise DocumentError(f"not a {SCHEMA} document: {document.get('schema')!r}")
    try:
        return _build(document, usage, branding or Branding())
    except (KeyError, TypeError, ValueError, ArithmeticError) as error:
        number = document.get("document_number")
        raise DocumentError(f"{number}: {type(error).__name__}: {error}") from error


def _build(
    document: Mapping[str, Any], usage: Sequence[Mapping[str, Any]], branding: Branding
) -> DocumentView:
    account, operator = document["account"], document["operator"]
    language = find_language(account["language"], operator["language"])
    wanted = account["language"] or operator["language"] or language
    if not str(wanted).startswith(language.split("_")[0]):
        wanted = language
    locale = find_locale(str(wanted), account["country"] or operator["country"] or "")
    direction = Locale.parse(language).text_direction
    is_rtl = direction == "rtl"
    formats = formats_for(str(locale), document["currency_code"], int(document["minor_units"]))
    context = _Context(
        document=document,
        branding=branding,
        formats=formats,
        say=messages_for(language),
        names={
            row["subscription_id"]: _subscription_name(row, operator["country"], is_rtl)
            for row in document["subscriptions"]
        },
        is_gross=_shows_gross(document),
        is_rtl=is_rtl,
    )
    say = context.say
    profile = _profile(operator["country"])
    brand_name = branding.name or clean(operator["legal_name"], 60)
    number = clean(document["document_number"], 60)
    kind = document["document_kind"]
    bars = _allowance_bars(context)
    charges = _charge_groups(context)
    shown = sorted((bar for _, bar in bars), key=_by_use)
    shown_bars = tuple(shown[:BARS_SHOWN])
    tax_rows, tax_total, tax_notes = _taxes(context)
    usage_groups = _usage_groups(context, bars)
    what_changed, months = changes(context), usage_months(context, direction)
    breakdown = _breakdown(context)
    summary = _summary(context)
    return DocumentView(
        language=str(locale).replace("_", "-"),
        catalog=language,
        direction=direction,
        paper=profile["paper"],
        window=profile["window"],
        is_credit_note=context.is_credit_note,
        is_short=len(document["lines"]) <= SHORT_DOCUMENT and not usage_groups,
        is_wide=any(len(row.amount) > WIDE_AMOUNT for row in summary),
        page_title=say(f"page_title_{kind}", number=number),
        title=_title(context),
        number=number,
        created=str(document["bill_date"]),
        author=clean(operator["legal_name"]),
        brand_name=brand_name,
        brand_initial=brand_name[:1].upper(),
        logo=Markup(branding.logo_svg) if branding.logo_svg else None,
        sender=_joined(" · ", operator["legal_name"], operator["street"], _town(operator)),
        recipient=_address(account),
        facts=_facts(context),
        headline=_headline(context),
        summary=summary,
        comparison=_comparison(context),
        changes=what_changed,
        months=months,
        columns=_columns(
            {
                "changes": _height_of_changes(what_changed) if what_changed else 0,
                "months": 300 + 44 * len(months.rows) if months else 0,
                "breakdown": 200 + 52 * len(breakdown.shares) if breakdown else 0,
                "allowances": 110 + 74 * len(shown_bars) if shown_bars else 0,
            }
        ),
        breakdown=breakdown,
        breakdown_basis=say("breakdown_basis_gross" if context.is_gross else "breakdown_basis"),
        top_allowances=shown_bars,
        allowances_heading=say(
            "allowances_most_used" if len(shown) > len(shown_bars) else "allowances"
        ),
        allowances_note=(
            say(
                "allowances_shown",
                shown=formats.number(len(shown_bars)),
                total=formats.number(len(shown)),
            )
            if len(shown) > len(shown_bars)
            else None
        ),
        payment=_payment(context),
        payment_heading=say("payment"),
        charges_heading=say("charges_credited" if context.is_credit_note else "charges"),
        charge_groups=charges,
        amount_heading=say("column_amount_gross" if context.is_gross else "column_amount"),
        lines_total=Row(
            say("total_with_tax" if context.is_gross else "total_before_tax"),
            formats.money(document["amounts"]["total" if context.is_gross else "net"]),
        ),
        taxes=tax_rows,
        tax_total=tax_total,
        tax_notes=tax_notes,
        usage_groups=usage_groups,
        usage_is_short=sum(len(group.lines) + 2 for group in usage_groups) <= SHORT_USAGE,
        usage_amount_heading=say(
            "column_usage_amount_gross" if operator["prices_include_tax"] else "column_usage_amount"
        ),
        late_fees=_late_fees(context),
        help_steps=_help_steps(context),
        imprint=_imprint(context, profile),
        footer=_joined(
            " · ", brand_name, number, formats.long_date(to_date(document["bill_date"]))
        ),
        itemised=_itemised(context, usage),
        itemised_heading=say("itemised"),
        shades=branding.palette.shades,
    )


def _shows_gross(document: Mapping[str, Any]) -> bool:
    """Whether lines are shown with tax: to consumers whose prices hold it (6.3), where the lines
    as charged foot to the total."""
    if not document["operator"]["prices_include_tax"]:
        return False
    if document["account"]["kind"] != "residential":
        return False
    charged = [line.get("amount_charged") for line in document["lines"]]
    if any(amount is None for amount in charged):
        return False
    total = sum((to_decimal(amount) for amount in charged), Decimal(0))
    return total == to_decimal(document["amounts"]["total"])


# Names and addresses


def _subscription_name(row: Mapping[str, Any], country: str, is_rtl: bool) -> tuple[str, str]:
    """The name of a line and what stands beside it in small: its number and plan."""
    number = phone_number(str(row["msisdn"]), country or "") if row.get("msisdn") else ""
    if number and is_rtl:
        number = f"\u2066{number}\u2069"
    name = clean(row.get("name"), 80)
    plan = clean(row.get("plan"), 80)
    if name and number:
        return name, f"{number} · {plan}" if plan else number
    return name or number or clean(row["subscription_id"], 60), plan


def _joined(separator: str, *parts: object) -> str:
    return separator.join(text for text in (clean(part) for part in parts) if text)


def _town(address: Mapping[str, Any]) -> str:
    """The town line as the country writes it."""
    town, code, region = (address.get(key) for key in ("city", "postal_code", "region"))
    if address.get("country") in ("US", "CA", "AU"):
        return _joined(" ", town, region, code)
    if address.get("country") in ("GB", "IE"):
        return _joined(" ", town, code)
    return _joined(" ", code, town)


def _address(account: Mapping[str, Any]) -> tuple[str, ...]:
    lines = (clean(account["name"], 90), clean(account["street"], 90), clean(_town(account), 90))
    return tuple(line for line in lines if line)


def _title(context: _Context) -> str:
    if context.is_credit_note:
        return context.say("title_credit_note")
    # A bill is named for the month in which its period ends.
    last_day = to_date(context.document["period"]["end"]) - dt.timedelta(days=1)
    month = context.formats.month(last_day)
    return context.say("title_invoice", month=month)


def _facts(context: _Context) -> tuple[Fact, ...]:
    document, say, formats = context.document, context.say, context.formats
    bill_date = formats.long_date(to_date(document["bill_date"]))
    facts = [Fact(say("customer_number"), clean(context.account["account_id"], 40))]
    if context.is_credit_note:
        facts.append(Fact(say("credit_note_number"), clean(document["document_number"], 40)))
        credited = _credited(document)
        if document.get("credited_document_number"):
            facts.append(Fact(say("credited_document"), ", ".join(credited)))
        elif credited:
            facts.append(Fact(say("corrected_documents"), ", ".join(credited)))
        facts.append(Fact(say("credit_note_date"), bill_date))
    else:
        facts.append(Fact(say("invoice_number"), clean(document["document_number"], 40)))
        facts.append(Fact(say("bill_date"), bill_date))
        if document.get("due_date"):
            facts.append(Fact(say("due_date"), formats.long_date(to_date(document["due_date"]))))
    period = document["period"]
    facts.append(
        Fact(
            say("billing_period"),
            formats.period(to_date(period["start"]), to_date(period["end"])),
        )
    )
    if context.account.get("vat_number"):
        facts.append(Fact(say("customer_vat_number"), clean(context.account["vat_number"], 40)))
    return tuple(facts)


def _credited(document: Mapping[str, Any]) -> list[str]:
    """The invoices that a credit note names (7.3): the one it credits in full, or those whose
    lines it takes back; of many the latest."""
    if document.get("credited_document_number"):
        return [clean(document["credited_document_number"], 40)]
    return [clean(number, 40) for number in (document.get("corrects") or [])[-4:]]


# Page 1


def _headline(context: _Context) -> Headline:
    document, say, formats = context.document, context.say, context.formats
    due = to_decimal(document["amounts"]["due"])
    if context.is_credit_note:
        credited = _credited(document)
        sentence = (
            say("credit_note_for", number=credited[0])
            if len(credited) == 1
            else say("credit_note_plain", date=formats.long_date(to_date(document["bill_date"])))
        )
        amount = -to_decimal(document["amounts"]["total"])
        return _headline_of(say("credited_to_you"), formats.money(amount), sentence, True)
    if due < 0:
        return _headline_of(say("in_your_favour"), formats.money(-due), say("credit_kept"), True)
    if due == 0:
        return _headline_of(say("amount_due"), formats.money(due), say("nothing_to_pay"), False)
    date = formats.long_date(to_date(document["due_date"]))
    key = {"card": "card_charged_on", "sepa_debit": "debited_on"}.get(
        context.account["payment_method"], "pay_by"
    )
    return _headline_of(say("amount_due"), formats.money(due), say(key, date=date), False)


def _headline_of(label: str, amount: str, sentence: str, is_credit: bool) -> Headline:
    return Headline(label, amount, sentence, is_credit, is_long=len(amount) > 11)


def _summary(context: _Context) -> tuple[Row, ...]:
    document, say, formats = context.document, context.say, context.formats
    sums: dict[str, Decimal] = {}
    for line in document["lines"]:
        block = "corrections" if line["is_correction"] else _BLOCKS[line["charge_kind"]]
        sums[block] = sums.get(block, Decimal(0)) + context.amount_of(line)
    rows = [
        Row(say(f"block_{block}"), formats.money(sums[block]), "block", sums[block] < 0)
        for block in _BLOCK_ORDER
        if block in sums
    ]
    amounts = document["amounts"]
    total_key = "total_credit_note" if context.is_credit_note else "total_invoice"
    total = Row(say(total_key), formats.money(amounts["total"]), "total")
    if context.is_gross:
        rows.append(total)
        rows.extend(
            Row(say("tax_included", name=name), formats.money(amount), "block")
            for name, amount in _taxes_summed(context)
        )
    else:
        rows.append(Row(say("total_before_tax"), formats.money(amounts["net"]), "subtotal"))
        rows.extend(
            Row(name, formats.money(amount), "block") for name, amount in _taxes_summed(context)
        )
        rows.append(total)
    forward = to_decimal(amounts["balance_forward"])
    if forward:
        key = "balance_owed" if forward > 0 else "balance_credit"
        rows.append(Row(say(key), formats.money(forward), "block", forward < 0))
        due_key = "balance_after" if context.is_credit_note else "amount_due"
        rows.append(Row(say(due_key), formats.money(amounts["due"]), "due"))
    return tuple(rows)


def _taxes_summed(context: _Context) -> list[tuple[str, Decimal]]:
    """Each tax and rate with its amount; all in one when there are many, or none is due."""
    by_tax: dict[tuple[str, str], Decimal] = {}
    for tax in context.document["taxes"]:
        key = (clean(tax["name"], 40), context.formats.percent(tax["rate_percent"] or "0"))
        by_tax[key] = by_tax.get(key, Decimal(0)) + to_decimal(tax["amount_tax"])
    charged = [(_tax_name(*key), amount) for key, amount in by_tax.items() if amount]
    if 0 < len(charged) <= 3:
        return charged
    return [(context.say("tax"), to_decimal(context.document["amounts"]["tax"]))]


def _tax_name(name: str, rate: str) -> str:
    """A tax with its rate, once: names such as "TVA 20 %" hold it already."""
    digits = re.sub(r"\D", "", rate)
    return name if digits and digits in re.sub(r"\D", "", name) else f"{name} {rate}"


def _comparison(context: _Context) -> Comparison | None:
    document, say, formats = context.document, context.say, context.formats
    if context.is_credit_note:
        return None
    total = to_decimal(document["amounts"]["total"])
    history = [
        (to_date(entry["bill_date"]), to_decimal(entry["total"])) for entry in document["history"]
    ][-5:]
    particulars, note = _particulars(context)
    if not history:
        return Comparison(
            say("comparison_first"), say("comparison_first_text"), particulars, note, None
        )
    last_date, last_total = history[-1]
    difference = total - last_total
    key = "same" if not difference else "higher" if difference > 0 else "lower"
    sentence = say(
        f"comparison_{key}",
        amount=formats.money(abs(difference)),
        date=formats.long_date(last_date),
    )
    points = [
        Point(formats.short_date(day), formats.money(amount), amount)
        for day, amount in [*history, (to_date(document["bill_date"]), total)]
    ]
    title = say(
        "history_title",
        points=", ".join(
            say("history_point", date=point.label, amount=point.text) for point in points
        ),
    )
    if max(len(point.text) for point in points) > 10:
        points = [Point(p.label, _short_amount(p.text), p.value) for p in points]
    chart = Markup(history_chart(points, title, context.branding.palette))
    return Comparison(say("comparison"), sentence, particulars, note, chart)


def _short_amount(text: str) -> str:
    """An amount for a narrow column: its digits alone, without the currency's sign."""
    return re.sub(r"^[^\d\u2212]+|[^\d]+$", "", text)


def _particulars(context: _Context) -> tuple[tuple[Row, ...], str | None]:
    """What need not be on the next bill: usage, one-off charges, part periods, corrections."""
    say, formats = context.say, context.formats
    sums: dict[str, Decimal] = {}

    def add(label: str, amount: Decimal) -> None:
        sums[label] = sums.get(label, Decimal(0)) + amount

    for line in context.document["lines"]:
        amount = context.amount_of(line)
        name = _description(context, line, 60)
        kind = line["charge_kind"]
        if not amount:
            continue
        if line["is_correction"]:
            add(say("correction_of", name=name), amount)
        elif kind in ("usage", "cap_credit"):
            add(say("block_usage"), amount)
        elif kind in ("once", "adjustment", "late_fee", "minimum_top_up"):
            add(name, amount)
        elif kind == "recurring" and _is_part_period(line):
            stretch = formats.period(
                to_date(line["charged_from"]), to_date(line["charged_to"]), with_year=False
            )
            add(f"{name}, {stretch}", amount)
    if not sums:
        return (), say("particular_none")
    items = sorted(sums.items(), key=lambda item: (-abs(item[1]), item[0]))
    shown = items[:PARTICULARS_SHOWN]
    others = items[PARTICULARS_SHOWN:]
    if len(others) == 1:
        shown, others = items, []
    rows = [Row(name, formats.change(amount), "item", amount < 0) for name, amount in shown]
    if others:
        label = say("particular_others", count=len(others), number=formats.number(len(others)))
        rest = sum((amount for _, amount in others), Decimal(0))
        rows.append(Row(label, formats.change(rest), "item", rest < 0))
    return tuple(rows), None


def _is_part_period(line: Mapping[str, Any]) -> bool:
    return bool(line.get("charged_from")) and (
        (line["charged_from"], line["charged_to"]) != (line["period_start"], line["period_end"])
    )


def _breakdown(context: _Context) -> Breakdown | None:
    """Charges before reductions: by line in a family, by description for one line or a fleet."""
    document, say, formats = context.document, context.say, context.formats
    if context.is_credit_note:
        return None
    by_line = 1 < len(document["subscriptions"]) <= FAMILY_SIZE
    sums: dict[str, Decimal] = {}
    for line in document["lines"]:
        amount = context.amount_of(line)
        if amount <= 0 or line["is_correction"]:
            continue
        label = (
            context.name_of(line["subscription_id"])[0]
            if by_line
            else _description(context, line, 60)
        )
        sums[label] = sums.get(label, Decimal(0)) + amount
    if len(sums) < 2:
        return None
    ranked = sorted(sums.items(), key=lambda pair: (-pair[1], pair[0]))
    shown = ranked[:SHARES_SHOWN]
    rest = ranked[SHARES_SHOWN:]
    if len(rest) == 1:
        shown, rest = ranked, []
    if rest:
        shown.append((say("breakdown_other"), sum((amount for _, amount in rest), Decimal(0))))
    percents = _whole_percents([amount for _, amount in shown])
    shares = tuple(
        Share(label, formats.money(amount), formats.percent(percent))
        for (label, amount), percent in zip(shown, percents, strict=True)
    )
    title = say(
        "breakdown_title",
        points=", ".join(
            say("breakdown_point", name=share.label, percent=share.percent) for share in shares
        ),
    )
    points = [Point(label, "", amount) for label, amount in shown]
    return Breakdown(Markup(share_bar(points, title, context.branding.palette)), shares)


def _columns(heights: Mapping[str, int]) -> tuple[tuple[str, ...], ...]:
    """Panels in two columns that end as level as they can, the first panel on the left. Heights in
    tenths of millimetres of paper, 0 for a panel that the bill does not have."""
    names = [name for name, height in heights.items() if height]
    if len(names) < 2:
        return (tuple(names),) if names else ()
    best: tuple[tuple[str, ...], ...] = ()
    least = sum(heights.values()) + 1
    for choice in range(1, 2 ** (len(names) - 1)):
        right = tuple(name for at, name in enumerate(names) if at and choice >> (at - 1) & 1)
        left = tuple(name for name in names if name not in right)
        tallest = max(sum(heights[name] for name in column) for column in (left, right))
        if tallest < least:
            best, least = (left, right), tallest
    return best


def _height_of_changes(what: Changes) -> int:
    """In tenths of millimetres: a sentence of more than some 40 characters takes two lines."""
    return 120 + sum(
        76 if len(item.sentence) + len(item.holder) > 40 else 44 for item in what.items
    )


def _whole_percents(amounts: Sequence[Decimal]) -> list[Decimal]:
    """Shares in whole percents that add up to 100: the largest remainders are rounded up."""
    total = sum(amounts, Decimal(0))
    exact = [amount * 100 / total for amount in amounts]
    percents = [share.to_integral_value(ROUND_FLOOR) for share in exact]
    missing = 100 - int(sum(percents))
    by_remainder = sorted(range(len(exact)), key=lambda at: percents[at] - exact[at])
    for at in by_remainder[:missing]:
        percents[at] += 1
    return percents


def _quantity(context: _Context, service: str, quantity: int, scale_of: int | None = None) -> str:
    """A quantity of an allowance or a total: minutes, messages or a volume."""
    if service == "voice":
        return context.formats.minutes(quantity)
    if service == "data":
        return context.formats.volume(quantity, scale_of)
    return context.formats.number(quantity)


def _by_use(bar: AllowanceBar) -> tuple[bool, bool, int]:
    """Most used first; unlimited ones after those that can run out, unused ones last."""
    return not bar.used, bar.permille is None, -(bar.permille or 0)


def _allowance_bars(context: _Context) -> list[tuple[str | None, AllowanceBar]]:
    say, formats = context.say, context.formats
    bars = []
    several = len(context.document["subscriptions"]) > 1
    for grant in context.document["allowances"]:
        service = grant["service"]
        subscription_id = grant["subscription_id"] or None
        holder = (
            (context.name_of(subscription_id)[0] if subscription_id else say("account_level"))
            if several
            else ""
        )
        used = int(grant["used"] or 0)
        name = clean(grant["name"], 80)
        if grant["is_unlimited"]:
            text = say("allowance_unlimited", used=_counted(context, service, used))
            bars.append(
                (
                    subscription_id,
                    AllowanceBar(used, name, holder, text, "", None, "unlimited", text),
                )
            )
            continue
        carried_in = int(grant["carried_in"] or 0)
        available = int(grant["granted"] or 0) + carried_in
        if not available and not used:
            continue  # a grant of nothing: its product ended before the period
        text = say(
            "allowance_of",
            used=_quantity(context, service, used, available),
            available=_counted(context, service, available, available),
        )
        permille = min(used * 1000 // available, 1000) if available else 1000
        notes = []
        if carried_in:
            notes.append(
                say("allowance_carried_in", quantity=_quantity(context, service, carried_in))
            )
        if used >= available:
            notes.append(say("allowance_used_up"))
        elif int(grant["carried_out"] or 0):
            notes.append(
                say(
                    "allowance_carried_out",
                    quantity=_quantity(context, service, int(grant["carried_out"])),
                )
            )
        state = (
            "full"
            if used >= available
            else "high"
            if permille >= HIGH_USE_PERCENT * 10
            else "normal"
        )
        percent = formats.percent(Decimal(permille) // 10)
        title = say("named_value", name=name, value=say("allowance_bar", percent=percent))
        bars.append(
            (
                subscription_id,
                AllowanceBar(used, name, holder, text, ", ".join(notes), permille, state, title),
            )
        )
    return bars


def _counted(context: _Context, service: str, quantity: int, scale_of: int | None = None) -> str:
    """A quantity with its unit in words where it has no unit sign: "251 SMS"."""
    text = _quantity(context, service, quantity, scale_of)
    if service in ("sms", "mms"):
        return f"{text}\u00a0{context.say(f'service_{service}')}"
    return text


# Payment


def _payment(context: _Context) -> Payment:
    document, say, formats = context.document, context.say, context.formats
    account, operator = context.account, context.operator
    due = to_decimal(document["amounts"]["due"])
    number = clean(document["document_number"], 60)
    if context.is_credit_note:
        sentence = say("payment_credit_note")
        return Payment((sentence,), sentence, (), (), None)
    if due <= 0:
        sentences = [say("payment_nothing")]
        if due < 0:
            sentences.append(say("payment_credit_kept", amount=formats.money(-due)))
        return Payment(tuple(sentences), "", (), (), None)
    amount = formats.money(due)
    date = formats.long_date(to_date(document["due_date"]))
    method = account["payment_method"] if account["payment_method"] else "none"
    iban = re.sub(r"\s", "", str(operator.get("bank_iban") or "")).upper()
    sentences = [say(f"payment_{method}", amount=amount, date=date)]
    if method in ("card", "sepa_debit"):
        return Payment(tuple(sentences), say("instruction_collected"), (), (), None)
    if method == "transfer" and not iban:
        sentences = [say("payment_none", amount=amount, date=date)]
    details: list[Fact] = []
    codes: list[QrCode] = []
    if iban:
        details.append(Fact(say("beneficiary"), clean(operator["legal_name"], 80)))
        details.append(
            Fact(
                say("iban"),
                context.isolated(grouped(clean(iban, 42)) if is_iban(iban) else clean(iban)),
            )
        )
        if operator.get("bank_bic"):
            details.append(Fact(say("bic"), clean(operator["bank_bic"], 20)))
        details.append(Fact(say("reference"), clean(number, 60)))
        if document["currency_code"] == "EUR" and account["country"] in EPC_COUNTRIES:
            payload = epc_payload(
                name=str(operator["legal_name"]), iban=iban, bic=operator.get("bank_bic"),
                amount=due, reference=number,
            )  # fmt: skip
            if payload:
                caption = say("scan_epc")
                codes.append(
                    QrCode(
                        Markup(qr_svg(payload, say("named_value", name=caption, value=amount))),
                        caption,
                    )
                )
    link = None
    if context.branding.payment_url:
        url = context.branding.payment_url.replace(
            "{document_number}", quote(number, safe="")
        ).replace("{account_id}", quote(clean(account["account_id"], 60), safe=""))
        if _LINK.match(url) and len(url) <= 300:
            link = Link(re.sub(r"^https?://", "", url), url)
            caption = say("scan_link")
            codes.append(
                QrCode(
                    Markup(qr_svg(url, say("named_value", name=caption, value=link.text))), caption
                )
            )
    if not iban and link is None:
        contact = operator.get("support_email") or operator.get("support_phone")
        if contact:
            sentences.append(say("payment_other_ways", contact=clean(contact)))
    # Without an account, what is left to say is how else to pay; a link says it by itself.
    instruction = say("instruction_transfer") if iban else "" if link else sentences[-1]
    return Payment(tuple(sentences), instruction, tuple(details), tuple(codes), link)


# Charges and tax


def _charge_groups(context: _Context) -> tuple[ChargeGroup, ...]:
    document, formats = context.document, context.formats
    rates = _rates_by_category(context)
    order = [row["subscription_id"] for row in document["subscriptions"]]
    lines_of: dict[str | None, list[Mapping[str, Any]]] = {key: [] for key in order}
    for line in document["lines"]:
        lines_of.setdefault(line["subscription_id"] or None, []).append(line)
    groups = []
    for subscription_id, lines in lines_of.items():
        if not lines:
            continue
        name, detail = context.name_of(subscription_id)
        subtotal = sum((context.amount_of(line) for line in lines), Decimal(0))
        groups.append(
            ChargeGroup(
                name,
                detail,
                formats.money(subtotal),
                tuple(_charge(context, line, rates) for line in lines),
            )
        )
    return tuple(groups)


def _rates_by_category(context: _Context) -> dict[str, str]:
    rates: dict[str, list[str]] = {}
    for tax in context.document["taxes"]:
        texts = rates.setdefault(tax["tax_category"] or "", [])
        rate = to_decimal(tax["rate_percent"] or "0")
        text = context.formats.percent(rate) if rate else context.say("untaxed")
        if text not in texts:
            texts.append(text)
    return {category: " + ".join(texts) for category, texts in rates.items()}


def _charge(context: _Context, line: Mapping[str, Any], rates: Mapping[str, str]) -> Charge:
    say, formats = context.say, context.formats
    amount = context.amount_of(line)
    start = line.get("charged_from") or line["period_start"]
    end = line.get("charged_to") or line["period_end"]
    stretch = formats.period(to_date(start), to_date(end)) if start and end else ""
    badge = None
    if line["is_correction"] and line["period_start"] and line["period_end"]:
        badge = say(
            "correction_period",
            period=formats.period(to_date(line["period_start"]), to_date(line["period_end"])),
        )
    return Charge(
        description=_description(context, line),
        badge=badge,
        period=stretch,
        quantity=_line_quantity(context, line),
        tax=_line_rates(context, line, rates),
        amount=formats.money(amount),
        is_credit=amount < 0,
    )


def _description(context: _Context, line: Mapping[str, Any], limit: int = 160) -> str:
    return context.own_name(line["charge_kind"], clean(line["description"], limit))


def _line_rates(context: _Context, line: Mapping[str, Any], by_category: Mapping[str, str]) -> str:
    """The rates of a line: those that it bears itself (6.2), else those of its tax category."""
    taxes = line.get("taxes")
    if taxes is None:
        return by_category.get(line["tax_category"] or "", context.say("untaxed"))
    rates = [to_decimal(tax["rate_percent"] or "0") for tax in taxes]
    texts = dict.fromkeys(context.formats.percent(rate) for rate in rates if rate)
    return " + ".join(texts) or context.say("untaxed")


def _line_quantity(context: _Context, line: Mapping[str, Any]) -> str:
    if line["quantity"] is None or line["charge_kind"] in ("discount", "adjustment", "cap_credit"):
        return ""
    quantity = to_decimal(line["quantity"])
    unit = line["unit"]
    whole = quantity == quantity.to_integral_value()
    if unit == "second" and whole:
        return context.formats.clock(int(quantity))
    if unit == "byte" and whole:
        return context.formats.volume(int(quantity))
    return context.formats.number(quantity.normalize() if not whole else int(quantity))


def _taxes(context: _Context) -> tuple[tuple[Tax, ...], Tax | None, tuple[str, ...]]:
    document, say, formats = context.document, context.say, context.formats
    rows = []
    notes: list[str] = []
    for tax in document["taxes"]:
        legal_text = clean(tax.get("legal_text"), 600)
        name = clean(tax["name"], 600)
        rows.append(
            Tax(
                say("exempt") if not name or name == legal_text else clean(name, 80),
                formats.percent(tax["rate_percent"]) if tax["rate_percent"] is not None else "",
                formats.money(tax["taxable_amount"]),
                formats.money(tax["amount_tax"]),
            )
        )
        if legal_text:
            notes.append(legal_text)
    reason = clean(context.account.get("tax_exempt_reason"), 600)
    if reason and reason not in notes:
        notes.append(say("exempt_reason", reason=reason))
    if not rows:
        return (), None, tuple(dict.fromkeys([*notes, say("no_tax")]))
    total = Tax(
        say("total"), "", formats.money(document["amounts"]["net"]),
        formats.money(document["amounts"]["tax"]),
    )  # fmt: skip
    return tuple(rows), total, tuple(dict.fromkeys(notes))


# Usage


def _usage_groups(
    context: _Context, bars: Sequence[tuple[str | None, AllowanceBar]]
) -> tuple[UsageGroup, ...]:
    order: dict[str | None, None] = {
        row["subscription_id"]: None for row in context.document["subscriptions"]
    }
    lines_of: dict[str | None, list[UsageLine]] = {}
    for row in context.document["usage"]:
        key = row["subscription_id"] or None
        order.setdefault(key, None)
        lines_of.setdefault(key, []).append(_usage_line(context, row))
    bars_of: dict[str | None, list[AllowanceBar]] = {}
    for key, bar in bars:
        order.setdefault(key, None)
        bars_of.setdefault(key, []).append(bar)
    is_fleet = len(context.document["subscriptions"]) > FAMILY_SIZE
    groups = []
    for key in order:
        if key not in lines_of and key not in bars_of:
            continue
        name, detail = context.name_of(key)
        if key is None:
            name = context.say("account_level")
        held = tuple(bars_of.get(key, ()))
        note = (
            "; ".join(
                context.say("named_value", name=bar.name, value=bar.text)
                for bar in held
                if bar.used
            )
            if is_fleet
            else ""
        )
        groups.append(
            UsageGroup(name, detail, note, () if is_fleet else held, tuple(lines_of.get(key, ())))
        )
    return tuple(groups)


def _usage_line(context: _Context, row: Mapping[str, Any]) -> UsageLine:
    formats = context.formats
    service = row["service"]

    def length(quantity: object) -> str:
        number = int(to_decimal(quantity or 0))
        if not number:
            return "–"
        if service == "voice":
            return formats.clock(number)
        if service == "data":
            return formats.volume(number)
        return formats.number(number)

    name = clean(row["description"] or row["charge_name"], 100)
    label = context.say(f"service_{service}") if service in _SERVICES else clean(service, 30)
    return UsageLine(
        name=name or label,
        events=formats.number(int(row["events"])),
        quantity=length(row["quantity"]),
        included=length(row["included_quantity"]),
        charged=length(row["billed_quantity"]),
        amount=formats.rated_money(row["amount"]),
    )


def _itemised(context: _Context, usage: Sequence[Mapping[str, Any]]) -> Itemised | None:
    document, say, formats = context.document, context.say, context.formats
    recorded = int((document.get("usage_details") or {}).get("records") or 0)
    if not usage:
        if not recorded or context.account["itemisation"] not in ("masked", "full"):
            return None
        note = say("itemised_retention", number=formats.number(recorded))
        return Itemised((), (), (note,), 0)
    order: dict[str | None, list[Mapping[str, Any]]] = {
        row["subscription_id"]: [] for row in document["subscriptions"]
    }
    for row in usage:
        order.setdefault(row["subscription_id"] or None, []).append(row)
    notes = []
    if context.account["itemisation"] == "masked":
        digits = int(context.operator.get("mask_digits") or 0)
        if digits:
            notes.append(say("itemised_masked", count=digits))
        if context.template > 1:
            notes.append(say("itemised_unlisted"))
    notes.append(say("itemised_rounding"))
    amount_heading = say(
        "column_usage_amount_gross"
        if context.operator["prices_include_tax"]
        else "column_usage_amount"
    )
    columns = (
        say("column_time"), say("column_service"), say("column_number"),
        say("column_destination"), say("column_length"),
        say("column_counted" if context.template > 1 else "column_included"), amount_heading,
    )  # fmt: skip
    groups = tuple(_itemised_group(context, key, rows) for key, rows in order.items() if rows)
    widths = ITEMISED_WIDTHS if context.template > 1 else ()
    return Itemised(columns, groups, tuple(notes), len(usage), widths)


def _itemised_group(
    context: _Context, subscription_id: str | None, rows: Sequence[Mapping[str, Any]]
) -> ItemisedGroup:
    say, formats = context.say, context.formats
    name, detail = context.name_of(subscription_id)
    texts = []
    # service → records, quantity, amount
    totals: dict[str, tuple[int, int, Decimal]] = {}
    service_names = {
        (service, direction): say(
            f"one_{service}" + ("_terminating" if direction == "terminating" else "")
        )
        for service in _SERVICES
        for direction in ("originating", "terminating")
    }
    isolated = context.isolated
    short_date, time, rated = formats.short_date, formats.time, formats.rated_money
    length_of = {
        "voice": formats.clock,
        "data": formats.volume,
        "sms": formats.number,
        "mms": formats.number,
    }
    says_why = context.template > 1
    is_included, is_free = say("counted_included"), say("counted_free")
    is_charged = say("counted_charged")
    without_charge = 0
    for row in rows:
        service = row["service"]
        start = to_datetime(row["local_started_at"])
        amount = to_decimal(row["amount"])
        quantity = int(row["quantity"])
        included = int(row["included_quantity"] or 0)
        length = length_of[service]
        if not says_why:
            counted = length(included) if included else ""
        elif included >= quantity and not amount and included:
            counted = is_included
        elif included:
            counted = say("counted_partly", included=length(included))
        else:
            counted = is_charged if amount else is_free
        if not amount:
            without_charge += 1
        texts.append(
            (
                f"{short_date(start.date())} {time(start.hour, start.minute)}",
                service_names.get((service, row["direction"]), service),
                isolated(_cell(row["other_party"], 40)),
                _destination(say, row["charge_name"], row["destination"], row["visited_zone"]),
                length(quantity),
                counted,
                rated(amount),
            )
        )
        records, sum_quantity, sum_amount = totals.get(service, (0, 0, Decimal(0)))
        totals[service] = (records + 1, sum_quantity + quantity, sum_amount + amount)
    subtotals = tuple(
        (
            say("subtotal_of", service=say(f"service_{service}")),
            say("records", count=records, number=formats.number(records)),
            length_of[service](quantity),
            rated(amount),
        )
        for service in _SERVICES
        if service in totals
        for records, quantity, amount in (totals[service],)
    )
    if len(subtotals) > 1:
        total = sum((amount for _, _, amount in totals.values()), Decimal(0))
        count = say("records", count=len(rows), number=formats.number(len(rows)))
        subtotals = (*subtotals, (say("total"), count, "", rated(total)))
    number = formats.number(len(rows))
    if says_why and subtotals:
        label, _, quantity, total_text = subtotals[-1]
        listed = say(
            "records_of_which", total=formats.number(len(rows)), count=without_charge,
            number=formats.number(without_charge),
        )  # fmt: skip
        subtotals = (*subtotals[:-1], (label, listed, quantity, total_text))
    return ItemisedGroup(
        name=name,
        detail=detail,
        count=say("records", count=len(rows), number=number),
        show=say("show_records", count=len(rows), number=number),
        continued=say("continued", name=name),
        rows=tuple(texts),
        subtotals=subtotals,
    )


@lru_cache(maxsize=20_000)
def _cell(text: str | None, limit: int) -> str:
    return clean(text, limit)


@lru_cache(maxsize=20_000)
def _destination(
    say: Messages, charge_name: str | None, destination: str | None, visited_zone: str | None
) -> str:
    """What was reached, from where: "Calls to Europe · Germany, in Switzerland"."""
    charge, place = clean(charge_name, 60), clean(destination, 60)
    text = charge if not place or place == charge else f"{charge} · {place}" if charge else place
    if visited_zone and visited_zone != "home":
        return f"{text}, {say('visited', place=clean(visited_zone, 40))}"
    return text


# Conditions and imprint


def _late_fees(context: _Context) -> str | None:
    say, formats, operator = context.say, context.formats, context.operator
    if context.is_credit_note or to_decimal(context.document["amounts"]["due"]) <= 0:
        return None
    percent = to_decimal(operator.get("late_fee_percent") or "0")
    amount = to_decimal(operator.get("late_fee_amount") or "0")
    if not percent and not amount:
        return None
    days = int(operator.get("late_fee_after_days") or 0)
    key = "both" if percent and amount else "percent" if percent else "amount"
    return say(
        f"late_fee_{key}",
        days=say("days", count=days, number=formats.number(days)),
        percent=formats.percent(percent) if percent else "",
        amount=formats.money(amount) if amount else "",
    )


def _help_steps(context: _Context) -> tuple[HelpStep, ...]:
    say, operator = context.say, context.operator
    links = []
    if operator.get("support_phone"):
        phone = clean(operator["support_phone"], 40)
        if re.fullmatch(r"\+\d+", phone):
            phone = phone_number(phone, operator["country"] or "")
        links.append(Link(context.isolated(phone)))
    if operator.get("support_email"):
        mail = clean(operator["support_email"], 120)
        links.append(Link(mail, f"mailto:{mail}" if _MAIL.match(mail) else None))
    if operator.get("support_url"):
        links.append(context.link_to(clean(operator["support_url"], 200)))
    steps = [
        HelpStep(
            say("help_contact"),
            say(
                "help_contact_text",
                account=clean(context.account["account_id"], 40),
                number=clean(context.document["document_number"], 40),
            ),
            tuple(links),
        ),
        HelpStep(
            say("help_dispute"),
            say("help_dispute_text"),
            (Link(_joined(", ", operator["legal_name"], operator["street"], _town(operator))),),
        ),
    ]
    if context.branding.mediator:
        name, url = context.branding.mediator
        steps.append(
            HelpStep(
                say("help_mediator"),
                say("help_mediator_text", name=name),
                (context.link_to(url),) if url else (),
            )
        )
    return tuple(steps)


def _imprint(context: _Context, profile: Mapping[str, Any]) -> tuple[str, ...]:
    say, operator, account = context.say, context.operator, context.account
    vat = operator.get("vat_number")
    identity = _joined(
        ", ",
        operator["legal_name"],
        operator["street"],
        _town(operator),
        operator.get("registration"),
        say("vat_number", number=clean(vat, 40)) if vat else "",
    )
    mentions = [
        say(mention["text"])
        for mention in profile["mentions"]
        if mention.get("kind") in (None, account["kind"])
        and mention.get("itemisation") in (None, account["itemisation"])
        and mention.get("since", 1) <= context.template
        and not context.is_credit_note
    ]
    own = context.branding.mentions
    for language in (say.language, say.language.split("_")[0]):
        if language in own:
            mentions.extend(own[language])
            break
    return (identity, *mentions)


@lru_cache(maxsize=64)
def _profile(country: str | None) -> Mapping[str, Any]:
    profiles = yaml.safe_load((Path(__file__).parent / "profiles.yaml").read_text("utf-8"))
    return profiles.get(country or "", profiles["default"])
