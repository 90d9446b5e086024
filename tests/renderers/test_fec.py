"""The French audit file: names, order, dates, commas, and nothing that moves a column."""

import datetime as dt
from decimal import Decimal

import pytest

from renderers import fec

ROW = {
    "journal_code": "VE",
    "journal_name": "Ventes",
    "entry_number": 7,
    "entry_date": dt.date(2026, 2, 1),
    "account_code": "411000",
    "account_name": "Clients",
    "subsidiary_code": "A1",
    "subsidiary_name": 'Zoé\t"la"\r\nDurand',
    "document_reference": "F2026-00000001",
    "document_date": dt.date(2026, 2, 1),
    "description": "Invoice F2026-00000001",
    "debit": Decimal("1234567.500"),
    "credit": Decimal("0.000"),
    "lettering": None,
    "lettered_on": None,
    "validated_on": dt.date(2026, 2, 1),
}


def test_the_file_has_the_18_columns_of_the_law_in_their_order() -> None:
    head, line = fec.lines([ROW], 2)
    assert head == (
        "JournalCode\tJournalLib\tEcritureNum\tEcritureDate\tCompteNum\tCompteLib\tCompAuxNum\t"
        "CompAuxLib\tPieceRef\tPieceDate\tEcritureLib\tDebit\tCredit\tEcritureLet\tDateLet\t"
        "ValidDate\tMontantdevise\tIdevise\r\n"
    )
    assert line == (
        'VE\tVentes\t7\t20260201\t411000\tClients\tA1\tZoé "la" Durand\tF2026-00000001\t20260201\t'
        "Invoice F2026-00000001\t1234567,50\t0,00\t\t\t20260201\t\t\r\n"
    )


@pytest.mark.parametrize(
    ("vat_number", "registration", "siren"),
    [
        ("FR 12 345678901", None, "345678901"),
        ("DE123456789", "RCS Paris 123 456 789", "123456789"),
        (None, "SIREN 123.456.789", "123456789"),
    ],
)
def test_the_siren_comes_from_the_vat_number_or_the_registration(
    vat_number: str | None, registration: str | None, siren: str
) -> None:
    assert fec.siren_of(vat_number, registration) == siren
    assert fec.file_name(siren, dt.date(2026, 12, 31)) == f"{siren}FEC20261231.txt"


@pytest.mark.parametrize(("vat_number", "registration"), [(None, None), ("DE123456789", "HRB 12")])
def test_without_a_siren_the_file_has_no_name(
    vat_number: str | None, registration: str | None
) -> None:
    with pytest.raises(fec.NoSiren, match="vat_number"):
        fec.siren_of(vat_number, registration)
