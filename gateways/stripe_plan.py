"""From an issued document to what Stripe is to hold: pure, no network, no clock.

A document becomes exactly one of: an invoice, a credit note on an invoice, a credit on the
customer's balance, or nothing (`Held`, with the reason). Amounts are integers in Stripe's minor
units. Stripe computes nothing: lines and taxes are ours, so its total is ours, to the minor unit.
No called number, no usage record and no subscriber's number leaves the house.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date

from gateways.stripe_currencies import StripeCurrency, stripe_currency

# Stripe's limits: items of an invoice, taxes of a line, characters of the texts.
LINES_MAX = 250
TAXES_PER_LINE_MAX = 20
NUMBER_CHARACTERS_MAX = 26
_NAME_CHARACTERS_MAX = 256
_LINE_CHARACTERS_MAX = 500
_MEMO_CHARACTERS_MAX = 1500
_FOOTER_CHARACTERS_MAX = 5000
_TAX_NAME_CHARACTERS_MAX = 50
_METADATA_CHARACTERS_MAX = 500
_FIELD_CHARACTERS_MAX = 140

HeldReason = Literal["zero_total", "below_minimum", "above_maximum"]


class PlanError(ValueError):
    """The document cannot be sent as it stands; the message names it."""


# --------------------------------------------------------------------------------- payloads


@dataclass(frozen=True, kw_only=True)
class TaxPart:
    """One tax on one line. `percentage`: percent, at most 4 decimals. Amounts in minor units."""

    name: str
    percentage: str
    reason: str | None
    taxable_amount: int
    amount: int

    def params(self) -> dict[str, Any]:
        params: dict[str, Any] = {
            "amount": self.amount,
            "taxable_amount": self.taxable_amount,
            "tax_rate_data": {
                "display_name": self.name,
                "inclusive": False,
                "percentage": Decimal(self.percentage),
            },
        }
        if self.reason:
            params["taxability_reason"] = self.reason
        return params


@dataclass(frozen=True, kw_only=True)
class LinePayload:
    """One line. `key` finds it again in Stripe. Period: epoch seconds, both ends included."""

    key: str
    description: str
    amount: int
    period_start: int
    period_end: int
    taxes: tuple[TaxPart, ...] = ()

    def params(self) -> dict[str, Any]:
        params: dict[str, Any] = {
            "amount": self.amount,
            "description": self.description,
            "discountable": False,
            "metadata": {"line": self.key},
            "period": {"start": self.period_start, "end": self.period_end},
        }
        if self.taxes:
            params["tax_amounts"] = [tax.params() for tax in self.taxes]
        return params


@dataclass(frozen=True, kw_only=True)
class CustomerPayload:
    """An account as Stripe's customer: what a bill needs, no more."""

    operator_id: str
    account_id: str
    name: str
    email: str | None
    line1: str | None
    city: str | None
    state: str | None
    postal_code: str | None
    country: str | None
    locale: str | None

    @property
    def key(self) -> str:
        """Its key among the synced objects."""
        return customer_key(self.account_id)

    @property
    def metadata(self) -> dict[str, str]:
        return {"billhouse_operator": self.operator_id, "account_id": self.account_id}

    def params(self, *, clear_empty: bool = False) -> dict[str, Any]:
        """Creation takes no empty values; an update needs them (`clear_empty`) to unset."""
        fields = {"name": self.name, "email": self.email}
        address = {
            "line1": self.line1,
            "city": self.city,
            "state": self.state,
            "postal_code": self.postal_code,
            "country": self.country,
        }
        if clear_empty:
            fields = {key: value or "" for key, value in fields.items()}
            address = {key: value or "" for key, value in address.items()}
        params: dict[str, Any] = {key: value for key, value in fields.items() if value is not None}
        if any(value is not None for value in address.values()):
            params["address"] = {k: value for k, value in address.items() if value is not None}
        if self.locale:
            params["preferred_locales"] = [self.locale]
        params["metadata"] = self.metadata
        return params

    @property
    def sha256(self) -> str:
        return _sha256(asdict(self))


@dataclass(frozen=True, kw_only=True)
class InvoicePayload:
    """An invoice. `total` = `tax` + lines; `rounding` = `total` less the document's own total.

    `dated_at`, `due_at`: epoch seconds of the bill date and of the end of the due date.
    """

    kind: Literal["invoice"] = "invoice"
    number: str
    currency: str
    dated_at: int
    due_at: int
    description: str
    footer: str | None
    custom_fields: tuple[tuple[str, str], ...]
    metadata: tuple[tuple[str, str], ...]
    lines: tuple[LinePayload, ...]
    tax: int
    total: int
    rounding: int

    def params(self) -> dict[str, Any]:
        """For creation, without customer and dates, which depend on the moment of sending."""
        params: dict[str, Any] = {
            "auto_advance": False,
            "collection_method": "send_invoice",
            "currency": self.currency.lower(),
            "description": self.description,
            "metadata": dict(self.metadata),
            "number": self.number,
            "pending_invoice_items_behavior": "exclude",
        }
        if self.footer:
            params["footer"] = self.footer
        if self.custom_fields:
            params["custom_fields"] = [{"name": n, "value": v} for n, v in self.custom_fields]
        return params


@dataclass(frozen=True, kw_only=True)
class CreditNotePayload:
    """A credit note on the invoice `invoice_number`. Amounts are positive: what is given back."""

    kind: Literal["credit_note"] = "credit_note"
    invoice_number: str
    currency: str
    dated_at: int
    memo: str
    metadata: tuple[tuple[str, str], ...]
    lines: tuple[LinePayload, ...]
    tax: int
    total: int
    rounding: int


@dataclass(frozen=True, kw_only=True)
class BalancePayload:
    """A credit that names no invoice: Stripe takes it off the customer's next one."""

    kind: Literal["balance_transaction"] = "balance_transaction"
    currency: str
    description: str
    metadata: tuple[tuple[str, str], ...]
    total: int
    rounding: int


@dataclass(frozen=True, kw_only=True)
class Held:
    """Nothing is sent: there is nothing to collect, or Stripe could not collect it.

    `below_minimum`: Stripe would mark the invoice paid and put the amount on the next one
    unasked. The amount stays in the account's balance with us; `minimum_invoice` in operator.yaml
    carries such amounts to the next bill. `above_maximum`: to be paid by transfer.
    """

    kind: Literal["none"] = "none"
    reason: HeldReason
    currency: str
    total: int
    rounding: int = 0

    def text(self) -> str:
        """Why nothing is sent, for people."""
        amount = stripe_currency(self.currency).text(self.total)
        return {
            "zero_total": "nothing to collect",
            "below_minimum": f"{amount} is below what Stripe can charge",
            "above_maximum": f"{amount} is above what Stripe can charge",
        }[self.reason]


Payload = InvoicePayload | CreditNotePayload | BalancePayload | Held


@dataclass(frozen=True, kw_only=True)
class DocumentPlan:
    """What one document asks of Stripe."""

    document_number: str
    document_sha256: str
    operator_id: str
    account_id: str
    customer: CustomerPayload
    payload: Payload

    @property
    def payload_sha256(self) -> str:
        """Changes when, and only when, what Stripe is to hold changes."""
        return _sha256({"account": self.account_id, "payload": asdict(self.payload)})


def customer_key(account_id: str) -> str:
    """The key of an account's customer among the synced objects, beside the document numbers."""
    return f"customer/{account_id}"


# ------------------------------------------------------------------------------------- plan


def plan_document(document: Mapping[str, Any]) -> DocumentPlan:
    """The plan of one issued document (schema billhouse-document/1, decoded from its JSON).

    `document_sha256` may be given beside the schema's keys; otherwise it is taken from the
    content. PlanError if the document does not foot or does not fit into Stripe.
    """
    number = str(document["document_number"])
    try:
        return _plan(document, number)
    except (ArithmeticError, KeyError, TypeError, ValueError) as error:
        if isinstance(error, PlanError):
            raise
        raise PlanError(f"{number}: {type(error).__name__}: {error}") from None


def _plan(document: Mapping[str, Any], number: str) -> DocumentPlan:
    currency = stripe_currency(document["currency_code"])
    operator, account, amounts = (document["operator"], document["account"], document["amounts"])
    net, tax, total = (currency.minor(amounts[key]) for key in ("net", "tax", "total"))
    lines_net = sum(currency.minor(line["amount_net"]) for line in document["lines"])
    taxes_total = sum(currency.minor(row["amount_tax"]) for row in document["taxes"])
    if (lines_net, taxes_total, net + tax) != (net, tax, total):
        raise PlanError(
            f"{number}: the document does not foot: lines {currency.text(lines_net)}, "
            f"net {currency.text(net)}, taxes {currency.text(taxes_total)}, "
            f"tax {currency.text(tax)}, total {currency.text(total)}"
        )
    is_credit = document["document_kind"] == "credit_note"
    if total and is_credit != (total < 0):
        raise PlanError(
            f"{number}: a {document['document_kind']} of {currency.text(total)} has the wrong sign"
        )
    sha256 = document.get("document_sha256") or _sha256(document)
    words = _Words.of(account.get("language") or operator.get("language"))
    metadata = {
        "billhouse_operator": operator["operator_id"],
        "document_number": number,
        "account_id": account["account_id"],
        "bill_date": document["bill_date"],
        "due_date": document.get("due_date") or document["bill_date"],
        "document_sha256": sha256,
        "document_total": f"{amounts['total']} {currency.code}",
    }
    _check_metadata(number, metadata)
    return DocumentPlan(
        document_number=number,
        document_sha256=sha256,
        operator_id=operator["operator_id"],
        account_id=account["account_id"],
        customer=_customer(operator, account),
        payload=_payload(document, number, currency, words, tuple(metadata.items())),
    )


def _payload(
    document: Mapping[str, Any],
    number: str,
    currency: StripeCurrency,
    words: "_Words",
    metadata: tuple[tuple[str, str], ...],
) -> Payload:
    own_total = currency.minor(document["amounts"]["total"])
    rounding = currency.rounding(own_total)
    total = own_total + rounding
    tax = currency.minor(document["amounts"]["tax"])
    credited = document.get("credited_document_number")
    if total == 0:
        return Held(reason="zero_total", currency=currency.code, total=0, rounding=rounding)
    # A credit to the customer's balance moves no money and knows no bounds; a credit note can
    # only stand on an invoice that was itself within them.
    if total > 0 or credited:
        if abs(total) < currency.minimum:
            return Held(reason="below_minimum", currency=currency.code, total=total)
        if abs(total) > currency.maximum:
            return Held(reason="above_maximum", currency=currency.code, total=total)
    if total < 0 and not credited:
        return BalancePayload(
            currency=currency.code,
            description=words.credit_note(number, None),
            metadata=metadata,
            total=-total,
            rounding=-rounding,
        )
    if total < 0:
        return CreditNotePayload(
            invoice_number=str(credited),
            currency=currency.code,
            dated_at=_noon(document["bill_date"]),
            memo=words.credit_note(number, str(credited)),
            metadata=metadata,
            lines=_credit_lines(document, number, currency, words, rounding),
            tax=-tax,
            total=-total,
            rounding=-rounding,
        )
    if len(number) > NUMBER_CHARACTERS_MAX:
        raise PlanError(
            f"{number}: Stripe takes invoice numbers of at most {NUMBER_CHARACTERS_MAX} characters"
        )
    zone = ZoneInfo(document["operator"]["time_zone"])
    legal_texts = dict.fromkeys(
        text for row in document["taxes"] if (text := _text(row.get("legal_text"), 1000))
    )
    vat_number = _text(document["account"].get("vat_number"), _FIELD_CHARACTERS_MAX)
    return InvoicePayload(
        number=number,
        currency=currency.code,
        dated_at=_noon(document["bill_date"]),
        due_at=_epoch(document.get("due_date") or document["bill_date"], zone, end_of_day=True),
        description=words.invoice(number, document["period"])[:_MEMO_CHARACTERS_MAX],
        footer="\n".join(legal_texts)[:_FOOTER_CHARACTERS_MAX] or None,
        custom_fields=((words.vat_number, vat_number),) if vat_number else (),
        metadata=metadata,
        lines=_invoice_lines(document, number, currency, words, rounding),
        tax=tax,
        total=total,
        rounding=rounding,
    )


def _customer(operator: Mapping[str, Any], account: Mapping[str, Any]) -> CustomerPayload:
    email = _text(account.get("email"), 512)
    country = _text(account.get("country"), 5000)
    return CustomerPayload(
        operator_id=operator["operator_id"],
        account_id=account["account_id"],
        name=_text(account.get("name"), _NAME_CHARACTERS_MAX) or account["account_id"],
        # Stripe refuses the whole customer for an address that cannot be one.
        email=email if email and re.fullmatch(r"[!-?A-~]+@[!-?A-~]+\.[!-?A-~]+", email) else None,
        line1=_text(account.get("street"), 500),
        city=_text(account.get("city"), 500),
        state=_text(account.get("region"), 500),
        postal_code=_text(account.get("postal_code"), 100),
        country=country.upper() if country and re.fullmatch(r"[A-Za-z]{2}", country) else None,
        locale=(_text(account.get("language"), 20) or "").replace("_", "-") or None,
    )


# ------------------------------------------------------------------------------------ lines


@dataclass(frozen=True)
class _Item:
    key: str
    category: str | None
    description: str
    amount: int
    start: int
    end: int


def _invoice_lines(
    document: Mapping[str, Any],
    number: str,
    currency: StripeCurrency,
    words: "_Words",
    rounding: int,
) -> tuple[LinePayload, ...]:
    zone = ZoneInfo(document["operator"]["time_zone"])
    start, end = _span(document["period"]["start"], document["period"]["end"], zone)
    items = [_item(line, document, currency, zone) for line in document["lines"]]
    items = _aggregate(items, LINES_MAX - (1 if rounding else 0), words, start, end)
    taxes = _taxes_of_items(items, document["taxes"], document["account"], number, currency)
    lines = [
        LinePayload(
            key=item.key,
            description=item.description,
            amount=item.amount,
            period_start=item.start,
            period_end=item.end,
            taxes=tuple(parts),
        )
        for item, parts in zip(items, taxes, strict=True)
    ]
    if rounding:
        # Three-decimal currencies are charged to two decimals; lines and taxes stay exact.
        lines.append(
            LinePayload(
                key="rounding",
                description=words.rounding,
                amount=rounding,
                period_start=start,
                period_end=end,
            )
        )
    return tuple(lines)


def _item(
    line: Mapping[str, Any], document: Mapping[str, Any], currency: StripeCurrency, zone: ZoneInfo
) -> _Item:
    period = document["period"]
    start, end = _span(
        line.get("charged_from") or line.get("period_start") or period["start"],
        line.get("charged_to") or line.get("period_end") or period["end"],
        zone,
    )
    return _Item(
        key=str(line["line_number"]),
        category=line.get("tax_category") or None,
        description=_without_numbers(line.get("description"), document["subscriptions"]),
        amount=currency.minor(line["amount_net"]),
        start=start,
        end=end,
    )


def _aggregate(
    items: list[_Item], limit: int, words: "_Words", start: int, end: int
) -> list[_Item]:
    """At most `limit` items: the smallest ones become one line per tax category."""
    if len(items) <= limit:
        return items
    categories = sorted({item.category or "" for item in items})
    by_size = sorted(range(len(items)), key=lambda index: (-abs(items[index].amount), index))
    kept = sorted(by_size[: limit - len(categories)])
    rest = [items[index] for index in sorted(by_size[limit - len(categories) :])]
    result = [items[index] for index in kept]
    for category in categories:
        members = [item for item in rest if (item.category or "") == category]
        if members:
            result.append(
                _Item(
                    key=f"rest/{category}"[:_METADATA_CHARACTERS_MAX],
                    category=category or None,
                    description=words.further_items(len(members)),
                    amount=sum(item.amount for item in members),
                    start=start,
                    end=end,
                )
            )
    return result


def _taxes_of_items(
    items: Sequence[_Item],
    rows: Sequence[Mapping[str, Any]],
    account: Mapping[str, Any],
    number: str,
    currency: StripeCurrency,
) -> list[list[TaxPart]]:
    """Our tax rows, shared over the lines of their category; the shares add up exactly.

    A row is shared over the lines that have its sign, in proportion to their amounts, so that a
    discount lowers the tax of what it reduces instead of bearing a negative one.
    """
    parts: list[list[TaxPart]] = [[] for _ in items]
    for row in rows:
        taxable = currency.minor(row["taxable_amount"])
        amount = currency.minor(row["amount_tax"])
        category = row.get("tax_category") or None
        members = [index for index, item in enumerate(items) if item.category == category]
        if not members:
            raise PlanError(f"{number}: tax {row.get('tax_id')} has no line of category {category}")
        sign = -1 if taxable < 0 or (taxable == 0 and amount < 0) else 1
        weights = [max(sign * items[index].amount, 0) for index in members]
        if not any(weights):
            weights = [1] + [0] * (len(members) - 1)
        rate = Decimal(row.get("rate_percent") or 0)
        for index, weight, base, share in zip(
            members, weights, _share(taxable, weights), _share(amount, weights), strict=True
        ):
            if weight:
                parts[index].append(
                    TaxPart(
                        name=_tax_name(row, rate),
                        percentage=f"{round(rate, 4).normalize():f}",
                        reason=_reason(row.get("en16931_category"), account),
                        taxable_amount=base,
                        amount=share,
                    )
                )
    if any(len(taxes) > TAXES_PER_LINE_MAX for taxes in parts):
        raise PlanError(f"{number}: Stripe takes at most {TAXES_PER_LINE_MAX} taxes a line")
    return parts


def _credit_lines(
    document: Mapping[str, Any],
    number: str,
    currency: StripeCurrency,
    words: "_Words",
    rounding: int,
) -> tuple[LinePayload, ...]:
    """One line per tax category, amounts turned positive.

    Stripe takes no negative line on a credit note: if a category's balance is a debit, all
    categories become one line. What rounding took (or gave) goes into the largest line.
    """
    zone = ZoneInfo(document["operator"]["time_zone"])
    start, end = _span(document["period"]["start"], document["period"]["end"], zone)
    by_category: dict[str, int] = {}
    for line in document["lines"]:
        category = line.get("tax_category") or ""
        by_category[category] = by_category.get(category, 0) - currency.minor(line["amount_net"])
    largest = max(by_category, key=lambda category: (by_category[category], category))
    by_category[largest] -= rounding
    if any(amount < 0 for amount in by_category.values()):
        groups = [(None, sum(by_category.values()))]
    else:
        groups = sorted(by_category.items())
    credited = str(document["credited_document_number"])
    lines = []
    for category, amount in groups:
        rows = [
            row
            for row in document["taxes"]
            if category is None or (row.get("tax_category") or "") == category
        ]
        parts = []
        for row in rows:
            rate = Decimal(row.get("rate_percent") or 0)
            parts.append(
                TaxPart(
                    name=_tax_name(row, rate),
                    percentage=f"{round(rate, 4).normalize():f}",
                    reason=None,
                    taxable_amount=-currency.minor(row["taxable_amount"]),
                    amount=-currency.minor(row["amount_tax"]),
                )
            )
        if len(parts) > TAXES_PER_LINE_MAX:
            raise PlanError(f"{number}: Stripe takes at most {TAXES_PER_LINE_MAX} taxes a line")
        if amount or parts:
            lines.append(
                LinePayload(
                    key=category or "all",
                    description=words.credit_note(number, credited),
                    amount=amount,
                    period_start=start,
                    period_end=end,
                    taxes=tuple(parts),
                )
            )
    return tuple(lines)


# --------------------------------------------------------------------------------- small parts


def _share(total: int, weights: Sequence[int]) -> list[int]:
    """`total` in proportion to the weights, largest remainder first, ties to the earlier."""
    sign, magnitude, whole = (-1 if total < 0 else 1), abs(total), sum(weights)
    floors = [magnitude * weight // whole for weight in weights]
    remainders = [magnitude * weight % whole for weight in weights]
    order = sorted(range(len(weights)), key=lambda index: (-remainders[index], index))
    for index in order[: magnitude - sum(floors)]:
        floors[index] += 1
    return [sign * share for share in floors]


def _tax_name(row: Mapping[str, Any], rate: Decimal) -> str:
    name = _text(row.get("name") or row.get("tax_id"), _TAX_NAME_CHARACTERS_MAX) or "Tax"
    if round(rate, 4) != rate:
        # Stripe keeps 4 decimals of a percentage; the name then says the true one.
        exact = f" {rate.normalize():f} %"
        name = name[: _TAX_NAME_CHARACTERS_MAX - len(exact)] + exact
    return name


def _reason(en16931_category: str | None, account: Mapping[str, Any]) -> str | None:
    """Stripe's word for the tax category of EN 16931 (UNTDID 5305)."""
    if en16931_category == "E":
        return "customer_exempt" if account.get("tax_exempt_reason") else "product_exempt"
    return {
        "S": "standard_rated",
        "Z": "zero_rated",
        "G": "zero_rated",
        "AE": "reverse_charge",
        "K": "reverse_charge",
        "O": "not_subject_to_tax",
    }.get(en16931_category or "")


def _span(start: str, end: str, zone: ZoneInfo) -> tuple[int, int]:
    """A half-open span of days as epoch seconds, both included, which is how Stripe counts."""
    first = _epoch(start, zone)
    return first, max(first, _epoch(end, zone) - 1)


def _epoch(day: str, zone: ZoneInfo, *, end_of_day: bool = False) -> int:
    moment = date.fromisoformat(str(day)[:10]) + timedelta(days=1 if end_of_day else 0)
    midnight = datetime(moment.year, moment.month, moment.day, tzinfo=zone)
    return int(midnight.timestamp()) - (1 if end_of_day else 0)


def _noon(day: str) -> int:
    """Noon UTC, which is the same day wherever Stripe prints it (but the Pacific's edge)."""
    return _epoch(day, ZoneInfo("UTC")) + 43_200


def _text(value: object, limit: int) -> str | None:
    """One printable line of at most `limit` characters, or None when nothing is left."""
    if value is None:
        return None
    printable = "".join(char if char.isprintable() else " " for char in str(value))
    return " ".join(printable.split())[:limit] or None


def _without_numbers(description: object, subscriptions: Sequence[Mapping[str, Any]]) -> str:
    """The description without any subscriber's number that a catalogue name might quote."""
    text = _text(description, _LINE_CHARACTERS_MAX) or "-"
    for subscription in subscriptions:
        digits = re.sub(r"\D", "", str(subscription.get("msisdn") or ""))
        if len(digits) >= 6:
            text = re.sub(r"\+?" + r"[\s.-]?".join(digits), "•" * 6, text)
    return text


def _check_metadata(number: str, metadata: Mapping[str, str]) -> None:
    for key, value in metadata.items():
        if len(value) > _METADATA_CHARACTERS_MAX:
            raise PlanError(f"{number}: {key} is longer than {_METADATA_CHARACTERS_MAX} characters")


def _sha256(content: Mapping[str, Any]) -> str:
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


@dataclass(frozen=True)
class _Words:
    """The few words that Stripe prints for us, in the document's language."""

    locale: Locale
    invoice_text: str
    credit_text: str
    credit_of_text: str
    further_text: str
    rounding: str
    vat_number: str

    @staticmethod
    def of(language: str | None) -> "_Words":
        try:
            locale = Locale.parse((language or "en").replace("-", "_"))
        except (UnknownLocaleError, ValueError):
            locale = Locale("en")
        if locale.language not in _TEXTS:
            locale = Locale("en")
        return _Words(locale, *_TEXTS[locale.language])

    def invoice(self, number: str, period: Mapping[str, str]) -> str:
        start = date.fromisoformat(period["start"])
        last = max(start, date.fromisoformat(period["end"]) - timedelta(days=1))
        return self.invoice_text.format(number=number, start=self._day(start), end=self._day(last))

    def credit_note(self, number: str, credited: str | None) -> str:
        if credited:
            return self.credit_of_text.format(number=number, credited=credited)
        return self.credit_text.format(number=number)

    def further_items(self, count: int) -> str:
        return self.further_text.format(count=count)

    def _day(self, day: date) -> str:
        return format_date(day, format="medium", locale=self.locale)


_TEXTS = {
    "en": (
        "Invoice {number}, {start} to {end}",
        "Credit note {number}",
        "Credit note {number} for invoice {credited}",
        "{count} further items (see the invoice document)",
        "Rounding",
        "VAT number",
    ),
    "fr": (
        "Facture {number}, du {start} au {end}",
        "Avoir {number}",
        "Avoir {number} sur la facture {credited}",
        "{count} autres lignes (voir la facture)",
        "Arrondi",
        "Numéro de TVA",
    ),
    "de": (
        "Rechnung {number}, {start} bis {end}",
        "Gutschrift {number}",
        "Gutschrift {number} zur Rechnung {credited}",
        "{count} weitere Posten (siehe Rechnung)",
        "Rundung",
        "USt-IdNr.",
    ),
    "es": (
        "Factura {number}, del {start} al {end}",
        "Nota de abono {number}",
        "Nota de abono {number} de la factura {credited}",
        "{count} conceptos más (véase la factura)",
        "Redondeo",
        "NIF-IVA",
    ),
    "it": (
        "Fattura {number}, dal {start} al {end}",
        "Nota di credito {number}",
        "Nota di credito {number} per la fattura {credited}",
        "{count} altre voci (si veda la fattura)",
        "Arrotondamento",
        "Partita IVA",
    ),
    "pt": (
        "Fatura {number}, de {start} a {end}",
        "Nota de crédito {number}",
        "Nota de crédito {number} da fatura {credited}",
        "{count} outras linhas (ver a fatura)",
        "Arredondamento",
        "NIF",
    ),
    "nl": (
        "Factuur {number}, {start} tot en met {end}",
        "Creditnota {number}",
        "Creditnota {number} bij factuur {credited}",
        "{count} overige posten (zie de factuur)",
        "Afronding",
        "Btw-nummer",
    ),
}
