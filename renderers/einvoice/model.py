"""What an issued document says, as the European standard EN 16931 lets an invoice say it.

One structure for both syntaxes. Names of business terms (BT, BG) and rules (BR) are those of
EN 16931-1. Amounts are exact Decimals in the document's currency and are taken from the document,
never worked out anew; what is worked out here only proves them. A credit note's amounts are
negative in the document (6.4) and positive here, as its type says what they are.
"""

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from babel import Locale

from renderers.formatting import clean, find_locale, formats_for, to_date, to_decimal
from renderers.messages import Messages, find_language, messages_for
from renderers.qr import is_iban
from renderers.view import SCHEMA, own_name

INVOICE, CREDIT_NOTE = "380", "381"  # BT-3, UNTDID 1001
GUIDELINE = "urn:cen.eu:en16931:2017"  # BT-24
# Categories (BT-151) with a rate, at rate 0, and those that need the buyer's VAT number.
RATED, AT_ZERO = frozenset("SLM"), frozenset({"Z", "E", "AE", "K", "G", "O"})
REVERSED = frozenset({"AE", "K"})
# The reason code (VATEX) that belongs to a category, and to no other.
CODE_OF = {"AE": "VATEX-EU-AE", "K": "VATEX-EU-IC", "G": "VATEX-EU-G", "O": "VATEX-EU-O"}
DISCOUNT = "95"  # BT-98, UNTDID 5189
ONE, SECOND, MINUTE, BYTE, MEGABYTE, GIGABYTE, MONTH, YEAR = (
    "C62", "SEC", "MIN", "AD", "4L", "E34", "MON", "ANN",
)  # fmt: skip
PRICE_DECIMALS = 6
_VAT_NUMBER = re.compile(r"[A-Z]{2}[0-9A-Z]{2,13}")
_SIREN = re.compile(r"FR[0-9A-Z]{2}(\d{9})")
_VATEX = re.compile(r"(VATEX-[A-Z0-9-]+)[\s:,.–-]*", re.IGNORECASE)
_DAY = dt.timedelta(days=1)


class NotExpressible(ValueError):
    """EN 16931 has no way to say what the document says; `reason` names why in one word."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Party:
    """Seller (BG-4) or buyer (BG-7). `address` is where e-invoices reach it (BT-34, BT-49)."""

    name: str
    country: str
    street: str
    city: str
    postal_code: str
    region: str
    vat_number: str | None
    legal_id: str | None
    legal_scheme: str | None
    legal_text: str
    address: str | None
    address_scheme: str | None
    phone: str
    email: str


@dataclass(frozen=True, slots=True)
class Line:
    """One charge (BG-25): net = quantity x price / base_quantity, exactly. `end` is inclusive."""

    line_id: str
    name: str
    description: str
    note: str
    quantity: Decimal
    unit: str
    price: Decimal
    base_quantity: Decimal
    net: Decimal
    category: str
    rate: Decimal
    start: dt.date | None
    end: dt.date | None


@dataclass(frozen=True, slots=True)
class Allowance:
    """A discount on the whole document (BG-20), or one taken back (BG-21); never negative."""

    is_charge: bool
    amount: Decimal
    reason: str
    category: str
    rate: Decimal


@dataclass(frozen=True, slots=True)
class TaxSubtotal:
    """Tax by category and rate (BG-23)."""

    category: str
    rate: Decimal
    base: Decimal
    tax: Decimal
    reason: str | None
    reason_code: str | None


@dataclass(frozen=True, slots=True)
class Means:
    """How it is paid (BG-16): UNTDID 4461, and for transfers the account."""

    code: str
    iban: str | None = None
    bic: str | None = None


@dataclass(frozen=True, slots=True)
class EInvoice:
    """A document of EN 16931. Notes are pairs of subject code (or None) and text; `preceding` are
    numbers and dates of the documents that this one corrects (BG-3); `end` is inclusive and may
    lie ahead of `delivered` (BT-72), the last day of the billing period."""

    type_code: str
    number: str
    issued: dt.date
    due: dt.date | None
    terms: str | None
    currency: str
    business_process: str | None
    notes: tuple[tuple[str | None, str], ...]
    seller: Party
    buyer: Party
    start: dt.date
    end: dt.date
    delivered: dt.date
    preceding: tuple[tuple[str, dt.date | None], ...]
    means: Means | None
    lines: tuple[Line, ...]
    allowances: tuple[Allowance, ...]
    taxes: tuple[TaxSubtotal, ...]
    line_total: Decimal  # BT-106
    allowance_total: Decimal  # BT-107
    charge_total: Decimal  # BT-108
    net: Decimal  # BT-109
    tax: Decimal  # BT-110
    total: Decimal  # BT-112, and BT-115: nothing of this document is paid when it is issued

    @property
    def is_credit_note(self) -> bool:
        return self.type_code == CREDIT_NOTE


def is_wanted(document: Mapping[str, Any]) -> bool:
    """Whether a document gets e-invoices: those of business accounts, from template 2 on."""
    return document["account"]["kind"] == "business" and str(document.get("template")) != "1"


def of_document(document: Mapping[str, Any]) -> EInvoice:
    """The e-invoice of an issued document (schema billhouse-document/1).

    Raises NotExpressible when EN 16931 cannot say what it says; its text is meant for people.
    """
    if document.get("schema") != SCHEMA:
        raise NotExpressible("schema", f"not a {SCHEMA} document")
    try:
        return _Reader(document).read()
    except NotExpressible:
        raise
    except (KeyError, TypeError, ValueError, ArithmeticError) as error:
        raise NotExpressible("unreadable", f"{type(error).__name__}: {error}") from error


@dataclass(frozen=True, slots=True)
class _Tax:
    """What is levied on a line, and the row of the document's taxes that it counts in."""

    category: str
    rate: Decimal
    row: int | None


class _Reader:
    """One document on its way."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        self._operator: Mapping[str, Any] = document["operator"]
        self._account: Mapping[str, Any] = document["account"]
        language = find_language(self._account["language"], self._operator["language"])
        self._say: Messages = messages_for(language)
        self._profile = _profiles().get(self._operator["country"] or "", {})
        self._is_credit_note = document["document_kind"] == "credit_note"
        self._sign = -1 if self._is_credit_note else 1
        self._rows: Sequence[Mapping[str, Any]] = document["taxes"]
        self._holders = {
            row["subscription_id"]: _joined(
                " · ", row.get("name"), _plus(row.get("msisdn")), row.get("plan")
            )
            for row in document["subscriptions"]
        }

    def read(self) -> EInvoice:
        document = self._document
        currency = str(document["currency_code"])
        if not re.fullmatch(r"[A-Z]{3}", currency):
            raise NotExpressible("currency", f"not a code of ISO 4217: {currency}")
        number = clean(document["document_number"], 60)
        source = document["lines"]
        if not source:
            raise NotExpressible("no_lines", "an invoice has at least one line (BR-16)")
        taxes = self._taxes_of_lines(source)
        lines, allowances = self._lines(source, taxes)
        subtotals = self._subtotals(source, taxes)
        amounts = document["amounts"]
        net, tax, total = (self._amount(amounts[name]) for name in ("net", "tax", "total"))
        line_total = _sum(line.net for line in lines)
        allowance_total = _sum(item.amount for item in allowances if not item.is_charge)
        charge_total = _sum(item.amount for item in allowances if item.is_charge)
        only_outside = {subtotal.category for subtotal in subtotals} == {"O"}
        days = [day for line in lines for day in (line.start, line.end) if day]
        period = document["period"]
        due = document.get("due_date")
        is_owed = total > 0 and not self._is_credit_note
        invoice = EInvoice(
            type_code=CREDIT_NOTE if self._is_credit_note else INVOICE,
            number=number,
            issued=to_date(document["bill_date"]),
            # BR-CO-25: a sum to pay needs a due date or terms.
            due=to_date(due or document["bill_date"]) if is_owed else None,
            terms=self._say("credit_kept") if self._is_credit_note else None,
            currency=currency,
            business_process=self._profile.get("business_process"),
            notes=tuple(self._notes()),
            seller=self._seller(subtotals, only_outside),
            buyer=self._buyer(subtotals, only_outside),
            # A line's period lies within the document's (BG-14): corrections reach back, what is
            # billed in advance reaches ahead.
            start=min([to_date(period["start"]), *days]),
            end=max([to_date(period["end"]) - _DAY, *days]),
            delivered=to_date(period["end"]) - _DAY,
            preceding=tuple(self._preceding()),
            means=self._means(currency) if is_owed else None,
            lines=lines,
            allowances=allowances,
            taxes=subtotals,
            line_total=line_total,
            allowance_total=allowance_total,
            charge_total=charge_total,
            net=net,
            tax=tax,
            total=total,
        )
        self._prove(invoice)
        return invoice

    # Amounts

    def _amount(self, text: object) -> Decimal:
        """An amount as EN 16931 writes it: at most two decimals, a credit note's turned round."""
        amount = to_decimal(text) * self._sign
        cents = amount.quantize(Decimal("0.01"))
        if cents != amount:
            raise NotExpressible(
                "three_decimals", f"amounts have at most two decimals (BR-DEC): {text}"
            )
        exponent = amount.as_tuple().exponent
        return (cents if isinstance(exponent, int) and exponent < -2 else amount) + 0

    def _prove(self, invoice: EInvoice) -> None:
        """All that the standard's own rules tolerate being wrong by almost 1."""
        if invoice.net != invoice.line_total - invoice.allowance_total + invoice.charge_total:
            raise NotExpressible("totals", "the lines do not add up to the net total (BR-CO-13)")
        if invoice.net != _sum(subtotal.base for subtotal in invoice.taxes):
            raise NotExpressible("totals", "the tax bases do not add up to the net total")
        if invoice.tax != _sum(subtotal.tax for subtotal in invoice.taxes):
            raise NotExpressible("totals", "the taxes do not add up to the tax total (BR-CO-14)")
        if invoice.total != invoice.net + invoice.tax:
            raise NotExpressible("totals", "net and tax do not add up to the total (BR-CO-15)")
        for line in invoice.lines:
            if line.quantity * line.price != line.net * line.base_quantity:
                raise NotExpressible("totals", f"line {line.line_id} is not quantity x price")
        if invoice.total < 0:
            raise NotExpressible("negative", "a total below zero is not that of its kind (6.4)")

    # Taxes

    def _taxes_of_lines(self, lines: Sequence[Mapping[str, Any]]) -> list[_Tax]:
        taxes = [self._tax_of(line) for line in lines]
        categories = {tax.category for tax in taxes}
        if "O" in categories and len(categories) > 1:
            # BR-O-11: what is outside tax cannot stand beside anything else; exempt, with the
            # legal reason for it, is how the standard lets both be on one invoice.
            taxes = [_Tax("E", tax.rate, tax.row) if tax.category == "O" else tax for tax in taxes]
        return taxes

    def _tax_of(self, line: Mapping[str, Any]) -> _Tax:
        category = line["tax_category"] or None
        levied = line.get("taxes")
        rows = [
            place
            for place, row in enumerate(self._rows)
            if (row["tax_category"] or None) == category
            and (not levied or any(_same_tax(row, tax) for tax in levied))
        ]
        charged = [place for place in rows if to_decimal(self._rows[place]["rate_percent"] or 0)]
        if len(charged) > 1:
            names = ", ".join(clean(self._rows[place]["name"], 40) for place in charged)
            raise NotExpressible(
                "several_taxes", f"a line has one tax, line {line['line_number']} has {names}"
            )
        if not rows:
            if levied:
                raise NotExpressible(
                    "totals", f"the tax of line {line['line_number']} is not among the taxes"
                )
            return _Tax("O", Decimal(0), None)
        place = (charged or rows)[0]
        row = self._rows[place]
        rate = to_decimal(row["rate_percent"] or 0)
        named = row.get("en16931_category") or (
            "S" if rate else "E" if clean(row.get("legal_text")) else "Z"
        )
        if named not in (RATED if rate else AT_ZERO | {"L", "M"}):
            raise NotExpressible(
                "category_and_rate", f"category {named} does not go with a rate of {rate:f} %"
            )
        return _Tax(named, _plain(rate), place)

    def _subtotals(
        self, lines: Sequence[Mapping[str, Any]], taxes: Sequence[_Tax]
    ) -> tuple[TaxSubtotal, ...]:
        nets_of_rows: dict[int | None, Decimal] = {}
        groups: dict[tuple[str, Decimal], dict[int | None, None]] = {}
        for line, tax in zip(lines, taxes, strict=True):
            net = self._amount(line["amount_net"])
            nets_of_rows[tax.row] = nets_of_rows.get(tax.row, Decimal(0)) + net
            groups.setdefault((tax.category, tax.rate), {})[tax.row] = None
        unused = {
            place
            for place, row in enumerate(self._rows)
            if place not in nets_of_rows and to_decimal(row["amount_tax"])
        }
        if unused:
            raise NotExpressible("totals", "a tax of the document belongs to no line")
        subtotals = []
        for (category, rate), places in groups.items():
            base, tax = Decimal(0), Decimal(0)
            reasons: dict[str, None] = {}
            codes: dict[str, None] = {}
            for place in places:
                base += nets_of_rows[place]
                if place is None:
                    reasons[self._say("einvoice_outside_tax")] = None
                    continue
                row = self._rows[place]
                if self._amount(row["taxable_amount"]) != nets_of_rows[place]:
                    raise NotExpressible(
                        "totals",
                        f"the lines do not add up to the base of {clean(row['name'], 40)}",
                    )
                tax += self._amount(row["amount_tax"])
                text = clean(row.get("legal_text") or "", 600) or clean(
                    self._account.get("tax_exempt_reason"), 600
                )
                code, text = _exemption(text)
                if code:
                    codes[code] = None
                if text or not code:
                    reasons[text or clean(row["name"], 200)] = None
            self._prove_tax(category, rate, base, tax, len(places))
            says_why = category in AT_ZERO and category != "Z"
            code = next(iter(codes)) if len(codes) == 1 and len(places) == 1 else None
            if category in CODE_OF:
                code = CODE_OF[category]
            elif code in CODE_OF.values():
                code = None
            reason = "; ".join(text for text in reasons if text)
            if not reason and code is None:
                reason = "; ".join(codes)
            subtotals.append(
                TaxSubtotal(
                    category, rate, base, tax,
                    (reason or None) if says_why else None, code if says_why else None,
                )
            )  # fmt: skip
        return tuple(sorted(subtotals, key=lambda item: (-item.rate, item.category)))

    def _prove_tax(
        self, category: str, rate: Decimal, base: Decimal, tax: Decimal, roundings: int
    ) -> None:
        """BR-CO-17, without its tolerance: each tax of the document was rounded once (6.2), and
        out of prices that hold it the base was, too (6.3)."""
        unit = Decimal(1).scaleb(-min(int(self._document["minor_units"]), 2))
        most = unit * roundings / 2
        if self._operator["prices_include_tax"]:
            most *= 1 + rate / 100
        if abs(tax - base * rate / 100) > most:
            raise NotExpressible(
                "tax", f"{tax:f} is not {rate:f} % of {base:f} (category {category})"
            )

    # Lines

    def _lines(
        self, source: Sequence[Mapping[str, Any]], taxes: Sequence[_Tax]
    ) -> tuple[tuple[Line, ...], tuple[Allowance, ...]]:
        """Discounts are allowances of the document, all else are lines; a document of discounts
        only keeps them as lines (BR-16)."""
        discounts = [line["charge_kind"] == "discount" for line in source]
        if all(discounts):
            discounts = [False] * len(source)
        lines, allowances = [], []
        for line, tax, is_discount in zip(source, taxes, discounts, strict=True):
            net = self._amount(line["amount_net"])
            if is_discount and net:
                allowances.append(
                    Allowance(
                        net > 0, abs(net), self._discount_reason(line), tax.category, tax.rate
                    )
                )
            elif not is_discount:
                lines.append(self._line(line, tax, net))
        return tuple(lines), tuple(allowances)

    def _line(self, line: Mapping[str, Any], tax: _Tax, net: Decimal) -> Line:
        quantity, unit = self._quantity(line)
        price, base_quantity = _price(abs(net), quantity)
        start, end = _stretch(
            line["charged_from"] or line["period_start"], line["charged_to"] or line["period_end"]
        )
        return Line(
            line_id=str(line["line_number"]),
            name=self._name(line),
            description=self._holder(line),
            note=self._correction(line),
            # BR-27: a price is never negative, a quantity may be.
            quantity=-quantity if net < 0 else quantity,
            unit=unit,
            price=price,
            base_quantity=base_quantity,
            net=net,
            category=tax.category,
            rate=tax.rate,
            start=start,
            end=end,
        )

    def _quantity(self, line: Mapping[str, Any]) -> tuple[Decimal, str]:
        """Quantity and its unit (UN/ECE Recommendation 20); one of it where the line counts
        nothing, or counts what it corrects and not what it charges."""
        is_whole_credit = bool(self._document.get("credited_document_number"))
        quantity = abs(to_decimal(line["quantity"] or 0))
        if not quantity or (line["is_correction"] and not is_whole_credit):
            return Decimal(1), ONE
        unit = line["unit"]
        if unit == "second":
            minutes = quantity / 60
            whole = minutes == minutes.to_integral_value()
            return (_plain(minutes), MINUTE) if whole else (_plain(quantity), SECOND)
        if unit == "byte":
            for size, code in ((10**9, GIGABYTE), (10**6, MEGABYTE)):
                # Four decimals of a quantity are what French receivers read.
                if quantity >= size and not quantity % (size // 10**4):
                    return _plain(quantity / size), code
            return _plain(quantity), BYTE
        whole_period = (line["charged_from"], line["charged_to"]) in (
            (line["period_start"], line["period_end"]),
            (None, None),
        )
        code = {"month": MONTH, "year": YEAR}.get(unit or "", ONE) if whole_period else ONE
        return _plain(quantity), code

    def _name(self, line: Mapping[str, Any]) -> str:
        kind = line["charge_kind"]
        name = own_name(self._say, kind, clean(line["description"], 160))
        return name or clean(line["charge_id"], 160) or clean(kind, 40) or "–"

    def _holder(self, line: Mapping[str, Any]) -> str:
        key = line["subscription_id"]
        return self._holders.get(key) or clean(key, 60) if key else ""

    def _discount_reason(self, line: Mapping[str, Any]) -> str:
        return _joined(" · ", self._name(line), self._holder(line), self._correction(line))

    def _correction(self, line: Mapping[str, Any]) -> str:
        start, end = line["period_start"], line["period_end"]
        if not line["is_correction"] or not start or not end:
            return ""
        locale = find_locale(self._say.language, self._account["country"] or "")
        formats = formats_for(
            str(locale), self._document["currency_code"], int(self._document["minor_units"])
        )
        period = formats.period(to_date(start), to_date(end))
        return clean(self._say("correction_period", period=period))

    # The head

    def _notes(self) -> Iterator[tuple[str | None, str]]:
        for note in self._profile.get("notes", ()):
            yield note["code"], note["text"]
        label, account_id = self._say("customer_number"), clean(self._account["account_id"], 60)
        yield None, self._say("named_value", name=label, value=account_id)
        reason = clean(self._document.get("credit_reason"), 300)
        if reason:
            yield None, reason
        forward = to_decimal(self._document["amounts"]["balance_forward"])
        if forward and not self._is_credit_note:
            key = "balance_owed" if forward > 0 else "balance_credit"
            amount = f"{forward:f} {self._document['currency_code']}"
            yield None, self._say("named_value", name=self._say(key), value=amount)

    def _preceding(self) -> Iterator[tuple[str, dt.date | None]]:
        known = self._document.get("corrected_documents")
        if known:
            for row in known:
                day = row.get("bill_date")
                yield clean(row["document_number"], 60), to_date(day) if day else None
            return
        credited = self._document.get("credited_document_number")
        for number in [credited] if credited else self._document.get("corrects") or ():
            yield clean(number, 60), None

    def _means(self, currency: str) -> Means | None:
        iban = re.sub(r"\s", "", self._operator.get("bank_iban") or "").upper()
        bic = re.sub(r"\s", "", self._operator.get("bank_bic") or "").upper()
        method = self._account["payment_method"]
        if method == "card":
            return Means("48")
        if method == "sepa_debit":
            return Means("59")
        if method == "transfer" and is_iban(iban):
            return Means("58" if currency == "EUR" else "30", iban, bic or None)
        return None

    def _seller(self, taxes: Sequence[TaxSubtotal], only_outside: bool) -> Party:
        operator = self._operator
        vat_number = _vat_number(operator.get("vat_number"))
        if vat_number is None and not only_outside:
            raise NotExpressible(
                "seller_vat_number",
                f"the operator's VAT number begins with its country's code (BR-CO-9): "
                f"{operator.get('vat_number') or 'there is none'}",
            )
        siren = self._siren(vat_number)
        registration = clean(operator.get("registration"), 200)
        mail = _mail(operator.get("support_email"))
        return Party(
            name=clean(operator["legal_name"], 200) or _missing("the operator has no name"),
            country=_country(operator["country"], "operator"),
            street=clean(operator["street"], 160),
            city=clean(operator["city"], 120),
            postal_code=clean(operator["postal_code"], 40),
            region=clean(operator["region"], 80),
            # BR-O-02: a document that is all outside tax names no VAT number.
            vat_number=None if only_outside else vat_number,
            legal_id=siren or registration or (clean(operator["operator_id"], 60) or None),
            legal_scheme="0002" if siren else None,
            legal_text=registration if siren else "",
            address=siren or mail,
            address_scheme="0225" if siren else "EM" if mail else None,
            phone=clean(operator.get("support_phone"), 40),
            email=mail or "",
        )

    def _buyer(self, taxes: Sequence[TaxSubtotal], only_outside: bool) -> Party:
        account = self._account
        vat_number = _vat_number(account.get("vat_number"))
        reversed_tax = sorted({tax.category for tax in taxes} & REVERSED)
        if reversed_tax and vat_number is None:
            raise NotExpressible(
                "buyer_vat_number",
                f"category {reversed_tax[0]} needs the buyer's VAT number: "
                f"{account.get('vat_number') or 'there is none'}",
            )
        country = _country(account["country"] or self._operator["country"], "account")
        siren = self._siren(vat_number) if country == "FR" else None
        mail = _mail(account.get("email"))
        return Party(
            name=clean(account["name"], 200) or _missing("the account has no name"),
            country=country,
            street=clean(account["street"], 160),
            city=clean(account["city"], 120),
            postal_code=clean(account["postal_code"], 40),
            region=clean(account["region"], 80),
            vat_number=None if only_outside else vat_number,
            legal_id=siren,
            legal_scheme="0002" if siren else None,
            legal_text="",
            address=siren or mail,
            address_scheme="0225" if siren else "EM" if mail else None,
            phone="",
            email="",
        )

    def _siren(self, vat_number: str | None) -> str | None:
        found = _SIREN.fullmatch(vat_number or "") if self._profile.get("siren") else None
        return found[1] if found else None


def _price(net: Decimal, quantity: Decimal) -> tuple[Decimal, Decimal]:
    """Price and the quantity that it is for, so that quantity x price / that is the net exactly.

    A price that would not end is stated for the whole quantity: 3.33 for 1,050 seconds.
    """
    price = net / quantity
    exponent = price.normalize().as_tuple().exponent
    if (
        isinstance(exponent, int)
        and exponent >= -PRICE_DECIMALS
        and price * quantity == net
        and (price or not net)
    ):
        return _plain(price), Decimal(1)
    return net, quantity


def _stretch(start: object, end: object) -> tuple[dt.date | None, dt.date | None]:
    """First and last day of a half-open stretch (1.1)."""
    if not start or not end:
        return None, None
    first = to_date(start)
    return first, max(to_date(end) - _DAY, first)


def _same_tax(row: Mapping[str, Any], tax: Mapping[str, Any]) -> bool:
    return row["tax_id"] == tax["tax_id"] and to_decimal(row["rate_percent"] or 0) == to_decimal(
        tax["rate_percent"] or 0
    )


def _exemption(text: str) -> tuple[str | None, str]:
    """A reason's code, if it begins with one (BT-121), and its words (BT-120)."""
    found = _VATEX.match(text)
    if found is None:
        return None, text
    code = found[1].upper().rstrip("-")
    if code not in _profiles()["exemption_codes"]:
        return None, text
    return code, text[found.end() :].strip()


def _vat_number(text: str | None) -> str | None:
    number = re.sub(r"[\s.\-]", "", clean(text, 40)).upper()
    known = number[:2] == "EL" or number[:2] in _countries()
    return number if known and _VAT_NUMBER.fullmatch(number) else None


def _country(code: str | None, whose: str) -> str:
    if code not in _countries():
        raise NotExpressible("country", f"the {whose}'s country is not of ISO 3166: {code}")
    return str(code)


def _mail(text: str | None) -> str | None:
    mail = clean(text, 200)
    return mail if re.fullmatch(r"[^@\s]+@[^@\s]+", mail) else None


def _missing(what: str) -> str:
    raise NotExpressible("name", what)


def _plus(msisdn: str | None) -> str:
    digits = clean(msisdn, 40)
    return f"+{digits}" if digits.isdigit() else digits


def _joined(separator: str, *parts: object) -> str:
    return separator.join(text for text in (clean(part) for part in parts) if text)


def _plain(number: Decimal) -> Decimal:
    """Without trailing zeros, and without exponent."""
    short = number.normalize()
    exponent = short.as_tuple().exponent
    return short.quantize(Decimal(1)) if isinstance(exponent, int) and exponent > 0 else short


def _sum(amounts: Iterator[Decimal]) -> Decimal:
    return sum(amounts, Decimal(0))


@lru_cache(maxsize=1)
def _countries() -> frozenset[str]:
    """ISO 3166 codes: the territories that CLDR names, less its own additions."""
    additions = {"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB",
                 "XK", "ZZ"}  # fmt: skip
    names = map(str, Locale("en").territories)
    return frozenset(code for code in names if len(code) == 2 and code.isalpha()) - additions


@lru_cache(maxsize=1)
def _profiles() -> Mapping[str, Any]:
    return yaml.safe_load((Path(__file__).parent / "profiles.yaml").read_text("utf-8"))
