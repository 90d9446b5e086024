"""Writes small operator folders for tests.

    write_operator(
        tmp_path,
        rates=[{"zone": "FR", "price": "0.10"}],
        usage={"core": [{"duration_seconds": 61, "other_party": "0612345678"}]},
    )

With no arguments the folder holds one French operator (EUR, Europe/Paris, cycle day 1, first
period 2026-01-01), one plan at 10.00 a month on rate card `card`, one residential account `A1`
with one subscription `S1` on number 33600000001, active from 2026-01-01, and an empty feed
`core`.

Tables are given by name as lists of dicts and replace the default table; a row needs only the
cells that matter, the others come from ROW_DEFAULTS (None = an empty cell). Values are written as
they stand; Decimal, int, date and bool are written in the folder's own form.
"""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
import zstandard

from ingestion.decoding import USAGE_COLUMNS
from ingestion.tables import BY_NAME, TABLES

Row = Mapping[str, Any]
Rows = Sequence[Row]

OPERATOR: dict[str, Any] = {
    "operator": {
        "id": "demo",
        "legal_name": "Mobilis Démo SAS",
        "address": {
            "street": "1 rue de la Paix",
            "postal_code": "75002",
            "city": "Paris",
            "region": None,
            "country": "FR",
        },
        "registration": "RCS Paris 000 000 000",
        "vat_number": "FR00000000000",
        "currency": "EUR",
        "time_zone": "Europe/Paris",
        "language": "en",
        "prices_include_tax": False,
        "numbering": {
            "country_code": "33",
            "national_prefix": "0",
            "international_prefix": "00",
        },
        "support": {"email": "help@example.com", "phone": "3900", "url": "https://example.com"},
        "bank": {"iban": "FR7630006000011234567890189", "bic": "AGRIFRPP"},
    },
    "billing": {
        "cycle_days": [1],
        "payment_terms_days": 14,
        "invoice_number": "F{year}-{sequence:08d}",
        "credit_note_number": "A{year}-{sequence:08d}",
        "first_period": "2026-01-01",
        "lookback_periods": 3,
        "day_count": "actual",
        "late_usage_max_days": 365,
        "minimum_invoice": "0.00",
        "suspect": {"times_usual": 0, "minimum": "0.00", "zero_after": "0.00"},
        "late_fee": {"percent": 0, "amount": 0, "after_days": 30, "tax_category": None},
    },
    "rating": {"band_crossing": "split", "mask_digits": 4},
    "mediation": {"max_voice_hours": 24, "max_data_gigabytes": 1000},
    "feeds": [{"name": "core", "format": "billhouse", "path": "cdr/core"}],
}

# What a row holds where the test says nothing. "{n}" is the row's number, counted from 1.
ROW_DEFAULTS: dict[str, dict[str, Any]] = {
    "products": {
        "product_id": "plan",
        "name": "Plan",
        "kind": "plan",
        "charge": "advance",
        "price": "10.00",
        "tax_category": "standard",
        "rate_card_id": "card",
    },
    "allowances": {
        "allowance_id": "allowance{n}",
        "product_id": "plan",
        "name": "Included",
        "service": "voice",
        "zones": "*",
        "visited_zones": "*",
        "scope": "subscription",
    },
    "rates": {
        "rate_card_id": "card",
        "service": "voice",
        "visited_zone": "home",
        "zone": "*",
        "band": "*",
        "price": "0.10",
    },
    "prefixes": {"prefix": "33", "zone": "FR", "destination": "France"},
    "networks": {"network": "20801", "country": "FR", "visited_zone": "home"},
    "bands": {
        "band": "peak",
        "days": "mon;tue;wed;thu;fri",
        "from_time": "08:00",
        "to_time": "20:00",
    },
    "holidays": {"date": "2026-05-01", "name": "Holiday"},
    "taxes": {
        "jurisdiction": "FR",
        "tax_category": "standard",
        "tax_id": "vat",
        "name": "VAT",
        "rate_percent": "20",
        "en16931_category": "S",
    },
    "discounts": {
        "discount_id": "discount{n}",
        "name": "Discount",
        "kind": "percent",
        "value": "10",
        "applies_to": "all",
    },
    "translations": {"entity": "product", "id": "plan", "language": "fr", "name": "Forfait"},
    "accounts": {
        "account_id": "A{n}",
        "kind": "residential",
        "name": "Account {n}",
        "email": "account{n}@example.com",
        "street": "{n} rue du Test",
        "postal_code": "75001",
        "city": "Paris",
        "country": "FR",
        "language": "en",
        "cycle_day": 1,
        "payment_method": "transfer",
        "delivery": "email",
        "itemisation": "none",
        "opened_on": "2026-01-01",
    },
    "subscriptions": {
        "subscription_id": "S{n}",
        "account_id": "A1",
        "name": "Line {n}",
        "activated_at": "2026-01-01",
    },
    "identifiers": {
        "subscription_id": "S{n}",
        "kind": "msisdn",
        "identifier": "3360000000{n}",
    },
    "subscribed_products": {
        "subscribed_product_id": "SP{n}",
        "account_id": "A1",
        "subscription_id": "S1",
        "product_id": "plan",
        "valid_from": "2026-01-01",
    },
    "subscribed_discounts": {
        "account_id": "A1",
        "subscription_id": "S1",
        "discount_id": "discount1",
        "valid_from": "2026-01-01",
    },
    "instalments": {
        "agreement_id": "I{n}",
        "subscription_id": "S1",
        "name": "Phone",
        "amount": "20.00",
        "periods": 12,
        "first_date": "2026-01-01",
        "tax_category": "standard",
    },
    "adjustments": {
        "adjustment_id": "ADJ{n}",
        "account_id": "A1",
        "kind": "credit",
        "reason": "goodwill",
        "name": "Goodwill",
        "amount": "5.00",
        "tax_category": "standard",
        "effective_on": "2026-01-15",
        "approved_by": "support",
    },
    "account_codes": {"posting": "receivable", "account_code": "411000", "name": "Clients"},
    "payments": {
        "payment_id": "P{n}",
        "account_id": "A1",
        "received_on": "2026-02-10",
        "amount": "12.00",
        "method": "transfer",
    },
}

# The tables of the default folder; every other table is written with its header only.
DEFAULT_TABLES: dict[str, Rows] = {
    "products": [{}],
    "rates": [
        {"service": "voice", "price": "0.10", "per": 60},
        {"service": "sms", "price": "0.05"},
        {"service": "data", "price": "0.01", "per": 1, "unit": "mb"},
    ],
    "prefixes": [
        {},
        {"prefix": "49", "zone": "DE", "destination": "Germany"},
        {"prefix": "1", "zone": "US", "destination": "United States"},
    ],
    "networks": [{}, {"network": "262", "country": "DE", "visited_zone": "EU"}],
    "taxes": [{}],
    "accounts": [{}],
    "subscriptions": [{}],
    "identifiers": [{}],
    "subscribed_products": [{}],
}

USAGE_DEFAULTS: dict[str, Any] = {
    "record_id": "R{n}",
    "service": "voice",
    "subscriber": "33600000001",
    "other_party": "0612345678",
    "started_at": "2026-01-10T10:00:00Z",
}
SERVICE_DEFAULTS: dict[str, dict[str, Any]] = {
    "voice": {"duration_seconds": 60},
    "sms": {},
    "mms": {},
    "data": {"other_party": None, "bytes_uplink": 0, "bytes_downlink": 1000000},
}


def write_operator(
    folder: Path,
    *,
    operator: Mapping[str, Any] | None = None,
    usage: Mapping[str, Rows | Mapping[str, Rows | str | bytes]] | None = None,
    **tables: Rows | str | None,
) -> Path:
    """Write an operator folder and return it.

    `operator`: laid over OPERATOR, mapping by mapping (`{"billing": {"cycle_days": [1, 15]}}`);
    lists and scalars are replaced.
    `usage`: feed → rows, or feed → {file name → rows, text or bytes}. A feed that `operator` does
    not declare is declared as a `billhouse` feed at `cdr/<feed>`. A file name that ends in `.gz`
    or `.zst` is compressed.
    `tables`: table → rows; table → str is written as the file's text; table → None leaves the
    file out.
    """
    unknown = set(tables) - set(BY_NAME)
    if unknown:
        raise ValueError(f"no such table: {sorted(unknown)}")
    settings = _laid_over(OPERATOR, operator or {})
    declared = {feed["name"]: feed for feed in settings["feeds"]}
    for feed in usage or {}:
        if feed not in declared:
            declared[feed] = {"name": feed, "format": "billhouse", "path": f"cdr/{feed}"}
    settings["feeds"] = list(declared.values())
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "operator.yaml").write_text(
        yaml.safe_dump(settings, sort_keys=False, allow_unicode=True), encoding="utf-8"
    )
    for table in TABLES:
        path = folder / table.path
        path.parent.mkdir(parents=True, exist_ok=True)
        rows = tables.get(table.name, DEFAULT_TABLES.get(table.name, []))
        if rows is None:
            path.unlink(missing_ok=True)
        elif isinstance(rows, str):
            path.write_text(rows, encoding="utf-8")
        else:
            names = [column.name for column in table.columns]
            path.write_text(
                csv_text(names, _filled(rows, ROW_DEFAULTS[table.name])), encoding="utf-8"
            )
    for feed, content in (usage or {}).items():
        files = content if isinstance(content, Mapping) else {"usage.csv": content}
        for name, file_content in files.items():
            write_usage(folder / declared[feed]["path"] / name, file_content)
    for feed in declared.values():
        (folder / feed["path"]).mkdir(parents=True, exist_ok=True)
    return folder


def write_usage(path: Path, content: Rows | str | bytes) -> Path:
    """Write one usage file: rows as a `billhouse` CSV, text and bytes as they stand."""
    if isinstance(content, bytes):
        data = content
    elif isinstance(content, str):
        data = content.encode()
    else:
        data = csv_text(USAGE_COLUMNS, usage_rows(content)).encode()
    if path.suffix == ".gz":
        data = gzip.compress(data, mtime=0)
    elif path.suffix == ".zst":
        data = zstandard.compress(data)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def usage_rows(rows: Rows) -> list[dict[str, Any]]:
    """The rows with the cells that they leave out filled in, by service."""
    filled = []
    for number, row in enumerate(rows, 1):
        service = row.get("service", USAGE_DEFAULTS["service"])
        defaults = USAGE_DEFAULTS | SERVICE_DEFAULTS.get(service, {})
        filled.append(_numbered(defaults, number) | dict(row))
    return filled


def csv_text(columns: Sequence[str], rows: Rows) -> str:
    """A CSV with a header. A row may hold further columns: they are added at the end."""
    extra = dict.fromkeys(itertools.chain.from_iterable(rows))
    names = [*columns, *(name for name in extra if name not in columns)]
    lines: list[str] = []
    writer = csv.writer(_Lines(lines), lineterminator="\n")
    writer.writerow(names)
    writer.writerows([_cell(row.get(name)) for name in names] for row in rows)
    return "".join(lines)


class _Lines:
    def __init__(self, lines: list[str]) -> None:
        self.lines = lines

    def write(self, text: str) -> int:
        self.lines.append(text)
        return len(text)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dt.datetime):
        return value.isoformat()
    return str(value)


def _filled(rows: Rows, defaults: Row) -> list[dict[str, Any]]:
    return [_numbered(defaults, number) | dict(row) for number, row in enumerate(rows, 1)]


def _numbered(defaults: Row, number: int) -> dict[str, Any]:
    return {
        name: value.replace("{n}", str(number)) if isinstance(value, str) else value
        for name, value in defaults.items()
    }


def _laid_over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(below)
    for name, value in above.items():
        if isinstance(value, Mapping) and isinstance(result.get(name), Mapping):
            result[name] = _laid_over(result[name], value)
        else:
            result[name] = value
    return result
