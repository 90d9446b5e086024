"""Issued documents for tests, in the canonical form, footing by construction."""

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

Line = tuple[str, str]
"""(amount_net, tax_category)"""


def document(
    number: str = "F2026-00000001",
    *,
    account_id: str = "A1",
    lines: Sequence[Line] = (("10.00", "standard"), ("5.50", "standard")),
    rates: Mapping[str, Sequence[tuple[str, str]]] | None = None,
    currency: str = "EUR",
    minor_units: int = 2,
    credited: str | None = None,
    bill_date: str = "2026-11-01",
    due_date: str = "2099-11-15",
    operator_id: str = "test-operator",
    name: str = "Zoé Müller",
    language: str = "fr",
    descriptions: Sequence[str] | None = None,
    **account: Any,
) -> dict[str, Any]:
    """`rates`: tax category → (tax id, percent); a negative total makes a credit note."""
    if rates is None:
        rates = {"standard": [("vat", "20")], "reduced": [("vat", "5.5")]}
    unit = Decimal(1).scaleb(-minor_units)
    net = sum((Decimal(amount) for amount, _ in lines), Decimal(0))
    taxes = []
    for category in dict.fromkeys(category for _, category in lines):
        base = sum((Decimal(amount) for amount, c in lines if c == category), Decimal(0))
        for tax_id, percent in rates.get(category, ()):
            tax = (base * Decimal(percent) / 100).quantize(unit, ROUND_HALF_UP)
            taxes.append(
                {
                    "tax_category": category,
                    "tax_id": tax_id,
                    "name": "TVA",
                    "rate_percent": percent,
                    "taxable_amount": str(base),
                    "amount_tax": str(tax),
                    "en16931_category": "S",
                    "legal_text": None,
                }
            )
    tax_total = sum((Decimal(row["amount_tax"]) for row in taxes), Decimal(0))
    total = (net + tax_total).quantize(unit)
    return {
        "schema": "billhouse-document/1",
        "template": "1",
        "document_number": number,
        "document_kind": "credit_note" if total < 0 else "invoice",
        "credited_document_number": credited,
        "bill_date": bill_date,
        "due_date": due_date,
        "currency_code": currency,
        "minor_units": minor_units,
        "operator": {
            "operator_id": operator_id,
            "legal_name": "Test Mobile",
            "time_zone": "Europe/Paris",
            "language": "en",
        },
        "account": {
            "account_id": account_id,
            "kind": "residential",
            "name": name,
            "email": "zoe@example.org",
            "phone": "+33612345678",
            "street": "1 rue de la Paix",
            "postal_code": "75002",
            "city": "Paris",
            "region": None,
            "country": "FR",
            "vat_number": None,
            "tax_exempt_reason": None,
            "language": language,
            **account,
        },
        "period": {"start": "2026-10-01", "end": "2026-11-01"},
        "amounts": {
            "net": str(net.quantize(unit)),
            "tax": str(tax_total.quantize(unit)),
            "total": str(total),
            "balance_forward": str(Decimal(0).quantize(unit)),
            "due": str(total),
        },
        "subscriptions": [
            {"subscription_id": "S1", "name": "Zoé", "msisdn": "33612345678", "plan": "Plan M"}
        ],
        "lines": [
            {
                "line_number": index + 1,
                "charge_key": f"{account_id}/S1/recurring/{index}",
                "subscription_id": "S1",
                "charge_kind": "recurring",
                "charge_id": f"SP{index}",
                "description": descriptions[index] if descriptions else f"Line {index + 1}",
                "period_start": "2026-10-01",
                "period_end": "2026-11-01",
                "charged_from": "2026-10-01",
                "charged_to": "2026-11-01",
                "quantity": "1",
                "unit": "month",
                "tax_category": category,
                "amount_net": amount,
                "is_correction": False,
            }
            for index, (amount, category) in enumerate(lines)
        ],
        "taxes": taxes,
        "allowances": [],
        "usage": [
            {"description": "Calls to +33698765432", "charge_name": "Calls", "amount": "0.120000"}
        ],
        "usage_details": {"records": 12, "sha256": "0" * 64},
        "history": [],
    }


def credit_of(invoice: dict[str, Any], number: str = "A2026-00000001") -> dict[str, Any]:
    """The full credit note of an invoice."""

    def negated(text: str) -> str:
        return str(-Decimal(text))

    return {
        **invoice,
        "document_number": number,
        "document_kind": "credit_note",
        "credited_document_number": invoice["document_number"],
        "amounts": {key: negated(value) for key, value in invoice["amounts"].items()},
        "lines": [{**row, "amount_net": negated(row["amount_net"])} for row in invoice["lines"]],
        "taxes": [
            {
                **row,
                "taxable_amount": negated(row["taxable_amount"]),
                "amount_tax": negated(row["amount_tax"]),
            }
            for row in invoice["taxes"]
        ],
    }
