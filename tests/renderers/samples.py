"""Issued documents as the warehouse writes them, from a one-line bill to a fleet of 40 lines."""

import datetime as dt
import hashlib
import json
from decimal import ROUND_HALF_UP, Decimal
from random import Random
from typing import Any

Document = dict[str, Any]
UsageRow = dict[str, Any]

OPERATORS: dict[str, dict[str, Any]] = {
    "FR": {
        "operator_id": "demo", "legal_name": "Mobilis Démo SAS", "street": "1 rue de la Paix",
        "postal_code": "75002", "city": "Paris", "region": None, "country": "FR",
        "registration": "RCS Paris 000 000 000", "vat_number": "FR00000000000",
        "language": "fr", "time_zone": "Europe/Paris", "prices_include_tax": False,
        "payment_terms_days": 14, "support_email": "aide@mobilis.example",
        "support_phone": "+33 1 99 00 12 34", "support_url": "https://mobilis.example/aide",
        "bank_iban": "FR7630006000011234567890189", "bank_bic": "AGRIFRPP",
        "late_fee_percent": "0.000000", "late_fee_amount": "5.00", "late_fee_after_days": 30,
        "mask_digits": 4,
    },
    "DE": {
        "operator_id": "nordfunk", "legal_name": "Nordfunk Mobil GmbH",
        "street": "Hafenstraße 12", "postal_code": "20457", "city": "Hamburg", "region": None,
        "country": "DE", "registration": "Amtsgericht Hamburg, HRB 000000",
        "vat_number": "DE000000000", "language": "de", "time_zone": "Europe/Berlin",
        "prices_include_tax": False, "payment_terms_days": 14,
        "support_email": "hilfe@nordfunk.example", "support_phone": "+49 40 000000",
        "support_url": "https://nordfunk.example/hilfe",
        "bank_iban": "DE89370400440532013000", "bank_bic": "COBADEFFXXX",
        "late_fee_percent": "0.000000", "late_fee_amount": "0.00", "late_fee_after_days": 30,
        "mask_digits": 3,
    },
    "CA": {
        "operator_id": "boreal", "legal_name": "Boréal Sans-fil inc.",
        "street": "1200, rue Sainte-Catherine Ouest", "postal_code": "H3B 1K1",
        "city": "Montréal", "region": "QC", "country": "CA",
        "registration": "TPS 000000000 RT0001, TVQ 0000000000 TQ0001", "vat_number": None,
        "language": "fr_CA", "time_zone": "America/Toronto", "prices_include_tax": False,
        "payment_terms_days": 21, "support_email": "service@boreal.example",
        "support_phone": "1 514 555-0100", "support_url": "https://boreal.example",
        "bank_iban": None, "bank_bic": None, "late_fee_percent": "2.000000",
        "late_fee_amount": "0.00", "late_fee_after_days": 30, "mask_digits": 4,
    },
    "GB": {
        "operator_id": "harbour", "legal_name": "Harbour Mobile Ltd", "street": "4 Quay Street",
        "postal_code": "M3 3JE", "city": "Manchester", "region": None, "country": "GB",
        "registration": "Registered in England, no. 00000000", "vat_number": "GB000000000",
        "language": "en", "time_zone": "Europe/London", "prices_include_tax": True,
        "payment_terms_days": 14, "support_email": "help@harbour.example",
        "support_phone": "0161 496 0000", "support_url": "https://harbour.example/help",
        "bank_iban": None, "bank_bic": None, "late_fee_percent": "1.500000",
        "late_fee_amount": "2.50", "late_fee_after_days": 7, "mask_digits": 3,
    },
}  # fmt: skip

TAXES: dict[str, list[tuple[str, str, str, str]]] = {
    # category → tax_id, name, rate in percent, EN 16931 category
    "FR/standard": [("tva_20", "TVA 20 %", "20.000000", "S")],
    "FR/reduced": [("tva_5_5", "TVA 5,5 %", "5.500000", "S")],
    "DE/standard": [("ust_19", "USt", "19.000000", "S")],
    "GB/standard": [("vat_20", "VAT", "20.000000", "S")],
    "CA/standard": [("tps", "TPS", "5.000000", "S"), ("tvq", "TVQ", "9.975000", "S")],
}

OCTOBER = ("2026-10-01", "2026-11-01")

NAMES = [
    "Marc", "Jade", "Louis", "Inès", "Zoé", "Hugo", "Chloé", "Adèle", "Noé", "Lina", "Théo",
    "Anaïs", "Rémi", "Salomé", "Élise", "Gaël", "Maëlle", "Loïc", "Naïma", "Oscar",
]  # fmt: skip


def cents(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.01"), ROUND_HALF_UP)


class Builder:
    """Adds lines to a document and foots it as rule 6 says."""

    def __init__(
        self, country: str, *, number: str, kind: str = "invoice", bill_date: str = "2026-12-01"
    ) -> None:
        self.country = country
        self._causes: list[dict[str, Any]] = []
        day = dt.date.fromisoformat(bill_date)
        self.start = (
            (day - dt.timedelta(days=1)).replace(day=1)
            if day.day == 1
            else ((day.replace(day=1) - dt.timedelta(days=1)).replace(day=day.day))
        )
        self.end = day
        operator = dict(OPERATORS[country])
        self.document: Document = {
            "schema": "billhouse-document/1",
            "template": "2",
            "document_number": number,
            "document_kind": kind,
            "credited_document_number": None,
            "bill_date": bill_date,
            "due_date": (day + dt.timedelta(days=operator["payment_terms_days"])).isoformat(),
            "currency_code": {"CA": "CAD", "GB": "GBP"}.get(country, "EUR"),
            "minor_units": 2,
            "operator": operator,
            "account": {
                "account_id": "80338453", "kind": "residential", "name": "Marc Garnier",
                "email": "marc.garnier@exemple.example", "phone": None,
                "street": "7 avenue Jean-Jaurès", "postal_code": "59000", "city": "Lille",
                "region": None, "country": country, "vat_number": None,
                "tax_exempt_reason": None, "language": operator["language"],
                "payment_method": "card", "delivery": "email", "itemisation": "none",
            },
            "period": {"start": self.start.isoformat(), "end": bill_date},
            "amounts": {},
            "subscriptions": [],
            "lines": [],
            "taxes": [],
            "allowances": [],
            "usage": [],
            "usage_details": {"records": 0, "sha256": hashlib.sha256(b"").hexdigest()},
            "history": [],
            "corrects": [],
            "comparison": None,
            "earlier_periods": [],
        }  # fmt: skip

    def account(self, **values: object) -> "Builder":
        self.document["account"].update(values)
        return self

    def subscription(self, number: int, name: str, plan: str) -> str:
        subscription_id = f"S{number:05d}"
        prefix, digits = {
            "FR": ("3361234", 4), "DE": ("49151234", 5), "CA": ("1514555", 4),
            "GB": ("447700900", 3),
        }[self.country]  # fmt: skip
        self.document["subscriptions"].append(
            {
                "subscription_id": subscription_id,
                "name": name,
                "msisdn": f"{prefix}{number % 10**digits:0{digits}d}",
                "plan": plan,
            }
        )
        return subscription_id

    def line(
        self,
        subscription_id: str | None,
        kind: str,
        description: str,
        amount: str,
        *,
        quantity: str | None = "1",
        unit: str = "month",
        category: str = "standard",
        charged: tuple[str, str] | None = None,
        period: tuple[str, str] | None = None,
        is_correction: bool = False,
    ) -> "Builder":
        start, end = period or (self.start.isoformat(), self.end.isoformat())
        charged_from, charged_to = charged or (start, end)
        lines = self.document["lines"]
        lines.append(
            {
                "line_number": len(lines) + 1,
                "charge_key": hashlib.sha256(f"{len(lines)}{description}".encode()).hexdigest()[
                    :16
                ],
                "subscription_id": subscription_id,
                "charge_kind": kind,
                "charge_id": description,
                "description": description,
                "period_start": start,
                "period_end": end,
                "charged_from": charged_from,
                "charged_to": charged_to,
                "quantity": quantity,
                "unit": unit,
                "tax_category": category,
                "amount_net": amount,
                "is_correction": is_correction,
            }
        )
        return self

    def allowance(
        self,
        subscription_id: str | None,
        service: str,
        name: str,
        granted: int,
        used: int,
        *,
        carried_in: int = 0,
        carried_out: int = 0,
        is_unlimited: bool = False,
    ) -> "Builder":
        self.document["allowances"].append(
            {
                "allowance_grant_id": f"{subscription_id}/{name}",
                "subscription_id": subscription_id,
                "name": name,
                "service": service,
                "granted": None if is_unlimited else granted,
                "carried_in": carried_in,
                "used": used,
                "expired": 0 if is_unlimited else max(granted + carried_in - used - carried_out, 0),
                "carried_out": carried_out,
                "is_unlimited": is_unlimited,
            }
        )
        return self

    def usage(
        self,
        subscription_id: str,
        service: str,
        name: str,
        events: int,
        quantity: int,
        included: int,
        amount: str,
    ) -> "Builder":
        self.document["usage"].append(
            {
                "subscription_id": subscription_id,
                "service": service,
                "charge_name": name,
                "description": name,
                "events": events,
                "quantity": quantity,
                "included_quantity": included,
                "billed_quantity": quantity - included,
                "amount": amount,
            }
        )
        return self

    def history(self, *totals: str) -> "Builder":
        day = self.end
        entries = []
        for total in reversed(totals):
            day = (day - dt.timedelta(days=27)).replace(day=self.end.day)
            entries.append({"bill_date": day.isoformat(), "total": total})
        self.document["history"] = entries[::-1]
        return self

    def earlier(self, *periods: tuple[float, int, int]) -> "Builder":
        """Usage of the bills in `history`: gigabytes, minutes, messages."""
        history = self.document["history"]
        for entry, (gigabytes, minutes, messages) in zip(history, periods, strict=True):
            usage = [
                ("data", int(Decimal(str(gigabytes)) * 10**9)), ("voice", minutes * 60),
                ("sms", messages),
            ]  # fmt: skip
            self.document["earlier_periods"].append(
                {
                    **entry,
                    "usage": [
                        {
                            "service": service, "quantity": quantity, "billed_quantity": 0,
                            "amount": "0.000000",
                        }
                        for service, quantity in usage
                        if quantity
                    ],
                }
            )  # fmt: skip
        return self

    def charged_before(self, back: int, service: str, quantity: int, amount: str) -> "Builder":
        """Of an earlier bill's usage, what was charged for."""
        for row in self.document["earlier_periods"][-back]["usage"]:
            if row["service"] == service:
                row.update(billed_quantity=quantity, amount=amount)
        return self

    def changed(self, *causes: tuple[str, str, str, str, str, str | None]) -> "Builder":
        """Why the bill differs from the last: cause, kind of charge, name, before, now, line."""
        self._causes = [
            {
                "cause": cause, "charge_kind": kind, "name": name,
                "subscriptions": 1 if line else 0, "subscription_id": line, "before": before,
                "now": now, "difference": str(Decimal(now) - Decimal(before)),
            }
            for cause, kind, name, before, now, line in causes
        ]  # fmt: skip
        return self

    def _compare(self, total: Decimal) -> None:
        document = self.document
        if not document["history"] or document["document_kind"] != "invoice":
            return
        last = document["history"][-1]
        causes = list(self._causes)
        rest = total - Decimal(last["total"]) - sum(
            (Decimal(cause["difference"]) for cause in causes), Decimal(0)
        )  # fmt: skip
        if rest:
            causes.append(
                {
                    "cause": "tax", "charge_kind": "", "name": "", "subscriptions": 0,
                    "subscription_id": None, "before": "0.00", "now": f"{rest:.2f}",
                    "difference": f"{rest:.2f}",
                }
            )  # fmt: skip
        document["comparison"] = {
            "bill_date": last["bill_date"], "total": last["total"], "changes": causes,
        }  # fmt: skip

    def _charge_lines(self, total: Decimal) -> None:
        """What each line was charged with: its net amount, or gross where prices include tax."""
        lines = self.document["lines"]
        for line in lines:
            rows = TAXES.get(f"{self.country}/{line['tax_category']}", [])
            line["taxes"] = [
                {"tax_id": tax_id, "name": name, "rate_percent": rate}
                for tax_id, name, rate, _ in rows
            ]
            line["amount_charged"] = line["amount_net"]
            if self.document["operator"]["prices_include_tax"]:
                rate = sum((Decimal(row[2]) for row in rows), Decimal(0))
                line["amount_charged"] = (
                    f"{cents(Decimal(line['amount_net']) * (100 + rate) / 100)}"
                )
        if lines and self.document["operator"]["prices_include_tax"]:
            others = sum((Decimal(line["amount_charged"]) for line in lines[1:]), Decimal(0))
            lines[0]["amount_charged"] = f"{total - others}"

    def build(self, *, balance_forward: str = "0.00") -> Document:
        document = self.document
        nets: dict[str, Decimal] = {}
        for line in document["lines"]:
            nets[line["tax_category"]] = nets.get(line["tax_category"], Decimal(0)) + Decimal(
                line["amount_net"]
            )
        tax_total = Decimal("0.00")
        for category, net in nets.items():
            rows = TAXES.get(f"{self.country}/{category}")
            if rows is None:
                document["taxes"].append(
                    {
                        "tax_category": category, "tax_id": None, "name": "Exonéré",
                        "rate_percent": "0.000000", "taxable_amount": f"{net:.2f}",
                        "amount_tax": "0.00", "en16931_category": "E",
                        "legal_text": "Exonération de TVA, article 262 ter, I du CGI",
                    }
                )  # fmt: skip
                continue
            for tax_id, name, rate, en16931 in rows:
                amount = cents(net * Decimal(rate) / 100)
                tax_total += amount
                document["taxes"].append(
                    {
                        "tax_category": category, "tax_id": tax_id, "name": name,
                        "rate_percent": rate, "taxable_amount": f"{net:.2f}",
                        "amount_tax": f"{amount:.2f}", "en16931_category": en16931,
                        "legal_text": None,
                    }
                )  # fmt: skip
        net_total = sum(nets.values(), Decimal("0.00"))
        total = net_total + tax_total
        self._charge_lines(total)
        self._compare(total)
        document["amounts"] = {
            "net": f"{net_total:.2f}",
            "tax": f"{tax_total:.2f}",
            "total": f"{total:.2f}",
            "balance_forward": balance_forward,
            "due": f"{total + Decimal(balance_forward):.2f}",
        }
        return document


def small() -> Document:
    """One line, one plan, paid by card."""
    bill = Builder("FR", number="F2026-00000017")
    line = bill.subscription(1, "", "Essentiel 5 Go")
    bill.line(line, "recurring", "Essentiel 5 Go", "7.99")
    bill.allowance(line, "data", "Internet 5 Go", 5 * 10**9, 2_340_000_000)
    bill.allowance(line, "voice", "Appels 2 h", 7200, 4150)
    bill.allowance(line, "sms", "SMS", 0, 312, is_unlimited=True)
    bill.usage(line, "data", "Internet en France", 88, 2_340_000_000, 2_340_000_000, "0.000000")
    bill.usage(line, "voice", "Appels nationaux", 21, 4150, 4150, "0.000000")
    bill.usage(line, "sms", "SMS nationaux", 312, 312, 312, "0.000000")
    bill.history("9.59", "9.59", "11.03", "9.59", "9.59")
    bill.earlier((1.9, 62, 280), (2.2, 70, 301), (3.1, 88, 290), (2.0, 54, 265), (2.4, 75, 318))
    return bill.build()


def typical(payment_method: str = "transfer") -> Document:
    """A family of three lines: usage beyond allowances, a discount, a correction, a credit."""
    bill = Builder("FR", number="F2026-00003873")
    bill.account(payment_method=payment_method, itemisation="masked")
    marc = bill.subscription(22, "Marc Garnier", "Ample 120 Go")
    louis = bill.subscription(99, "Louis Garnier", "Ample 40 Go")
    jade = bill.subscription(12, "Jade Garnier", "Essentiel 5 Go")
    advance = ("2026-12-01", "2027-01-01")
    bill.line(marc, "recurring", "Ample 120 Go", "24.99", period=advance)
    bill.line(marc, "recurring", "Assurance mobile", "8.99", period=advance)
    bill.line(marc, "once", "Pass voyage hors UE, 3 jours", "15.00", unit="each",
              period=("2026-11-09", "2026-11-10"))  # fmt: skip
    bill.line(marc, "discount", "Remise multi-lignes", "-5.00", quantity=None, period=advance)
    bill.line(louis, "recurring", "Ample 40 Go", "15.99", period=advance)
    bill.line(louis, "usage", "Appels vers l’étranger", "3.33", quantity="1050", unit="second")
    bill.line(louis, "recurring", "Kiosque presse", "4.99", category="reduced", period=advance)
    bill.line(louis, "recurring", "Ample 20 Go", "-2.13", is_correction=True, period=OCTOBER,
              charged=("2026-10-24", "2026-11-01"))  # fmt: skip
    bill.line(jade, "recurring", "Essentiel 5 Go", "7.99", period=advance)
    bill.line(jade, "recurring", "Option 100 SMS", "1.07", charged=("2026-11-15", "2026-12-01"))
    bill.line(jade, "usage", "Internet hors forfait", "2.40", quantity="1200000000", unit="byte")
    bill.line(None, "adjustment", "Geste commercial, panne du 18 novembre", "-3.00",
              quantity=None, period=("2026-11-18", "2026-11-19"))  # fmt: skip
    bill.allowance(marc, "data", "Internet 120 Go", 120 * 10**9, 71_600_000_000)
    bill.allowance(marc, "voice", "Appels", 0, 30_000, is_unlimited=True)
    bill.allowance(marc, "sms", "SMS", 0, 251, is_unlimited=True)
    bill.allowance(louis, "data", "Internet 40 Go", 40 * 10**9, 33_700_000_000,
                   carried_in=2 * 10**9, carried_out=4 * 10**9)  # fmt: skip
    bill.allowance(louis, "voice", "Appels", 0, 53_700, is_unlimited=True)
    bill.allowance(jade, "data", "Internet 5 Go", 5 * 10**9, 5 * 10**9)
    bill.allowance(jade, "voice", "Appels 2 h", 7200, 4140)
    bill.allowance(jade, "sms", "100 SMS", 100, 58)
    bill.usage(marc, "voice", "Appels nationaux", 96, 30_000, 30_000, "0.000000")
    bill.usage(marc, "sms", "SMS nationaux", 251, 251, 251, "0.000000")
    bill.usage(marc, "data", "Internet en France", 210, 71_600_000_000, 71_600_000_000, "0.000000")
    bill.usage(louis, "voice", "Appels nationaux", 120, 53_700, 53_700, "0.000000")
    bill.usage(louis, "voice", "Appels vers l’étranger", 7, 1050, 0, "3.325000")
    bill.usage(louis, "data", "Internet en France", 160, 33_700_000_000, 33_700_000_000, "0.000000")
    bill.usage(jade, "voice", "Appels nationaux", 31, 4140, 4140, "0.000000")
    bill.usage(jade, "sms", "SMS nationaux", 58, 58, 58, "0.000000")
    bill.usage(jade, "data", "Internet en France", 74, 5 * 10**9, 5 * 10**9, "0.000000")
    bill.usage(jade, "data", "Internet hors forfait", 9, 1_200_000_000, 0, "2.400000")
    bill.history("71.34", "74.04", "90.16", "71.34", "73.20")
    bill.earlier(
        (88.1, 1210, 240), (94.6, 1305, 251), (163.0, 1490, 310), (101.7, 1388, 262),
        (97.4, 1402, 287),
    )  # fmt: skip
    bill.charged_before(3, "data", 12_000_000_000, "24.000000")
    bill.changed(
        ("once", "once", "Pass voyage hors UE, 3 jours", "0.00", "15.00", marc),
        ("once", "adjustment", "Geste commercial, panne du 18 novembre", "0.00", "-3.00", None),
        ("usage_started", "usage", "Internet hors forfait", "0.00", "2.40", jade),
        ("correction", "recurring", "Ample 20 Go", "0.00", "-2.13", louis),
        ("started", "recurring", "Option 100 SMS", "0.00", "1.07", jade),
        ("usage", "usage", "Appels vers l’étranger", "3.66", "3.33", louis),
    )
    return bill.build(balance_forward="12.50")


def giant() -> Document:
    """Amounts of thirteen digits, as a currency of small units has them."""
    bill = Builder("FR", number="F2026-00003999")
    bill.account(payment_method="transfer", kind="business", name="Réassurance générale SA")
    lines = [bill.subscription(50 + at, f"Agence {at}", "Pro 50 Go") for at in range(1, 4)]
    for line in lines:
        bill.line(line, "recurring", "Pro 50 Go", "2345678901234.56")
        bill.line(line, "discount", "Remise de volume", "-1234567890.12", quantity=None)
        bill.allowance(line, "data", "Internet 50 Go", 50 * 10**9, 0)
    bill.usage(lines[0], "data", "Internet en France", 1, 1, 1, "0.000000")
    bill.history("8436000000000.00", "8100000000000.00")
    bill.earlier((0.5, 0, 0), (0, 0, 0))
    bill.changed(("price", "recurring", "Pro 50 Go", "6750000000000.00", "7037036703703.68", None))
    return bill.build()


def german(payment_method: str = "transfer") -> Document:
    """German, payable by transfer with an EPC code."""
    bill = Builder("DE", number="R2026-00000412", bill_date="2026-11-15")
    bill.account(
        name="Dr. Annegret Müller-Lüdenscheidt", street="Donaudampfschifffahrtsstraße 104 b",
        postal_code="10115", city="Berlin", payment_method=payment_method,
    )  # fmt: skip
    line = bill.subscription(7, "Annegret", "Nordfunk Freiheit L")
    bill.line(line, "recurring", "Nordfunk Freiheit L", "33.60")
    bill.line(line, "usage", "Anrufe zu Servicenummern", "1.26", quantity="384", unit="second")
    bill.line(line, "instalment", "Smartphone, Rate 4 von 24", "20.13", unit="each",
              period=("2026-11-01", "2026-11-02"))  # fmt: skip
    bill.line(line, "discount", "Treuerabatt 10 %", "-3.36", quantity=None)
    bill.allowance(line, "data", "Datenvolumen 20 GiB", 20 * 2**30, 18 * 2**30)
    bill.allowance(line, "voice", "Telefonie", 0, 12_000, is_unlimited=True)
    bill.usage(line, "voice", "Anrufe ins Inland", 64, 12_000, 12_000, "0.000000")
    bill.usage(line, "voice", "Anrufe zu Servicenummern", 3, 384, 0, "1.260000")
    bill.usage(line, "data", "Daten im Inland", 300, 18 * 2**30, 18 * 2**30, "0.000000")
    bill.history("60.10", "58.00", "61.45")
    bill.earlier((12.4, 180, 4), (15.1, 212, 0), (17.9, 190, 9))
    bill.changed(("usage", "usage", "Anrufe zu Servicenummern", "1.27", "1.26", line))
    return bill.build()


def canadian() -> Document:
    """Québec: two taxes, letter paper, brought-forward credit larger than the bill's half."""
    bill = Builder("CA", number="F2026-00000951", bill_date="2026-11-15")
    bill.account(
        name="Geneviève Tremblay", street="4500, av. du Parc, app. 12", postal_code="H2W 2H1",
        city="Montréal", region="QC", payment_method="card",
    )  # fmt: skip
    line = bill.subscription(144, "Geneviève", "Pancanadien 50 Go")
    bill.line(line, "recurring", "Pancanadien 50 Go", "55.00")
    bill.line(line, "usage", "Itinérance États-Unis", "12.00", quantity="3", unit="message")
    bill.allowance(line, "data", "Données 50 Go", 50 * 10**9, 41_230_000_000)
    bill.usage(line, "data", "Données au Canada", 400, 41_230_000_000, 41_230_000_000, "0.000000")
    return bill.build(balance_forward="-20.00")


def british() -> Document:
    """English, prices with tax, direct debit, collected late fees in both forms."""
    bill = Builder("GB", number="INV-2026-000301")
    bill.account(
        name="Eleanor Whitfield", street="22 Copper Beech Close", postal_code="LS6 4EA",
        city="Leeds", payment_method="sepa_debit", itemisation="masked",
    )  # fmt: skip
    line = bill.subscription(321, "Eleanor", "Harbour 30 GB")
    second = bill.subscription(457, "Tablet", "Data only 10 GB")
    bill.line(line, "recurring", "Harbour 30 GB", "15.00")
    bill.line(line, "usage", "Calls to Europe", "4.18", quantity="2508", unit="second")
    bill.line(line, "usage", "Premium-rate calls", "2.50", quantity="145", unit="second")
    bill.line(line, "cap_credit", "Spend cap", "-1.68", quantity=None)
    bill.line(second, "recurring", "Data only 10 GB", "5.00", charged=("2026-11-12", "2026-12-01"))
    bill.allowance(line, "data", "30 GB data", 30 * 10**9, 12_750_000_000)
    bill.allowance(line, "voice", "Calls", 0, 48_000, is_unlimited=True)
    bill.allowance(second, "data", "10 GB data", 10 * 10**9, 8_420_000_000)
    bill.usage(line, "voice", "Calls in the UK", 131, 48_000, 48_000, "0.000000")
    bill.usage(line, "voice", "Calls to Europe", 6, 2508, 0, "5.016000")
    bill.usage(line, "voice", "Premium-rate calls", 1, 145, 0, "3.000000")
    bill.usage(line, "data", "Data in the UK", 410, 12_750_000_000, 12_750_000_000, "0.000000")
    bill.usage(second, "data", "Data in the UK", 96, 8_420_000_000, 8_420_000_000, "0.000000")
    bill.history("18.00", "18.00", "24.60", "-6.00", "18.00")
    bill.earlier((10.1, 611, 0), (12.4, 580, 0), (16.0, 702, 0), (3.2, 120, 0), (11.8, 640, 0))
    bill.changed(
        ("usage_started", "usage", "Calls to Europe", "0.00", "5.02", line),
        ("started", "recurring", "Data only 10 GB", "0.00", "6.00", second),
        ("usage_started", "usage", "Premium-rate calls", "0.00", "3.00", line),
        ("started", "cap_credit", "Spend cap", "0.00", "-2.02", line),
    )
    return bill.build(balance_forward="-6.00")


def business(lines: int = 40) -> Document:
    """A company with many lines, overlong names and a reverse-charge part."""
    bill = Builder("FR", number="F2026-00004120")
    bill.account(
        kind="business", payment_method="transfer", itemisation="full",
        name="Compagnie générale des transports frigorifiques et de logistique du Pas-de-Calais",
        street="Zone industrielle de la Pilaterie, bâtiment C, 1417 rue de la Couture",
        postal_code="59700", city="Marcq-en-Barœul", vat_number="FR40303265045",
    )  # fmt: skip
    for number in range(1, lines + 1):
        name = f"{NAMES[number % len(NAMES)]} – poste {number}"
        if number == 3:
            name = "Responsable adjointe de l’exploitation des entrepôts frigorifiques de la région"
        line = bill.subscription(3000 + number, name, "Pro 50 Go")
        bill.line(line, "recurring", "Pro 50 Go", "19.90")
        bill.line(line, "discount", "Remise flotte 15 %", "-2.99", quantity=None)
        if number % 3 == 0:
            bill.line(line, "usage", "Itinérance zone 2", "14.25", quantity="95000000", unit="byte")
        if number % 10 == 4:
            bill.line(line, "recurring", "Pro 20 Go", "-4.16", is_correction=True,
                      period=OCTOBER, charged=("2026-10-20", "2026-11-01"))  # fmt: skip
        bill.allowance(line, "data", "Internet 50 Go", 50 * 10**9, number * 1_210_000_000)
        bill.usage(line, "data", "Internet en France", 12 * number, number * 1_210_000_000,
                   number * 1_210_000_000, "0.000000")  # fmt: skip
        if number % 3 == 0:
            bill.usage(line, "data", "Itinérance zone 2", 4, 95_000_000, 0, "14.250000")
    bill.line(None, "recurring", "Gestion de flotte", "49.00")
    bill.line(None, "recurring", "Services hors champ", "120.00", category="exempt")
    bill.history("842.10", "851.30", "1012.44", "860.02", "1102.18")
    bill.earlier((810.4, 0, 0), (790.2, 0, 0), (921.0, 0, 0), (844.4, 0, 0), (960.9, 0, 0))
    bill.changed(
        ("usage", "usage", "Itinérance zone 2", "228.00", "185.25", None),
        ("correction", "recurring", "Pro 20 Go", "0.00", "-16.64", None),
        ("started", "recurring", "Services hors champ", "0.00", "120.00", None),
    )
    for cause, count in zip(bill._causes, (13, 4, 0), strict=True):
        cause["subscriptions"] = count
    return bill.build()


def credit_note() -> Document:
    """A full credit of an invoice."""
    bill = Builder("FR", number="A2026-00000003", kind="credit_note")
    bill.document["credited_document_number"] = "F2026-00000017"
    bill.document["due_date"] = None
    line = bill.subscription(1, "", "Essentiel 5 Go")
    bill.line(line, "recurring", "Essentiel 5 Go", "-7.99")
    bill.line(line, "usage", "Appels vers l’étranger", "-1.20", quantity="-240", unit="second")
    return bill.build(balance_forward="11.03")


def zero() -> Document:
    """Nothing is owed: the plan is free of charge this month."""
    bill = Builder("FR", number="F2026-00000020")
    line = bill.subscription(2, "Tablette", "Découverte")
    bill.line(line, "recurring", "Découverte", "9.99")
    bill.line(line, "discount", "Premier mois offert", "-9.99", quantity=None)
    return bill.build()


def one_line() -> Document:
    """A single charge without subscription, allowance, usage or history."""
    bill = Builder("FR", number="F2026-00000021").account(payment_method="none")
    bill.line(None, "late_fee", "Frais de retard, facture F2026-00000017", "5.00", unit="each",
              category="", period=("2026-12-01", "2026-12-02"))  # fmt: skip
    document = bill.build()
    document["taxes"] = []
    return document


def empty() -> Document:
    """No charge at all, and nothing from before."""
    return Builder("FR", number="F2026-00000023").account(payment_method="transfer").build()


def in_favour() -> Document:
    """A bill smaller than the credit that stands from before."""
    document = small()
    document["document_number"] = "F2026-00000022"
    document["amounts"]["balance_forward"] = "-25.00"
    document["amounts"]["due"] = str(Decimal(document["amounts"]["total"]) - 25)
    return document


def usage_rows(document: Document, count: int, seed: int = 1) -> list[UsageRow]:
    """Itemised usage, spread over the document's subscriptions and period."""
    random = Random(seed)
    subscriptions = [row["subscription_id"] for row in document["subscriptions"]]
    masked = document["account"]["itemisation"] == "masked"
    digits = document["operator"]["mask_digits"]
    start = dt.datetime.fromisoformat(document["period"]["start"])
    rows = []
    places = [
        ("Appels nationaux", "France mobile"), ("Appels nationaux", "France fixe"),
        ("Appels vers l’étranger", "Allemagne"), ("Appels vers l’étranger", "Royaume-Uni mobile"),
    ]  # fmt: skip
    for position in range(count):
        service = random.choice(["voice", "voice", "voice", "sms", "sms", "data"])
        number: str | None = f"33{random.choice('1267')}{random.randrange(10**7, 10**8)}"
        charge, place = random.choice(places)
        visited = "home"
        quantity = random.randrange(1, 3700) if service == "voice" else 1
        if service == "data":
            number, charge, place = None, "Internet en France", None
            quantity = random.randrange(10_000, 900_000_000)
            if random.random() < 0.1:
                charge, visited = "Itinérance zone 2", "Suisse"
        if number and masked:
            number = number[:-digits] + "•" * digits
        abroad = place in ("Allemagne", "Royaume-Uni mobile") and service == "voice"
        amount = Decimal(quantity) * Decimal("0.0019") if abroad else Decimal(0)
        rows.append(
            {
                "document_number": document["document_number"],
                "account_id": document["account"]["account_id"],
                "subscription_id": subscriptions[position * len(subscriptions) // count],
                "usage_event_id": f"E{position:07d}",
                "position": position + 1,
                "service": service,
                "direction": "originating",
                "other_party": number,
                "destination": place,
                "zone": "europe" if abroad else "national",
                "visited_zone": visited,
                "charge_name": charge,
                "local_started_at": start
                + dt.timedelta(minutes=position * 43_000 // max(count, 1)),
                "quantity": quantity,
                "included_quantity": 0 if abroad else quantity,
                "billed_quantity": quantity if abroad else 0,
                "amount": amount.quantize(Decimal("0.000001")),
            }
        )
    document["usage_details"]["records"] = count
    return rows


def canonical(document: Document) -> str:
    """The document's text as it is issued and hashed."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


SAMPLES = {
    "small": small,
    "typical": typical,
    "giant": giant,
    "german": german,
    "canadian": canadian,
    "british": british,
    "business": business,
    "credit_note": credit_note,
    "zero": zero,
    "one_line": one_line,
    "in_favour": in_favour,
    "empty": empty,
}
