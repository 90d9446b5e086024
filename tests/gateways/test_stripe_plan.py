"""What a document becomes: amounts exact, texts harmless, nothing private."""

import json
from dataclasses import asdict
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateways.stripe_currencies import stripe_currency
from gateways.stripe_plan import (
    BalancePayload,
    CreditNotePayload,
    Held,
    InvoicePayload,
    PlanError,
    plan_document,
)
from tests.gateways.documents import credit_of, document


def invoice_of(content: dict) -> InvoicePayload:
    payload = plan_document(content).payload
    assert isinstance(payload, InvoicePayload)
    return payload


def test_invoice_carries_our_number_total_and_tax() -> None:
    plan = plan_document(document())
    payload = invoice_of(document())
    assert (payload.number, payload.currency) == ("F2026-00000001", "EUR")
    assert (payload.tax, payload.total, payload.rounding) == (310, 1860, 0)
    assert [(line.amount, line.taxes[0].amount) for line in payload.lines] == [
        (1000, 200),
        (550, 110),
    ]
    assert dict(payload.metadata) == {
        "billhouse_operator": "test-operator",
        "document_number": "F2026-00000001",
        "account_id": "A1",
        "bill_date": "2026-11-01",
        "due_date": "2099-11-15",
        "document_sha256": plan.document_sha256,
        "document_total": "18.60 EUR",
    }


def test_given_digest_of_the_document_is_used() -> None:
    assert plan_document({**document(), "document_sha256": "ab"}).document_sha256 == "ab"


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("fr", "Facture F2026-00000001, du 1 oct. 2026 au 31 oct. 2026"),
        ("fr_CA", "Facture F2026-00000001, du 1 oct. 2026 au 31 oct. 2026"),
        ("de", "Rechnung F2026-00000001, 01.10.2026 bis 31.10.2026"),
        ("en", "Invoice F2026-00000001, Oct 1, 2026 to Oct 31, 2026"),
        ("xx", "Invoice F2026-00000001, Oct 1, 2026 to Oct 31, 2026"),
    ],
)
def test_description_is_in_the_documents_language(language: str, expected: str) -> None:
    assert invoice_of(document(language=language)).description == expected


def test_period_ends_in_the_last_second_of_the_last_day() -> None:
    line = invoice_of(document()).lines[0]
    # 2026-10-01 00:00 to 2026-10-31 23:59:59, Paris, across the end of summer time.
    assert (line.period_start, line.period_end) == (1790805600, 1793487599)


def test_discount_lowers_the_tax_of_what_it_reduces_and_bears_none() -> None:
    payload = invoice_of(document(lines=[("10.00", "standard"), ("-4.00", "standard")]))
    assert [line.amount for line in payload.lines] == [1000, -400]
    assert [[tax.amount for tax in line.taxes] for line in payload.lines] == [[120], []]
    assert payload.lines[0].taxes[0].taxable_amount == 600


def test_tax_at_two_rates_in_one_category_keeps_both_rows() -> None:
    rates = {"standard": [("gst", "5"), ("qst", "9.975")]}
    payload = invoice_of(document(lines=[("10.00", "standard"), ("3.33", "standard")], rates=rates))
    assert payload.tax == 67 + 133
    assert [tax.percentage for tax in payload.lines[0].taxes] == ["5", "9.975"]


def test_percentage_of_more_than_four_decimals_is_named_in_full() -> None:
    rates = {"standard": [("levy", "1.123456")]}
    tax = invoice_of(document(rates=rates)).lines[0].taxes[0]
    assert (tax.percentage, tax.name) == ("1.1235", "TVA 1.123456 %")


@pytest.mark.parametrize(
    ("currency", "minor_units", "amount", "total", "rounding"),
    [
        ("EUR", 2, "12.34", 1234, 0),
        ("JPY", 0, "1234", 1234, 0),
        ("KWD", 3, "5.124", 5120, -4),
        ("KWD", 3, "5.125", 5130, 5),
        ("ISK", 0, "500", 50000, 0),
        ("UGX", 0, "500", 50000, 0),
        # No minor unit in use, yet hundredths at Stripe.
        ("RSD", 0, "500", 50000, 0),
    ],
)
def test_amounts_are_counted_as_stripe_counts(
    currency: str, minor_units: int, amount: str, total: int, rounding: int
) -> None:
    payload = invoice_of(
        document(currency=currency, minor_units=minor_units, lines=[(amount, "none")], rates={})
    )
    assert (payload.total, payload.rounding) == (total, rounding)
    assert sum(line.amount for line in payload.lines) + payload.tax == total
    assert payload.lines[0].amount == total - rounding
    assert [line.key for line in payload.lines[1:]] == (["rounding"] if rounding else [])


def test_amount_finer_than_stripes_unit_is_refused_by_name() -> None:
    with pytest.raises(PlanError, match=r"F2026-00000001: .*10\.005 EUR"):
        plan_document(document(lines=[("10.005", "none")], minor_units=3, rates={}))


def test_three_hundred_lines_become_at_most_250_with_the_same_sums() -> None:
    lines = [(f"{n}.01", "standard" if n % 3 else "reduced") for n in range(1, 301)]
    content = document(lines=lines)
    payload = invoice_of(content)
    assert len(payload.lines) == 250
    assert sum(line.amount for line in payload.lines) == 100 * sum(Decimal(a) for a, _ in lines)
    assert sum(tax.amount for line in payload.lines for tax in line.taxes) == payload.tax
    rest = [line for line in payload.lines if line.key.startswith("rest/")]
    assert [line.key for line in rest] == ["rest/reduced", "rest/standard"]
    assert rest[0].description == "17 autres lignes (voir la facture)"
    # The largest lines stay themselves.
    assert {line.key for line in payload.lines} >= {"300", "299", "53"}


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ([("0.30", "standard")], "below_minimum"),
        ([("10.00", "standard"), ("-10.00", "standard")], "zero_total"),
        ([], "zero_total"),
        ([("900000.00", "standard")], "above_maximum"),
    ],
)
def test_what_stripe_cannot_collect_is_held(lines: list[tuple[str, str]], reason: str) -> None:
    payload = plan_document(document(lines=lines)).payload
    assert isinstance(payload, Held)
    assert payload.reason == reason


def test_smallest_chargeable_amount_is_sent() -> None:
    assert invoice_of(document(lines=[("0.50", "none")])).total == 50


def test_credit_note_is_positive_by_category() -> None:
    invoice = document(lines=[("10.00", "standard"), ("4.00", "reduced")])
    payload = plan_document(credit_of(invoice)).payload
    assert isinstance(payload, CreditNotePayload)
    assert (payload.invoice_number, payload.total, payload.tax) == ("F2026-00000001", 1622, 222)
    assert [(line.amount, line.taxes[0].amount) for line in payload.lines] == [
        (400, 22),
        (1000, 200),
    ]


def test_credit_note_with_a_debit_in_one_category_becomes_one_line() -> None:
    invoice = document(lines=[("10.00", "standard"), ("-4.00", "reduced")])
    payload = plan_document(credit_of(invoice)).payload
    assert isinstance(payload, CreditNotePayload)
    assert [line.amount for line in payload.lines] == [600]
    assert [tax.amount for tax in payload.lines[0].taxes] == [200, -22]


@pytest.mark.parametrize("amount", ["5.124", "5.125"])
def test_credit_note_takes_back_what_rounding_gave(amount: str) -> None:
    invoice = document(currency="KWD", minor_units=3, lines=[(amount, "none")], rates={})
    payload = plan_document(credit_of(invoice)).payload
    assert isinstance(payload, CreditNotePayload)
    assert payload.total == invoice_of(invoice).total
    assert payload.rounding == invoice_of(invoice).rounding
    assert sum(line.amount for line in payload.lines) == payload.total


def test_negative_document_without_an_invoice_is_a_credit_to_the_balance() -> None:
    payload = plan_document(document("A1", lines=[("-0.10", "standard")])).payload
    assert isinstance(payload, BalancePayload)
    # However small: no charge is made for it.
    assert payload.total == 12


@pytest.mark.parametrize(
    "change",
    [
        {"amounts": {"net": "15.50", "tax": "3.10", "total": "18.61"}},
        {"amounts": {"net": "15.51", "tax": "3.10", "total": "18.61"}},
        {"document_kind": "credit_note"},
        {"document_number": "F" * 27},
        {"taxes": [{**document()["taxes"][0], "tax_category": "other"}]},
    ],
)
def test_document_that_does_not_add_up_is_refused_by_name(change: dict) -> None:
    content = {**document(), **change}
    with pytest.raises(PlanError, match=content["document_number"]):
        plan_document(content)


def test_no_number_and_no_call_leaves_the_house() -> None:
    content = document(descriptions=["Plan of +33 6 12 34 56 78", "Line 33612345678"])
    sent = json.dumps(asdict(plan_document(content)), ensure_ascii=False)
    for private in ("33612345678", "6 12 34 56 78", "33698765432", "0.120000"):
        assert private not in sent


def test_texts_are_cut_and_cleaned() -> None:
    content = document(
        name="\x00Bobby\r\nTables\u202e " + "x" * 400,
        email="not an address",
        country="France",
        descriptions=["a" * 900, "\t"],
    )
    plan = plan_document(content)
    assert plan.customer.name.startswith("Bobby Tables x")
    assert len(plan.customer.name) == 256
    assert (plan.customer.email, plan.customer.country) == (None, None)
    payload = invoice_of(content)
    assert len(payload.lines[0].description) == 500
    assert payload.lines[1].description == "-"


def test_payload_digest_follows_the_payload() -> None:
    same = plan_document(document()).payload_sha256
    assert plan_document(document()).payload_sha256 == same
    assert plan_document(document(lines=[("10.00", "standard")])).payload_sha256 != same


AMOUNTS = st.integers(-50_000, 200_000)


@settings(max_examples=150, deadline=None)
@given(
    amounts=st.lists(st.tuples(AMOUNTS, st.sampled_from("abc")), min_size=1, max_size=300),
    currency=st.sampled_from([("EUR", 2), ("JPY", 0), ("KWD", 3), ("ISK", 0)]),
    percents=st.lists(st.sampled_from(["20", "5.5", "9.975", "0"]), min_size=0, max_size=3),
)
def test_any_document_adds_up_at_stripe(
    amounts: list[tuple[int, str]], currency: tuple[str, int], percents: list[str]
) -> None:
    code, minor_units = currency
    content = document(
        currency=code,
        minor_units=minor_units,
        lines=[(str(Decimal(n).scaleb(-minor_units)), category) for n, category in amounts],
        rates={"a": [(f"t{n}", p) for n, p in enumerate(percents)], "b": [("t", "20")]},
    )
    payload = plan_document(content).payload
    own = stripe_currency(code).minor(content["amounts"]["total"])
    if isinstance(payload, InvoicePayload):
        assert payload.total == own + payload.rounding
        assert payload.total % stripe_currency(code).step == 0
        assert sum(line.amount for line in payload.lines) + payload.tax == payload.total
        assert sum(t.amount for line in payload.lines for t in line.taxes) == payload.tax
        assert 0 < len(payload.lines) <= 250
        assert len({line.key for line in payload.lines}) == len(payload.lines)
    elif isinstance(payload, BalancePayload):
        assert payload.total == -own + payload.rounding
