"""The money that came in through Stripe, in the form of payments.csv.

Read from Stripe itself, never from a webhook's body, so a forged or repeated message moves nothing.
Payments that were only reported to Stripe (a bank transfer marked as paid) are ours already.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from gateways.stripe_currencies import stripe_currency
from gateways.stripe_sync import StripeGateway

_EXPAND = ["data.invoice", "data.payment.payment_intent.latest_charge"]
_METHODS = {"card": "card", "sepa_debit": "sepa_debit", "customer_balance": "transfer"}


@dataclass(frozen=True, kw_only=True)
class ReceivedPayment:
    """One payment of one invoice. `received_on`: the day in the operator's time zone."""

    payment_id: str
    account_id: str
    invoice_number: str
    received_on: date
    amount: Decimal
    currency_code: str
    method: str
    reference: str


def received_payments(
    gateway: StripeGateway, *, operator_id: str, time_zone: str, created_since: int | None = None
) -> Iterator[ReceivedPayment]:
    """Payments of our invoices, newest first; `payment_id` tells which are booked already.

    `created_since`: epoch seconds. Stripe opens a payment when it finalises the invoice, so it
    must reach back as far as an invoice may stay unpaid. Raises SyncStopped as the sync does.
    """
    params: dict[str, Any] = {"status": "paid", "expand": _EXPAND}
    if created_since is not None:
        params["created"] = {"gte": created_since}
    zone = ZoneInfo(time_zone)
    for payment in gateway.pages(gateway.v1.invoice_payments.list, params):
        metadata = payment["invoice"].get("metadata") or {}
        intent = payment["payment"].get("payment_intent")
        if metadata.get("billhouse_operator") != operator_id or not intent:
            continue
        currency = stripe_currency(payment["currency"])
        charge = intent.get("latest_charge") or {}
        kind = (charge.get("payment_method_details") or {}).get("type", "")
        paid_at = datetime.fromtimestamp(payment["status_transitions"]["paid_at"], UTC)
        yield ReceivedPayment(
            payment_id=payment["id"],
            account_id=metadata["account_id"],
            invoice_number=metadata["document_number"],
            received_on=paid_at.astimezone(zone).date(),
            amount=Decimal(payment["amount_paid"]).scaleb(-currency.exponent),
            currency_code=currency.code,
            method=_METHODS.get(kind, "other"),
            reference=intent["id"],
        )
