"""The operator folder, read into plain rows: csv, json and yaml only, defaults applied.

Only what the rules need is kept. Nothing is validated beyond what reading needs: a folder that
`billhouse check` refuses is no input for a re-rater.
"""

import csv
import gzip
import hashlib
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml

EVER = date.min
OPEN = date.max
ANY = "*"
UNIT_SIZES = {
    "second": 1,
    "minute": 60,
    "message": 1,
    "byte": 1,
    "kb": 10**3,
    "mb": 10**6,
    "gb": 10**9,
    "kib": 2**10,
    "mib": 2**20,
    "gib": 2**30,
}
BASE_UNITS = {"voice": "second", "sms": "message", "mms": "message", "data": "byte"}
MINOR_UNITS = {"JPY": 0, "KRW": 0, "CLP": 0, "XOF": 0, "BHD": 3, "KWD": 3, "TND": 3}
"""Currencies of other than two decimals that the tests use (CLDR)."""

Cells = dict[str, str]


class Unreadable(ValueError):
    """A line that cannot be read: it ends in the state `rejected` (2.1)."""


@dataclass(frozen=True)
class Operator:
    """operator.yaml."""

    operator_id: str
    currency: str
    minor_units: int
    zone: ZoneInfo
    prices_include_tax: bool
    country_code: str
    national_prefix: str
    international_prefix: str
    cycle_days: tuple[int, ...]
    payment_terms_days: int
    invoice_number: str
    credit_note_number: str
    first_period: date
    lookback_periods: int
    day_count: str
    late_usage_max_days: int
    minimum_invoice: Fraction
    suspect_times_usual: Fraction
    suspect_minimum: Fraction
    suspect_zero_after: Fraction
    late_fee_percent: Fraction
    late_fee_amount: Fraction
    late_fee_after_days: int
    late_fee_tax_category: str
    band_crossing: str
    max_voice_seconds: int
    max_data_bytes: int
    feeds: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Product:
    product_id: str
    name: str
    kind: str
    charge: str
    price: Fraction
    interval_months: int
    proration: str
    tax_category: str
    rate_card_id: str
    minimum_spend: Fraction | None
    spend_cap: Fraction | None
    valid_from: date
    valid_to: date


@dataclass(frozen=True)
class Allowance:
    """Quantities in base units; `quantity` none = unlimited."""

    allowance_id: str
    product_id: str
    name: str
    service: str
    quantity: Fraction | None
    increment: int
    priority: int
    scope: str
    zones: frozenset[str]
    visited_zones: frozenset[str]
    rollover_periods: int
    rollover_max: Fraction | None
    prorate: bool
    valid_from: date
    valid_to: date


@dataclass(frozen=True)
class Rate:
    """`per` in base units."""

    rate_id: str
    rate_card_id: str
    service: str
    direction: str
    visited_zone: str
    zone: str
    band: str
    price: Fraction
    per: int
    connection_fee: Fraction
    minimum_charge: Fraction | None
    maximum_charge: Fraction | None
    first_increment: int
    next_increment: int
    starts_at: int
    tier_from: int
    tier_fee: Fraction
    tier_mode: str
    charge_name: str
    valid_from: date
    valid_to: date


@dataclass(frozen=True)
class Prefix:
    prefix: str
    zone: str
    destination: str
    exact: bool
    valid_from: date
    valid_to: date


@dataclass(frozen=True)
class Network:
    network: str
    visited_zone: str
    valid_from: date
    valid_to: date


@dataclass(frozen=True)
class Band:
    """Seconds of the local day, half open."""

    band: str
    days: frozenset[str]
    from_second: int
    to_second: int
    priority: int


@dataclass(frozen=True)
class Tax:
    jurisdiction: str
    tax_category: str
    tax_id: str
    rate_percent: Fraction
    sequence: int
    compound: bool
    valid_from: date
    valid_to: date


@dataclass(frozen=True)
class Discount:
    discount_id: str
    kind: str
    value: Fraction
    applies_to: frozenset[str]
    periods: int | None
    proration: str
    sequence: int
    valid_from: date
    valid_to: date


@dataclass(frozen=True)
class Account:
    account_id: str
    country: str
    region: str
    tax_jurisdiction: str
    tax_exempt_reason: str
    cycle_day: int


@dataclass(frozen=True)
class Subscription:
    subscription_id: str
    account_id: str
    activated_at: datetime | None
    terminated_at: datetime | None


@dataclass(frozen=True)
class Identifier:
    subscription_id: str
    kind: str
    identifier: str
    valid_from: datetime | None
    valid_to: datetime | None


@dataclass(frozen=True)
class SubscribedProduct:
    subscribed_product_id: str
    account_id: str
    subscription_id: str
    product_id: str
    quantity: Fraction
    price_override: Fraction | None
    interval_from: date | None
    valid_from: date
    valid_to: date


@dataclass(frozen=True)
class SubscribedDiscount:
    account_id: str
    subscription_id: str
    discount_id: str
    valid_from: date
    valid_to: date


@dataclass(frozen=True)
class Instalment:
    agreement_id: str
    subscription_id: str
    amount: Fraction
    periods: int
    first_date: date
    tax_category: str


@dataclass(frozen=True)
class Adjustment:
    adjustment_id: str
    account_id: str
    subscription_id: str
    kind: str
    amount: Fraction
    tax_category: str
    effective_on: date


@dataclass(frozen=True)
class Payment:
    payment_id: str
    account_id: str
    invoice_number: str
    received_on: date
    amount: Fraction


@dataclass(frozen=True)
class UsageRecord:
    """One line of a usage file. `content` is what two copies of a record have in common."""

    file_id: str
    feed: str
    line_number: int
    record_id: str
    service: str
    direction: str
    subscriber: str
    subscriber_kind: str
    other_party: str
    started_at: datetime
    duration_seconds: Fraction
    bytes_uplink: int
    bytes_downlink: int
    messages: int
    serving_network: str
    charging_id: str
    sequence: int | None
    is_final: bool
    disposition: str

    @property
    def content(self) -> tuple[Any, ...]:
        """All that the record says, whatever the file and the line (2.2)."""
        return tuple(
            value
            for name, value in self.__dict__.items()
            if name not in ("file_id", "feed", "line_number")
        )


@dataclass(frozen=True)
class UsageFile:
    file_id: str
    feed: str
    file_name: str
    records: tuple[UsageRecord, ...]
    rejected: tuple[int, ...]
    """Line numbers that cannot be read."""


@dataclass
class Folder:
    operator: Operator
    products: list[Product] = field(default_factory=list)
    allowances: list[Allowance] = field(default_factory=list)
    rates: list[Rate] = field(default_factory=list)
    prefixes: list[Prefix] = field(default_factory=list)
    networks: list[Network] = field(default_factory=list)
    bands: list[Band] = field(default_factory=list)
    holidays: frozenset[date] = frozenset()
    taxes: list[Tax] = field(default_factory=list)
    discounts: list[Discount] = field(default_factory=list)
    accounts: list[Account] = field(default_factory=list)
    subscriptions: list[Subscription] = field(default_factory=list)
    identifiers: list[Identifier] = field(default_factory=list)
    subscribed_products: list[SubscribedProduct] = field(default_factory=list)
    subscribed_discounts: list[SubscribedDiscount] = field(default_factory=list)
    instalments: list[Instalment] = field(default_factory=list)
    adjustments: list[Adjustment] = field(default_factory=list)
    payments: list[Payment] = field(default_factory=list)
    usage_files: list[UsageFile] = field(default_factory=list)


def number(text: str) -> Fraction:
    return Fraction(text.strip())


def optional_number(text: str) -> Fraction | None:
    return number(text) if text else None


def day(text: str, default: date) -> date:
    return date.fromisoformat(text) if text else default


def optional_day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def truth(text: str) -> bool:
    return text.lower() == "true"


def names(text: str) -> frozenset[str]:
    """A `;` list; an empty one is the wildcard."""
    return frozenset(part.strip() for part in text.split(";") if part.strip()) or frozenset({ANY})


def instant(text: str) -> datetime:
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    if moment.tzinfo is None:
        raise Unreadable(f"an instant without an offset: {text}")
    return moment.astimezone(UTC)


def optional_instant(text: str, zone: ZoneInfo) -> datetime | None:
    """An instant, or a date that stands for its first moment in the operator's zone."""
    if not text:
        return None
    if len(text) == 10:
        midnight = datetime.combine(date.fromisoformat(text), datetime.min.time(), zone)
        return midnight.astimezone(UTC)
    return instant(text)


def clock_seconds(text: str) -> int:
    parts = [int(part) for part in text.split(":")]
    hours, minutes, seconds = (*parts, 0, 0)[:3]
    return hours * 3600 + minutes * 60 + seconds


def minor_units_of(currency: str) -> int:
    return MINOR_UNITS.get(currency, 2)


def read_operator(folder: Path) -> Operator:
    document = yaml.safe_load((folder / "operator.yaml").read_text(encoding="utf-8"))
    operator, billing = document["operator"], document.get("billing") or {}
    rating, mediation = document.get("rating") or {}, document.get("mediation") or {}
    numbering = operator.get("numbering") or {}
    suspect = billing.get("suspect") or {}
    late_fee = billing.get("late_fee") or {}

    def exact(section: dict[str, Any], key: str, default: str = "0") -> Fraction:
        value = section.get(key)
        return Fraction(str(default if value is None else value))

    return Operator(
        operator_id=operator["id"],
        currency=operator["currency"],
        minor_units=minor_units_of(operator["currency"]),
        zone=ZoneInfo(operator["time_zone"]),
        prices_include_tax=bool(operator.get("prices_include_tax", False)),
        country_code=str(numbering.get("country_code") or ""),
        national_prefix=str(numbering.get("national_prefix") or ""),
        international_prefix=str(numbering.get("international_prefix") or ""),
        cycle_days=tuple(billing.get("cycle_days") or (1,)),
        payment_terms_days=int(billing.get("payment_terms_days", 14)),
        invoice_number=billing.get("invoice_number") or "F{year}-{sequence:08d}",
        credit_note_number=billing.get("credit_note_number") or "A{year}-{sequence:08d}",
        first_period=day(str(billing["first_period"]), EVER),
        lookback_periods=int(billing.get("lookback_periods", 3)),
        day_count=billing.get("day_count") or "actual",
        late_usage_max_days=int(billing.get("late_usage_max_days", 365)),
        minimum_invoice=exact(billing, "minimum_invoice"),
        suspect_times_usual=exact(suspect, "times_usual"),
        suspect_minimum=exact(suspect, "minimum"),
        suspect_zero_after=exact(suspect, "zero_after"),
        late_fee_percent=exact(late_fee, "percent"),
        late_fee_amount=exact(late_fee, "amount"),
        late_fee_after_days=int(late_fee.get("after_days") or 0),
        late_fee_tax_category=late_fee.get("tax_category") or "",
        band_crossing=rating.get("band_crossing") or "split",
        max_voice_seconds=int(exact(mediation, "max_voice_hours", "24") * 3600),
        max_data_bytes=int(exact(mediation, "max_data_gigabytes", "1000") * 10**9),
        feeds=tuple(
            (feed["name"], feed["path"])
            for feed in document.get("feeds") or ()
            if feed["format"] == "billhouse"
        ),
    )


def read_product(row: Cells) -> Product:
    return Product(
        product_id=row["product_id"],
        name=row.get("name", ""),
        kind=row["kind"],
        charge=row["charge"],
        price=number(row.get("price") or "0"),
        interval_months=int(row.get("interval_months") or 1),
        proration=row.get("proration") or "daily",
        tax_category=row.get("tax_category", ""),
        rate_card_id=row.get("rate_card_id", ""),
        minimum_spend=optional_number(row.get("minimum_spend", "")),
        spend_cap=optional_number(row.get("spend_cap", "")),
        valid_from=day(row.get("valid_from", ""), EVER),
        valid_to=day(row.get("valid_to", ""), OPEN),
    )


def read_allowance(row: Cells) -> Allowance:
    size = UNIT_SIZES[row.get("unit") or BASE_UNITS[row["service"]]]
    quantity = optional_number(row.get("quantity", ""))
    rollover_max = optional_number(row.get("rollover_max", ""))
    return Allowance(
        allowance_id=row["allowance_id"],
        product_id=row["product_id"],
        name=row.get("name", ""),
        service=row["service"],
        quantity=None if quantity is None else quantity * size,
        increment=int(row.get("increment") or 1),
        priority=int(row.get("priority") or 0),
        scope=row.get("scope") or "subscription",
        zones=names(row.get("zones", "")),
        visited_zones=names(row.get("visited_zones", "")),
        rollover_periods=int(row.get("rollover_periods") or 0),
        rollover_max=None if rollover_max is None else rollover_max * size,
        prorate=truth(row.get("prorate", "")),
        valid_from=day(row.get("valid_from", ""), EVER),
        valid_to=day(row.get("valid_to", ""), OPEN),
    )


def read_rate(row: Cells) -> Rate:
    service = row["service"]
    zone = row.get("zone") or ANY
    per = number(row.get("per") or "1") * UNIT_SIZES[row.get("unit") or BASE_UNITS[service]]
    return Rate(
        rate_id=row.get("rate_id", ""),
        rate_card_id=row["rate_card_id"],
        service=service,
        direction=row.get("direction") or "originating",
        visited_zone=row.get("visited_zone") or ANY,
        zone=zone,
        band=row.get("band") or ANY,
        price=number(row["price"]),
        per=int(per),
        connection_fee=number(row.get("connection_fee") or "0"),
        minimum_charge=optional_number(row.get("minimum_charge", "")),
        maximum_charge=optional_number(row.get("maximum_charge", "")),
        first_increment=int(row.get("first_increment") or 1),
        next_increment=int(row.get("next_increment") or 1),
        starts_at=int(row.get("starts_at") or 0),
        tier_from=int(row.get("tier_from") or 0),
        tier_fee=number(row.get("tier_fee") or "0"),
        tier_mode=row.get("tier_mode") or "graduated",
        charge_name=row.get("charge_name", ""),
        valid_from=day(row.get("valid_from", ""), EVER),
        valid_to=day(row.get("valid_to", ""), OPEN),
    )


def read_prefix(row: Cells) -> Prefix:
    return Prefix(
        prefix=row["prefix"],
        zone=row["zone"],
        destination=row.get("destination", ""),
        exact=truth(row.get("exact", "")),
        valid_from=day(row.get("valid_from", ""), EVER),
        valid_to=day(row.get("valid_to", ""), OPEN),
    )


def read_network(row: Cells) -> Network:
    return Network(
        network=row["network"],
        visited_zone=row["visited_zone"],
        valid_from=day(row.get("valid_from", ""), EVER),
        valid_to=day(row.get("valid_to", ""), OPEN),
    )


def read_band(row: Cells) -> Band:
    return Band(
        band=row["band"],
        days=frozenset(part.strip() for part in row["days"].split(";") if part.strip()),
        from_second=clock_seconds(row["from_time"]),
        to_second=clock_seconds(row["to_time"]),
        priority=int(row.get("priority") or 0),
    )


def read_tax(row: Cells) -> Tax:
    return Tax(
        jurisdiction=row["jurisdiction"],
        tax_category=row["tax_category"],
        tax_id=row["tax_id"],
        rate_percent=number(row["rate_percent"]),
        sequence=int(row.get("sequence") or 0),
        compound=truth(row.get("compound", "")),
        valid_from=day(row.get("valid_from", ""), EVER),
        valid_to=day(row.get("valid_to", ""), OPEN),
    )


def read_discount(row: Cells) -> Discount:
    return Discount(
        discount_id=row["discount_id"],
        kind=row["kind"],
        value=number(row["value"]),
        applies_to=frozenset(p.strip() for p in row["applies_to"].split(";") if p.strip()),
        periods=int(row["periods"]) if row.get("periods") else None,
        proration=row.get("proration") or "none",
        sequence=int(row.get("sequence") or 0),
        valid_from=day(row.get("valid_from", ""), EVER),
        valid_to=day(row.get("valid_to", ""), OPEN),
    )


def read_account(row: Cells) -> Account:
    return Account(
        account_id=row["account_id"],
        country=row.get("country", ""),
        region=row.get("region", ""),
        tax_jurisdiction=row.get("tax_jurisdiction", ""),
        tax_exempt_reason=row.get("tax_exempt_reason", ""),
        cycle_day=int(row["cycle_day"]),
    )


def read_subscribed_product(row: Cells) -> SubscribedProduct:
    return SubscribedProduct(
        subscribed_product_id=row["subscribed_product_id"],
        account_id=row["account_id"],
        subscription_id=row.get("subscription_id", ""),
        product_id=row["product_id"],
        quantity=number(row.get("quantity") or "1"),
        price_override=optional_number(row.get("price_override", "")),
        interval_from=optional_day(row.get("interval_from", "")),
        valid_from=day(row.get("valid_from", ""), EVER),
        valid_to=day(row.get("valid_to", ""), OPEN),
    )


def read_subscribed_discount(row: Cells) -> SubscribedDiscount:
    return SubscribedDiscount(
        account_id=row["account_id"],
        subscription_id=row.get("subscription_id", ""),
        discount_id=row["discount_id"],
        valid_from=day(row.get("valid_from", ""), EVER),
        valid_to=day(row.get("valid_to", ""), OPEN),
    )


def read_instalment(row: Cells) -> Instalment:
    return Instalment(
        agreement_id=row["agreement_id"],
        subscription_id=row["subscription_id"],
        amount=number(row["amount"]),
        periods=int(row["periods"]),
        first_date=date.fromisoformat(row["first_date"]),
        tax_category=row.get("tax_category", ""),
    )


def read_adjustment(row: Cells) -> Adjustment:
    return Adjustment(
        adjustment_id=row["adjustment_id"],
        account_id=row["account_id"],
        subscription_id=row.get("subscription_id", ""),
        kind=row["kind"],
        amount=number(row["amount"]),
        tax_category=row.get("tax_category", ""),
        effective_on=date.fromisoformat(row["effective_on"]),
    )


def read_payment(row: Cells) -> Payment:
    return Payment(
        payment_id=row["payment_id"],
        account_id=row["account_id"],
        invoice_number=row.get("invoice_number", ""),
        received_on=date.fromisoformat(row["received_on"]),
        amount=number(row["amount"]),
    )


SERVICES = frozenset(BASE_UNITS)
DIRECTIONS = frozenset({"originating", "terminating"})
SUBSCRIBER_KINDS = frozenset({"msisdn", "imsi", "sip_user", "extension"})


def read_usage_record(cells: Cells, *, file_id: str, feed: str, line_number: int) -> UsageRecord:
    """One usage record, defaults applied. A line without the necessary raises `Unreadable`."""

    def text(name: str) -> str:
        return (cells.get(name) or "").strip()

    def choice(name: str, allowed: frozenset[str], default: str = "") -> str:
        value = text(name) or default
        if value not in allowed:
            raise Unreadable(f"{name}: {value!r}")
        return value

    def whole(name: str, default: int | None) -> int | None:
        value = text(name)
        return int(value) if value else default

    try:
        for name in ("record_id", "subscriber", "started_at"):
            if not text(name):
                raise Unreadable(f"{name} is empty")
        service = choice("service", SERVICES)
        final = text("is_final").lower()
        if final not in ("", "true", "false"):
            raise Unreadable(f"is_final: {final!r}")
        return UsageRecord(
            file_id=file_id,
            feed=feed,
            line_number=line_number,
            record_id=text("record_id"),
            service=service,
            direction=choice("direction", DIRECTIONS, "originating"),
            subscriber=text("subscriber"),
            subscriber_kind=choice("subscriber_kind", SUBSCRIBER_KINDS, "msisdn"),
            other_party=text("other_party"),
            started_at=instant(text("started_at")),
            duration_seconds=number(text("duration_seconds") or "0"),
            bytes_uplink=whole("bytes_uplink", 0) or 0,
            bytes_downlink=whole("bytes_downlink", 0) or 0,
            messages=whole("messages", 1 if service in ("sms", "mms") else 0) or 0,
            serving_network=text("serving_network"),
            charging_id=text("charging_id"),
            sequence=whole("sequence", None),
            is_final=final == "true",
            disposition=text("disposition").lower(),
        )
    except (ValueError, ZeroDivisionError) as fault:
        raise Unreadable(str(fault)) from fault


def csv_lines(text: str) -> Iterator[tuple[int, Cells | None]]:
    """Line number and cells of each record; none for a line with another number of cells."""
    reader = csv.reader(io.StringIO(text, newline=""))
    header = next(reader, None)
    if header is None:
        return
    header = [name.strip() for name in header]
    end = reader.line_num
    for row in reader:
        line, end = end + 1, reader.line_num
        if row:
            yield line, dict(zip(header, row, strict=True)) if len(row) == len(header) else None


def json_text(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def json_lines(text: str) -> Iterator[tuple[int, Cells | None]]:
    for line, content in enumerate(text.splitlines(), start=1):
        if not content.strip():
            continue
        try:
            record = json.loads(content, parse_float=str, parse_int=str)
        except ValueError:
            record = None
        if isinstance(record, dict):
            yield line, {str(name): json_text(value) for name, value in record.items()}
        else:
            yield line, None


def read_usage_file(path: Path, feed: str, file_name: str) -> UsageFile:
    """A usage file is known by the SHA-256 of its content (2.2)."""
    stored = path.read_bytes()
    content = gzip.decompress(stored) if path.suffix == ".gz" else stored
    file_id = hashlib.sha256(content).hexdigest()
    kind = path.name.removesuffix(".gz").rsplit(".", 1)[-1]
    lines = csv_lines if kind == "csv" else json_lines
    records: list[UsageRecord] = []
    rejected: list[int] = []
    for line, cells in lines(content.decode("utf-8-sig")):
        try:
            if cells is None:
                raise Unreadable("no record")
            record = read_usage_record(cells, file_id=file_id, feed=feed, line_number=line)
            records.append(record)
        except Unreadable:
            rejected.append(line)
    return UsageFile(file_id, feed, file_name, tuple(records), tuple(rejected))


def read_table(folder: Path, name: str) -> list[Cells]:
    for suffix in (".csv", ".csv.gz"):
        path = folder / f"{name}{suffix}"
        if path.exists():
            content = path.read_bytes()
            text = (gzip.decompress(content) if suffix.endswith(".gz") else content).decode(
                "utf-8-sig"
            )
            rows = csv.DictReader(io.StringIO(text, newline=""))
            return [{k: (v or "").strip() for k, v in row.items() if k} for row in rows]
    return []


def read_folder(folder: Path) -> Folder:
    """Read a whole operator folder."""
    operator = read_operator(folder)

    def table(name: str, read: Callable[[Cells], Any]) -> list[Any]:
        return [read(row) for row in read_table(folder, name)]

    def read_subscription(row: Cells) -> Subscription:
        return Subscription(
            subscription_id=row["subscription_id"],
            account_id=row["account_id"],
            activated_at=optional_instant(row.get("activated_at", ""), operator.zone),
            terminated_at=optional_instant(row.get("terminated_at", ""), operator.zone),
        )

    def read_identifier(row: Cells) -> Identifier:
        return Identifier(
            subscription_id=row["subscription_id"],
            kind=row["kind"],
            identifier=row["identifier"],
            valid_from=optional_instant(row.get("valid_from", ""), operator.zone),
            valid_to=optional_instant(row.get("valid_to", ""), operator.zone),
        )

    usage_files = []
    for feed, path in operator.feeds:
        for file in sorted((folder / path).rglob("*")):
            if file.is_file():
                usage_files.append(read_usage_file(file, feed, str(file.relative_to(folder))))
    return Folder(
        operator=operator,
        products=table("ratebook/products", read_product),
        allowances=table("ratebook/allowances", read_allowance),
        rates=table("ratebook/rates", read_rate),
        prefixes=table("ratebook/prefixes", read_prefix),
        networks=table("ratebook/networks", read_network),
        bands=table("ratebook/bands", read_band),
        holidays=frozenset(
            date.fromisoformat(row["date"]) for row in read_table(folder, "ratebook/holidays")
        ),
        taxes=table("ratebook/taxes", read_tax),
        discounts=table("ratebook/discounts", read_discount),
        accounts=table("crm/accounts", read_account),
        subscriptions=table("crm/subscriptions", read_subscription),
        identifiers=table("crm/identifiers", read_identifier),
        subscribed_products=table("crm/subscribed_products", read_subscribed_product),
        subscribed_discounts=table("crm/subscribed_discounts", read_subscribed_discount),
        instalments=table("crm/instalments", read_instalment),
        adjustments=table("crm/adjustments", read_adjustment),
        payments=table("crm/payments", read_payment),
        usage_files=usage_files,
    )
