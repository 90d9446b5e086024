"""Payments as the bank reports them: by account, as amounts that hardly ever match to the cent.

What a bill comes to depends on usage, so nobody can know it here; customers are taken to pay
their recurring prices with tax. Cards and direct debits come back from the payment gateway.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from random import Random
from typing import Any

from ingestion.demo.customers import Account
from ingestion.demo.output import KNOWN_ON, settled
from ingestion.demo.products import recurring_price
from ingestion.demo.timeline import Timeline

_TAX_FACTOR = {"FR": "1.2", "GP": "1.085", "MQ": "1.085", "RE": "1.085"}
_WRITE_OFF = "12.40"


class _Prices:
    """Recurring prices by product and day, looked up once."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, date], Decimal] = {}

    def of(self, product_id: str, day: date) -> Decimal:
        key = (product_id, day)
        if key not in self._known:
            self._known[key] = recurring_price(product_id, day)
        return self._known[key]


def _expected(account: Account, bill_date: date, prices: _Prices) -> Decimal:
    """Recurring prices of what is held on the bill date, with tax, to the cent."""
    net = Decimal(0)
    for row in account.held:
        if row["valid_from"] <= bill_date and (settled(row["valid_to"]) or date.max) > bill_date:
            net += prices.of(row["product_id"], bill_date)
    gross = net * Decimal(_TAX_FACTOR.get(account.tax_jurisdiction, "1"))
    return gross.quantize(Decimal("0.01"), ROUND_HALF_UP)


def payment_rows(
    accounts: list[Account], timeline: Timeline, chance: Random
) -> Iterator[dict[str, Any]]:
    """Rows of payments.csv, in the order of their receipt."""
    prices = _Prices()
    received: list[tuple[date, str, Decimal, str, str]] = []
    for account in accounts:
        for bill_date in timeline.bill_dates:
            if bill_date.day != account.cycle_day or account.pays == "nothing":
                continue
            # Drawn for everybody, so that one customer's habit does not move another's.
            luck, delay, cash = chance.random(), chance.randrange(2, 24), chance.random()
            if account.payment_method not in ("transfer", "none"):
                continue
            amount = _expected(account, bill_date, prices)
            if account.pays == "in part":
                amount = Decimal("20.00")
            elif luck < 0.08:
                continue
            elif luck < 0.14:
                amount = (amount / 2).quantize(Decimal("0.01"), ROUND_HALF_UP)
            elif luck < 0.16:
                amount += 10
            if amount <= 0:
                continue
            method = "cash" if account.payment_method == "none" and cash < 0.5 else "transfer"
            day = bill_date + timedelta(days=delay)
            reference = f"{'VIR' if method == 'transfer' else 'ESP'} {account.account_id}"
            received.append((day, account.account_id, amount, method, reference))
        if account.pays == "nothing":
            day = timeline.bill_dates[0] + timedelta(days=40)
            received.append(
                (day, account.account_id, Decimal(_WRITE_OFF), "write_off", "Irrécouvrable")
            )
    received.sort()
    for number, (day, account_id, amount, method, reference) in enumerate(received, start=1):
        yield {
            KNOWN_ON: day,
            "payment_id": f"E{number:07d}",
            "account_id": account_id,
            "received_on": day,
            "amount": amount,
            "method": method,
            "reference": reference,
        }
