"""A credit note says what its invoice says, with the sign turned."""

import json

import pytest

from orchestration.crediting import credit_note_of, turned, zero_like


@pytest.mark.parametrize(
    ("amount", "back"),
    [("12.50", "-12.50"), ("-0.32", "0.32"), ("0.00", "0.00"), ("-0.00", "0.00"), ("0", "0")],
)
def test_sign_is_turned_and_zero_has_none(amount: str, back: str) -> None:
    assert turned(amount) == back


def test_zero_keeps_its_decimals() -> None:
    assert [zero_like(a) for a in ("-12.50", "7", "1.000")] == ["0.00", "0", "0.000"]


def test_credit_note_keeps_keys_and_their_order() -> None:
    invoice = {
        "document_number": "F1",
        "document_kind": "invoice",
        "credited_document_number": None,
        "bill_date": "2026-02-01",
        "amounts": {
            "net": "10.00", "tax": "2.00", "total": "12.00", "balance_forward": "5.00",
            "due": "17.00",
        },
        "lines": [
            {"charge_key": "k", "quantity": "1", "amount_net": "10.00", "is_correction": False,
             "amount_charged": "10.00"},
        ],
        "taxes": [{"rate_percent": "20", "taxable_amount": "10.00", "amount_tax": "2.00"}],
        "allowances": [{}],
        "usage": [{}],
        "usage_details": {"records": 9, "sha256": "x"},
        "history": [],
        "corrects": [],
        "corrected_documents": [],
    }  # fmt: skip
    note = credit_note_of(invoice, number="A1", reason="billed twice")
    assert list(note)[:-1] == list(invoice)
    assert note["credited_document_number"] == "F1"
    assert note["corrected_documents"] == [{"document_number": "F1", "bill_date": "2026-02-01"}]
    assert note["amounts"] == {
        "net": "-10.00", "tax": "-2.00", "total": "-12.00", "balance_forward": "0.00",
        "due": "-12.00",
    }  # fmt: skip
    assert note["lines"] == [
        {"charge_key": "k", "quantity": "1", "amount_net": "-10.00", "is_correction": True,
         "amount_charged": "-10.00"},
    ]  # fmt: skip
    assert note["taxes"] == [
        {"rate_percent": "20", "taxable_amount": "-10.00", "amount_tax": "-2.00"}
    ]
    assert note["usage_details"] == {"records": 0, "sha256": None}
    assert json.loads(json.dumps(note))["credit_reason"] == "billed twice"
