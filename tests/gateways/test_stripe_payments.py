"""The money comes back with the number of the invoice that it pays."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
import stripe

from gateways.stripe_fake import StripeFake
from gateways.stripe_payments import received_payments
from tests.gateways.conftest import KEY, OpenGateway
from tests.gateways.documents import document


def states(fake: StripeFake) -> dict[str, str]:
    return {item["number"]: item["status"] for item in fake.objects("invoice")}


def test_payments_are_ours_dated_and_in_the_documents_currency(
    fake: StripeFake, open_gateway: OpenGateway
) -> None:
    yen = document("F2", account_id="A2", currency="JPY", minor_units=0, lines=[("900", "none")])
    foreign = document("G1", operator_id="another")
    gateway = open_gateway()
    ids = {r.document_number: r.stripe_id for r in gateway.sync([document("F1"), yen, foreign], {})}
    # 23:30 UTC is the next day in Paris.
    moment = int(datetime(2027, 1, 31, 23, 30, tzinfo=UTC).timestamp())
    fake.advance_clock(moment - fake.account.now())
    fake.pay(str(ids["F1"]), 1000)
    fake.pay(str(ids["F1"]), method="sepa_debit")
    fake.pay(str(ids["F2"]), method="klarna")
    fake.pay(str(ids["G1"]))
    found = list(received_payments(gateway, operator_id="test-operator", time_zone="Europe/Paris"))
    assert [
        (p.invoice_number, p.account_id, p.amount, p.currency_code, p.method) for p in found
    ] == [
        ("F2", "A2", Decimal("900"), "JPY", "other"),
        ("F1", "A1", Decimal("8.60"), "EUR", "sepa_debit"),
        ("F1", "A1", Decimal("10.00"), "EUR", "card"),
    ]
    assert {str(p.received_on) for p in found} == {"2027-02-01"}
    assert len({p.payment_id for p in found}) == 3
    assert states(fake) == {"F1": "paid", "F2": "paid", "G1": "paid"}


def test_payment_reported_by_us_does_not_come_back(
    fake: StripeFake, open_gateway: OpenGateway
) -> None:
    gateway = open_gateway()
    *_, result = gateway.sync([document()], {})
    client = stripe.StripeClient(KEY, base_addresses={"api": fake.url})
    client.v1.invoices.pay(str(result.stripe_id), {"paid_out_of_band": True})
    zone = "Europe/Paris"
    assert not list(received_payments(gateway, operator_id="test-operator", time_zone=zone))


@pytest.mark.parametrize("count", [101])
def test_all_pages_are_read(fake: StripeFake, open_gateway: OpenGateway, count: int) -> None:
    gateway = open_gateway()
    *_, result = gateway.sync([document(lines=[("100.00", "none")])], {})
    for _ in range(count):
        fake.pay(str(result.stripe_id), 10)
    found = list(received_payments(gateway, operator_id="test-operator", time_zone="Europe/Paris"))
    assert sum(payment.amount for payment in found) == Decimal("0.10") * count


def test_what_was_paid_elsewhere_is_marked_once(
    fake: StripeFake, open_gateway: OpenGateway
) -> None:
    gateway = open_gateway()
    known = [r.synced for r in gateway.sync([document("F1"), document("F2", account_id="B")], {})]
    paid = [item for item in known if item and item.document_number == "F1"]
    fake.inject("drop_answer", path=".*/pay")
    [result] = gateway.mark_paid(paid, operator_id="test-operator")
    assert (result.status, result.changed) == ("paid", True)
    before = len(fake.posts)
    [result] = gateway.mark_paid(paid, operator_id="test-operator")
    assert (result.status, result.changed, result.calls_made) == ("paid", False, 1)
    assert len(fake.posts) == before
    assert states(fake) == {"F1": "paid", "F2": "open"}
