"""The French audit file (fichier des écritures comptables) of a year, as text.

Source: Livre des procédures fiscales, art. A47 A-1 (order of 29 July 2013): 18 columns in this
order, separated by tabs, names in the first line, dates as AAAAMMJJ, a comma before the decimals.
Everything in it is decided in SQL (finance.fec_entries); here it is only written down.
"""

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

# The column of the file → the column of finance.fec_entries; none where the ledger has no figure.
COLUMNS: Mapping[str, str | None] = {
    "JournalCode": "journal_code",
    "JournalLib": "journal_name",
    "EcritureNum": "entry_number",
    "EcritureDate": "entry_date",
    "CompteNum": "account_code",
    "CompteLib": "account_name",
    "CompAuxNum": "subsidiary_code",
    "CompAuxLib": "subsidiary_name",
    "PieceRef": "document_reference",
    "PieceDate": "document_date",
    "EcritureLib": "description",
    "Debit": "debit",
    "Credit": "credit",
    "EcritureLet": "lettering",
    "DateLet": "lettered_on",
    "ValidDate": "validated_on",
    # Amount and code of a foreign currency: every amount of an operator is in its own.
    "Montantdevise": None,
    "Idevise": None,
}
_SIREN = re.compile(r"\d{9}")


class NoSiren(ValueError):
    """The operator's SIREN, which names the file, cannot be told."""


def siren_of(vat_number: str | None, registration: str | None) -> str:
    """The nine digits of a French company, from its VAT number (FR, a key of two, SIREN) or else
    its registration ("RCS Paris 123 456 789"). Raises NoSiren."""
    vat = re.sub(r"\s", "", vat_number or "").upper()
    if re.fullmatch(r"FR[0-9A-Z]{2}\d{9}", vat):
        return vat[-9:]
    found = _SIREN.findall(re.sub(r"(?<=\d)[\s.](?=\d)", "", registration or ""))
    if found:
        return found[-1]
    raise NoSiren(
        "operator.yaml: operator.vat_number: not a French VAT number, and operator.registration "
        f"holds no SIREN (nine digits): {vat_number or registration or ''}"
    )


def file_name(siren: str, closing_day: dt.date) -> str:
    """The name that the law gives the file; `closing_day` is the last day that it covers."""
    return f"{siren}FEC{closing_day:%Y%m%d}.txt"


def lines(rows: Iterable[Mapping[str, Any]], decimals: int) -> Iterator[str]:
    """The lines of the file with their ends, from rows of finance.fec_entries in their order.
    Amounts have as many `decimals` as the currency."""
    yield "\t".join(COLUMNS) + "\r\n"
    for row in rows:
        cells = (None if column is None else row[column] for column in COLUMNS.values())
        yield "\t".join(_text(cell, decimals) for cell in cells) + "\r\n"


def _text(value: Any, decimals: int) -> str:
    if value is None:
        return ""
    if isinstance(value, dt.date):
        return f"{value:%Y%m%d}"
    if isinstance(value, Decimal):
        return f"{value:.{decimals}f}".replace(".", ",")
    # A separator within a name would move the columns after it.
    return " ".join(str(value).split())
