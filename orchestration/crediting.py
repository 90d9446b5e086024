"""Crediting an invoice in full: a credit note whose lines are its own with the sign turned.

Nothing is worked out here: what the invoice says is what is given back. Its keys are owed again
and the next draft bills them as the facts stand then (7.3).
"""

from __future__ import annotations

import json
import re
from typing import Any

import duckdb

from orchestration import bill_runs, issuing
from orchestration.issuing import Connect, IssuingRefused, NewDocument


def credit(connect: Connect, document_number: str, *, reason: str) -> str:
    """Issue the full credit note of an invoice; returns its number. It bears the bill date of the
    invoice (7.3).

    Raises IssuingRefused when there is no such invoice or it is credited already. Drafts that
    stand are void afterwards: what they propose was worked out before.
    """
    with connect() as con:
        issuing.prepare(con)
        bill_runs.prepare(con)
        document = _invoice(con, document_number)
        series, sequence, number = _next_number(con, document["bill_date"])
        row = con.execute(
            "select account_id, bill_date, issued_at from invoicing.issued_documents "
            "where document_number = ?",
            [document_number],
        ).fetchone()
        assert row is not None
    account_id, bill_date, issued_at = row
    note = NewDocument(
        document_number=number,
        document_kind="credit_note",
        account_id=account_id,
        bill_date=bill_date,
        issued_at=issued_at,
        document=json.dumps(
            credit_note_of(document, number=number, reason=reason),
            ensure_ascii=False,
            separators=(",", ":"),
        ),
        series=series,
        sequence=sequence,
    )
    issuing.append(connect, note, alongside=bill_runs.VOID)
    return number


def credit_note_of(invoice: dict[str, Any], *, number: str, reason: str) -> dict[str, Any]:
    """The canonical content of the credit note of an invoice, in the order of its keys."""
    amounts = {name: turned(value) for name, value in invoice["amounts"].items()}
    amounts["balance_forward"] = zero_like(amounts["balance_forward"])
    amounts["due"] = amounts["total"]
    return invoice | {
        "document_number": number,
        "document_kind": "credit_note",
        "credited_document_number": invoice["document_number"],
        "amounts": amounts,
        "lines": [
            line
            | {
                name: turned(line[name])
                for name in ("amount_net", "amount_charged")
                if name in line
            }
            | {"is_correction": True}
            for line in invoice["lines"]
        ],
        "taxes": [
            tax | {name: turned(tax[name]) for name in ("taxable_amount", "amount_tax")}
            for tax in invoice["taxes"]
        ],
        "allowances": [],
        "usage": [],
        "usage_details": {"records": 0, "sha256": None},
        "corrects": [invoice["document_number"]],
        "corrected_documents": [
            {"document_number": invoice["document_number"], "bill_date": invoice["bill_date"]}
        ],
        "credit_reason": reason,
    }


def turned(amount: str) -> str:
    """The amount with its sign turned, digit by digit the same; zero has none."""
    if not amount.strip("-0."):
        return amount.removeprefix("-")
    return amount[1:] if amount.startswith("-") else f"-{amount}"


def zero_like(amount: str) -> str:
    """Zero, with as many decimals."""
    _, point, decimals = amount.partition(".")
    return "0" + point + "0" * len(decimals)


def _invoice(con: duckdb.DuckDBPyConnection, document_number: str) -> dict[str, Any]:
    """The invoice's content. Raises IssuingRefused when it cannot be credited."""
    found = con.execute(
        "select document_kind, document from invoicing.issued_documents where document_number = ?",
        [document_number],
    ).fetchone()
    if found is None:
        raise IssuingRefused([f"{document_number}: no such document"])
    kind, document = found
    if kind != "invoice":
        raise IssuingRefused([f"{document_number}: a credit note can not be credited"])
    credited = con.execute(
        "select document_number from invoicing.issued_documents "
        "where json_extract_string(document, '$.credited_document_number') = ?",
        [document_number],
    ).fetchone()
    if credited is not None:
        raise IssuingRefused([f"{document_number}: credited already, by {credited[0]}"])
    return json.loads(document)


def _next_number(con: duckdb.DuckDBPyConnection, bill_date: str) -> tuple[str, int, str]:
    """Series, sequence and number of the next credit note, formed as
    invoicing.int_document_numbers forms them."""
    row = con.execute("select credit_note_number_format from raw.operator").fetchone()
    if row is None:
        raise IssuingRefused(["no operator was loaded"])
    of_year = row[0].replace("{year}", bill_date[:4])
    series = re.sub(r"[-/_. ]+$", "", re.sub(r"\{sequence[^}]*\}", "", of_year))
    last = con.execute(
        "select coalesce(max(sequence), 0) from invoicing.issued_documents where series = ?",
        [series],
    ).fetchone()
    sequence = (last[0] if last else 0) + 1
    width = re.search(r"\{sequence:0?(\d*)d?\}", of_year)
    digits = f"{sequence:0{int((width and width[1]) or 1)}d}"
    return series, sequence, re.sub(r"\{sequence[^}]*\}", digits, of_year)
