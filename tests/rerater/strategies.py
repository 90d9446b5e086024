"""Whole operator folders from a seed, with the edges of every rule made likely.

`generate` gives one folder, `generate_history` the same operator at several bill dates: late
usage, corrections back in time, mended reference data. The same seed gives the same bytes. Plain
`random` is enough: a failing seed is its own reproduction, and a folder is large.

What the text leaves open is left out unless `contested` is asked for, so that a difference found
with the defaults is a fault of one of the two sides.
"""

import csv
import io
import json
import random
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml

Row = dict[str, Any]


def words(text: str) -> list[str]:
    return [str(word) for word in text.split()]


COLUMNS = {
    "ratebook/products": "product_id name kind charge price interval_months proration tax_category "
    "rate_card_id minimum_spend spend_cap valid_from valid_to",
    "ratebook/allowances": "allowance_id product_id name service quantity unit increment priority "
    "scope zones visited_zones rollover_periods rollover_max prorate valid_from valid_to",
    "ratebook/rates": "rate_id rate_card_id service direction visited_zone zone band price per "
    "unit connection_fee minimum_charge maximum_charge first_increment next_increment starts_at "
    "tier_from tier_fee tier_mode charge_name valid_from valid_to",
    "ratebook/prefixes": "prefix zone destination exact valid_from valid_to",
    "ratebook/networks": "network country visited_zone valid_from valid_to",
    "ratebook/bands": "band days from_time to_time priority",
    "ratebook/holidays": "date name",
    "ratebook/taxes": "jurisdiction tax_category tax_id name rate_percent sequence compound "
    "en16931_category legal_text valid_from valid_to",
    "ratebook/discounts": "discount_id name kind value applies_to periods proration sequence "
    "valid_from valid_to",
    "ratebook/translations": "entity id language name",
    "crm/accounts": "account_id kind name email phone street postal_code city region country "
    "tax_jurisdiction vat_number tax_exempt_reason language cycle_day payment_method delivery "
    "itemisation opened_on closed_on",
    "crm/subscriptions": "subscription_id account_id name activated_at terminated_at",
    "crm/identifiers": "subscription_id kind identifier valid_from valid_to",
    "crm/subscribed_products": "subscribed_product_id account_id subscription_id product_id "
    "quantity price_override interval_from valid_from valid_to",
    "crm/subscribed_discounts": "account_id subscription_id discount_id valid_from valid_to",
    "crm/instalments": "agreement_id subscription_id name amount periods first_date tax_category",
    "crm/adjustments": "adjustment_id account_id subscription_id kind reason name amount "
    "tax_category effective_on approved_by",
    "crm/payments": "payment_id account_id invoice_number received_on amount method reference",
}
USAGE_COLUMNS = words(
    "record_id service direction subscriber subscriber_kind other_party started_at "
    "duration_seconds bytes_uplink bytes_downlink messages serving_network charging_id sequence "
    "is_final disposition"
)


def cell(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def csv_text(columns: list[str], rows: list[Row]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        unknown = set(row) - set(columns)
        if unknown:
            raise ValueError(f"no such column: {sorted(unknown)}")
        writer.writerow([cell(row.get(column)) for column in columns])
    return out.getvalue()


@dataclass
class UsageFileTable:
    """One usage file: records, and lines that are no records at all."""

    path: str
    rows: list[Row]
    garbage: list[str] = field(default_factory=list)

    def text(self) -> str:
        if self.path.endswith(".csv"):
            return csv_text(USAGE_COLUMNS, self.rows) + "".join(f"{g}\n" for g in self.garbage)
        lines = [
            json.dumps({name: value for name, value in row.items() if value is not None})
            for row in self.rows
        ]
        return "".join(f"{line}\n" for line in [*lines, *self.garbage])


@dataclass
class Tables:
    """An operator folder before it is written."""

    operator: dict[str, Any]
    rows: dict[str, list[Row]] = field(default_factory=lambda: {name: [] for name in COLUMNS})
    usage: list[UsageFileTable] = field(default_factory=list)

    def add(self, table: str, **row: Any) -> None:
        name = next(full for full in COLUMNS if full.endswith(f"/{table}"))
        self.rows[name].append(row)

    def table(self, table: str) -> list[Row]:
        return self.rows[next(full for full in COLUMNS if full.endswith(f"/{table}"))]

    def write(self, folder: Path) -> Path:
        """Write the folder, each file as plain CSV, YAML or JSON lines."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "operator.yaml").write_text(
            yaml.safe_dump(self.operator, sort_keys=False, allow_unicode=True), encoding="utf-8"
        )
        for name, rows in self.rows.items():
            path = folder / f"{name}.csv"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(csv_text(words(COLUMNS[name]), rows), encoding="utf-8")
        for feed in self.operator["feeds"]:
            (folder / feed["path"]).mkdir(parents=True, exist_ok=True)
        for file in self.usage:
            path = folder / file.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(file.text(), encoding="utf-8")
        return folder


def operator_document(
    *,
    currency: str = "EUR",
    time_zone: str = "Europe/Paris",
    country: str = "FR",
    prices_include_tax: bool = False,
    cycle_days: tuple[int, ...] = (1,),
    first_period: date = date(2026, 10, 1),
    lookback_periods: int = 3,
    day_count: str = "actual",
    band_crossing: str = "split",
    minimum_invoice: str = "0",
    late_fee: dict[str, Any] | None = None,
    numbering: dict[str, str] | None = None,
    late_usage_max_days: int = 365,
) -> dict[str, Any]:
    """operator.yaml with all that could hold a draft switched off."""
    return {
        "operator": {
            "id": "generated",
            "legal_name": "Generated Mobile",
            "address": {
                "street": "1 Example Street",
                "postal_code": "75002",
                "city": "Paris",
                "region": None,
                "country": country,
            },
            "registration": "000 000 000",
            "vat_number": "FR00000000000",
            "currency": currency,
            "time_zone": time_zone,
            "language": "en",
            "prices_include_tax": prices_include_tax,
            "numbering": numbering
            or {"country_code": "33", "national_prefix": "0", "international_prefix": "00"},
            "support": {"email": "help@example.com", "phone": "3900", "url": "https://example.com"},
            "bank": {"iban": "FR7630006000011234567890189", "bic": "AGRIFRPP"},
        },
        "billing": {
            "cycle_days": list(cycle_days),
            "payment_terms_days": 14,
            "invoice_number": "F{year}-{sequence:08d}",
            "credit_note_number": "A{year}-{sequence:08d}",
            "first_period": first_period,
            "lookback_periods": lookback_periods,
            "day_count": day_count,
            "late_usage_max_days": late_usage_max_days,
            "minimum_invoice": minimum_invoice,
            "suspect": {"times_usual": 0, "minimum": 0, "zero_after": 0},
            "late_fee": late_fee
            or {"percent": 0, "amount": 0, "after_days": 30, "tax_category": None},
        },
        "rating": {"band_crossing": band_crossing, "mask_digits": 4},
        "mediation": {"max_voice_hours": 24, "max_data_gigabytes": 1000},
        "feeds": [
            {"name": "core", "format": "billhouse", "path": "cdr/core"},
            {"name": "edge", "format": "billhouse", "path": "cdr/edge"},
        ],
    }


ZONES = ["FR", "FR_MOBILE", "FR_PREMIUM", "EUROPE", "WORLD", "SATELLITE", "SHORT"]
VISITED = ["home", "EU", "OVERSEAS"]
NUMBERS = {
    "FR": ["0145678901", "+33145678902", "0033145678903", "33145678904"],
    "FR_MOBILE": ["0612345678", "+33612345679", "0033798765432"],
    "FR_PREMIUM": ["0899123456", "+33899123457"],
    "EUROPE": ["+4930123456", "0044207946000", "34911234567"],
    "WORLD": ["+12125550100", "0012125550101", "+819012345678"],
    "SATELLITE": ["+881612345678", "00881612345679"],
    "SHORT": ["3631", "112"],
}
NETWORKS = {
    "home": ["", "20801"],
    "EU": ["26201", "26299", "222", "23415"],
    "OVERSEAS": ["310410", "23430"],
}
DURATIONS = [
    0,
    1,
    5,
    6,
    7,
    29,
    30,
    31,
    59,
    60,
    61,
    90,
    119,
    120,
    121,
    180,
    181,
    599,
    600,
    601,
    3600,
]
VOLUMES = [0, 1, 999, 1000, 1023, 1024, 1025, 999_999, 10**6, 10**6 + 1, 10**7, 5 * 10**8, 10**9]
INCREMENTS = [(1, 1), (60, 1), (60, 60), (30, 6), (6, 6), (1, 30), (15, 15), (90, 7)]


class Generator:
    """One operator from one seed."""

    def __init__(
        self, seed: int, *, accounts: int, events: int, months: int = 3, contested: bool = False
    ) -> None:
        self.random = random.Random(seed)
        self.accounts = accounts
        self.events = events
        self.months = months
        self.contested = contested
        season = self.random.choice(["autumn", "spring", "both"])
        self.first = date(2027, 2, 1) if season == "spring" else date(2026, 10, 1)
        if season == "both":
            self.months = max(months, 7)
        self.time_zone = self.random.choice(["Europe/Paris"] * 4 + ["America/Toronto"])
        self.zone = ZoneInfo(self.time_zone)
        self.cycle_days = self.random.choice([(1,), (1,), (15,), (1, 15) if contested else (28,)])
        self.cycle_day = self.cycle_days[0]
        self.first = self.first.replace(day=self.cycle_day)
        self.boundaries = [month_on(self.first, n) for n in range(self.months + 1)]
        lookback = self.random.choice([1, 3, 3, self.months])
        self.currency = self.random.choice(["EUR"] * 4 + ["JPY", "KWD"])
        self.digits = {"JPY": 0, "KWD": 3}.get(self.currency, 2)
        self.tables = Tables(
            operator_document(
                currency=self.currency,
                time_zone=self.time_zone,
                prices_include_tax=self.random.random() < 0.3,
                cycle_days=self.cycle_days,
                first_period=self.first,
                lookback_periods=lookback,
                day_count=self.random.choice(["actual", "actual", "fixed_30"]),
                band_crossing=self.random.choice(["split", "split", "split", "start"]),
                late_usage_max_days=self.random.choice([365, 365, 60]),
                minimum_invoice=self.random.choice(["0", "0", "10"]),
                late_fee=self.late_fee(),
            )
        )
        self.end = self.boundaries[-1]
        self.numbers: list[tuple[str, str, str]] = []
        """Subscription, kind of identifier, as the network writes it."""
        self.edges: list[datetime] = []
        self.price_days: list[date] = []
        self.record = 0

    def late_fee(self) -> dict[str, Any]:
        """None, a fixed one, or a share of what is open; due before or after the next bill."""
        if self.random.random() < 0.6:
            return {"percent": 0, "amount": 0, "after_days": 30, "tax_category": None}
        return {
            "percent": self.random.choice([0, 1.5, 10]),
            "amount": self.random.choice([0, 5]),
            "after_days": self.random.choice([0, 10, 17, 30]),
            "tax_category": self.random.choice([None, "standard"]),
        }

    # Small choices ---------------------------------------------------------------------------

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def price(self, low: int, high: int, digits: int = 4) -> str:
        """A price with up to `digits` decimals, scaled for the currency."""
        value = self.random.randint(low, high)
        text = f"{value / 10**digits:.{digits}f}"
        if self.currency == "JPY":
            text = f"{value / 10 ** max(digits - 2, 0):.{max(digits - 2, 0)}f}"
        return text

    def money(self, low: int, high: int) -> str:
        """An amount of money in whole minor units, most of the time."""
        value = self.random.randint(low, high)
        return f"{value / 100:.2f}" if self.currency != "JPY" else str(value)

    def midday_or_edge(self, day: date) -> date:
        return self.random.choice([day, day, day + timedelta(days=1), day - timedelta(days=1)])

    def some_day(self) -> date:
        """A day of the billed time, boundaries and clock changes likely."""
        days = (self.end - self.first).days
        if self.chance(0.3):
            return self.midday_or_edge(self.random.choice(self.boundaries[:-1]))
        return self.first + timedelta(days=self.random.randrange(days))

    def inner_day(self) -> date:
        return min(max(self.some_day(), self.first), self.end - timedelta(days=1))

    def instant(self, moment: datetime) -> str:
        """ISO 8601, sometimes in UTC, sometimes with the local offset."""
        if self.chance(0.5):
            return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return moment.astimezone(self.zone).isoformat()

    # Ratebook --------------------------------------------------------------------------------

    def reference(self) -> None:
        add = self.tables.add
        for prefix, zone in [
            ("33", "FR"),
            ("336", "FR_MOBILE"),
            ("337", "FR_MOBILE"),
            ("33899", "FR_PREMIUM"),
            ("49", "EUROPE"),
            ("44", "EUROPE"),
            ("34", "EUROPE"),
            ("36", "EUROPE"),
            ("1", "WORLD"),
            ("81", "WORLD"),
            ("8816", "SATELLITE"),
        ]:
            add("prefixes", prefix=prefix, zone=zone, destination=f"{zone.title()} {prefix}")
        for code in ("3631", "112"):
            # a code that ends leaves 3631 to the prefix 36
            until = self.inner_day() if code == "3631" and self.chance(0.5) else None
            service = f"Service {code}"
            row: Row = {"destination": service, "exact": True, "valid_to": until}
            add("prefixes", prefix=code, zone="SHORT", **row)
        if self.chance(0.5):
            changed = self.inner_day()
            add("prefixes", prefix="3361234", zone="FR_PREMIUM", valid_from=changed)
            add("prefixes", prefix="4930", zone="WORLD", valid_to=changed)
        for network, country, zone in [
            ("208", "FR", "home"),
            ("20801", "FR", "home"),
            ("262", "DE", "EU"),
            ("26299", "DE", "OVERSEAS"),
            ("222", "IT", "EU"),
            ("310", "US", "OVERSEAS"),
        ]:
            add("networks", network=network, country=country, visited_zone=zone)
        if self.chance(0.5):
            moved = self.inner_day()
            add("networks", network="23415", country="GB", visited_zone="EU", valid_to=moved)
            add(
                "networks", network="23415", country="GB", visited_zone="OVERSEAS", valid_from=moved
            )
        add("networks", network="234", country="GB", visited_zone="OVERSEAS")
        peak = self.random.choice([("08:00", "20:00"), ("07:30", "19:00"), ("02:30", "23:59:30")])
        add(
            "bands",
            band="peak",
            days="mon;tue;wed;thu;fri",
            from_time=peak[0],
            to_time=peak[1],
            priority=10,
        )
        add(
            "bands",
            band="night",
            days="mon;tue;wed;thu;fri;sat;sun",
            from_time="00:00",
            to_time=self.random.choice(["06:00", "02:30", "03:00"]),
            priority=20,
        )
        add("bands", band="weekend", days="sat;sun", from_time="00:00", to_time="24:00", priority=5)
        if self.chance(0.7):
            add("bands", band="owl", days="sun", from_time="02:15", to_time="02:45", priority=30)
        add("bands", band="feast", days="holiday", from_time="00:00", to_time="24:00", priority=40)
        for _ in range(self.random.randint(1, 3)):
            day = self.inner_day()
            if all(row["date"] != day for row in self.tables.table("holidays")):
                add("holidays", date=day, name="Feast")

    def taxes(self) -> None:
        add = self.tables.add
        changed = self.random.choice(self.boundaries[1:-1])
        if self.chance(0.4):
            add(
                "taxes",
                jurisdiction="FR",
                tax_category="standard",
                tax_id="vat",
                name="VAT",
                rate_percent="20",
                sequence=1,
                compound=False,
                valid_to=changed,
            )
            add(
                "taxes",
                jurisdiction="FR",
                tax_category="standard",
                tax_id="vat",
                name="VAT",
                rate_percent="21.5",
                sequence=1,
                compound=False,
                valid_from=changed,
            )
        else:
            add(
                "taxes",
                jurisdiction="FR",
                tax_category="standard",
                tax_id="vat",
                name="VAT",
                rate_percent="20",
                sequence=1,
                compound=False,
            )
        add(
            "taxes",
            jurisdiction="FR",
            tax_category="reduced",
            tax_id="vat",
            name="VAT",
            rate_percent="5.5",
            sequence=1,
            compound=False,
        )
        for category in ("standard", "reduced"):
            add(
                "taxes",
                jurisdiction="CA",
                tax_category=category,
                tax_id="gst",
                name="GST",
                rate_percent="5",
                sequence=1,
                compound=False,
            )
            add(
                "taxes",
                jurisdiction="CA-QC",
                tax_category=category,
                tax_id="gst",
                name="GST",
                rate_percent="5",
                sequence=1,
                compound=False,
            )
            add(
                "taxes",
                jurisdiction="CA-QC",
                tax_category=category,
                tax_id="qst",
                name="QST",
                rate_percent="9.975",
                sequence=2,
                compound=self.chance(0.5),
            )

    def category(self) -> str:
        return self.random.choice(["standard"] * 6 + ["reduced"] * 2 + [""])

    def rate_rows(self, card: str, **key: Any) -> None:
        """One price: maybe in steps, or tiers, or changing on a day."""
        service = key["service"]
        digits = 4
        name = key.pop("charge_name", None) or f"{service} {key.get('zone') or 'any'}"
        key["charge_name"] = None if self.chance(0.15) else name
        base: Row = {"rate_card_id": card, **key}
        if service == "voice":
            first, following = self.random.choice(INCREMENTS)
            base |= {"per": self.random.choice([1, 60, 60]), "unit": "second"}
            if self.chance(0.3):
                base |= {"per": 1, "unit": "minute"}
            base |= {"first_increment": first, "next_increment": following}
            bounds, steps = [60, 600, 3600], [30, 60, 180]
        elif service == "data":
            base |= {"per": 1, "unit": self.random.choice(["mb", "mib", "kb"])}
            base["first_increment"] = base["next_increment"] = self.random.choice(
                [1, 1024, 100_000, 10**6]
            )
            bounds, steps = [10**6, 10**8], [10**6, 10**7]
            digits = 7 if base["unit"] == "kb" else 4
        else:
            base |= {"per": 1, "unit": "message"}
            bounds, steps = [1, 5, 20], [1, 2]
        if self.chance(0.3):
            base["connection_fee"] = self.price(0, 3000)
        shape = self.random.choice(["flat", "flat", "flat", "steps", "tiers", "dated"])
        limits: Row = {}
        if shape != "tiers" and self.chance(0.25):
            limits["minimum_charge"] = self.price(0, 2000)
        if shape != "tiers" and self.chance(0.25):
            limits["maximum_charge"] = self.price(2000, 20000)
        base |= limits
        add = self.rate_row
        if shape == "steps":
            starts = [0, *sorted(self.random.sample(steps, self.random.randint(1, len(steps))))]
            for start in starts:
                add(**base, price=self.price(0, 4000, digits), starts_at=start)
        elif shape == "tiers":
            mode = self.random.choice(["graduated", "volume", "package"])
            if mode == "package":
                base |= {"per": self.random.choice([1, 7, 60] if service == "voice" else [1, 3])}
                if service == "voice":
                    base["unit"] = "second"
            chosen = sorted(self.random.sample(bounds, self.random.randint(1, len(bounds))))
            later = self.day_of_a_later_tier()
            for bound in [0, *chosen]:
                add(
                    **base,
                    price=self.price(0, 4000, digits),
                    tier_from=bound,
                    tier_mode=mode,
                    tier_fee=self.price(0, 10000) if self.chance(0.4) else None,
                    valid_from=later if bound == chosen[-1] else None,
                )
        elif shape == "dated":
            known = self.price_days and self.chance(0.6)
            day = self.random.choice(self.price_days) if known else self.inner_day()
            self.price_days.append(day)
            add(**base, price=self.price(0, 4000, digits), valid_to=day)
            add(**base, price=self.price(0, 4000, digits), valid_from=day)
        else:
            add(**base, price=self.price(0, 4000, digits))

    def day_of_a_later_tier(self) -> date | None:
        """The day on which the highest tier comes into force, where it was not always there.

        Drawn apart: the stories of seeds stay what they are.
        """
        apart = random.Random(len(self.tables.table("rates")))
        if apart.random() < 0.6:
            return None
        return self.first + timedelta(days=apart.randrange((self.end - self.first).days))

    def rate_row(self, **row: Any) -> None:
        """One row of the rates; most have a name of their own, by which both sides know them."""
        number = len(self.tables.table("rates")) + 1
        rate_id = None if self.chance(0.1) else f"rate{number:04d}"
        self.tables.add("rates", rate_id=rate_id, **row)

    def card(self, card: str, *, full: bool) -> None:
        """A rate card: `full` ones leave few gaps, options have some zones only."""
        zones = [zone for zone in ZONES if self.chance(0.9 if full else 0.45)]
        zones = zones or ["FR"]
        for zone in zones:
            if not full and self.chance(0.6):
                band = self.random.choice(["peak", "night", "weekend"])
                self.rate_rows(card, service="voice", visited_zone="*", zone=zone, band=band)
            elif self.chance(0.4):
                self.rate_rows(card, service="voice", visited_zone="home", zone=zone, band="*")
                for band in ("peak", "weekend", "owl", "feast"):
                    if self.chance(0.3):
                        self.rate_rows(
                            card, service="voice", visited_zone="home", zone=zone, band=band
                        )
            elif self.chance(0.2):
                self.rate_rows(card, service="voice", visited_zone="*", zone=zone, band="peak")
            else:
                self.rate_rows(card, service="voice", visited_zone="*", zone=zone)
            if self.chance(0.7):
                self.rate_rows(card, service="sms", visited_zone="*", zone=zone)
        if full:
            self.rate_rows(
                card,
                service="voice",
                visited_zone="EU",
                zone="*",
                band="*",
                charge_name="roaming voice",
            )
            self.rate_rows(card, service="sms", visited_zone="*", zone="*")
            self.rate_rows(card, service="mms", visited_zone="*", zone="*")
            self.rate_rows(card, service="data", visited_zone="*", zone="*")
        if self.chance(0.6):
            self.rate_rows(
                card, service="data", visited_zone="EU", zone="*", charge_name="roaming data"
            )
        if self.chance(0.5):
            self.rate_rows(
                card,
                service="voice",
                direction="terminating",
                visited_zone="EU",
                zone="*",
                charge_name="roaming received",
            )

    def products(self) -> None:
        add = self.tables.add
        self.plans, self.options, self.fees = [], [], []
        for number in range(1, 5):
            card = f"card{number}"
            self.card(card, full=True)
            product = f"plan{number}"
            self.plans.append(product)
            row: Row = {
                "product_id": product,
                "name": f"Plan {number}",
                "kind": "plan",
                "charge": self.random.choice(["advance", "advance", "arrears", "none"]),
                "proration": self.random.choice(["daily", "daily", "none"]),
                "tax_category": self.random.choice(["standard"] * 4 + ["reduced", ""]),
                "rate_card_id": card,
                "minimum_spend": self.money(500, 6000) if self.chance(0.3) else None,
                "spend_cap": self.money(100, 4000) if self.chance(0.4) else None,
            }
            if self.chance(0.3):
                day = self.inner_day()
                add("products", **row, price=self.money(0, 4000), valid_to=day)
                if self.chance(0.4):
                    row["rate_card_id"] = f"card{self.random.randint(1, 4)}"
                add("products", **row, price=self.money(0, 4000), valid_from=day)
            else:
                add("products", **row, price=self.money(0, 4000))
        for number in range(1, 7):
            product = f"option{number}"
            self.options.append(product)
            card = ""
            if number <= 2:
                card = f"option_card{number}"
                self.card(card, full=False)
            add(
                "products",
                product_id=product,
                name=f"Option {number}",
                kind="option",
                charge=self.random.choice(["advance", "arrears"]),
                price=self.money(0, 2500),
                interval_months=self.random.choice([None, None, 1, 3, 12]) if number > 3 else None,
                proration=self.random.choice(["daily", "none", None]),
                tax_category=self.category() if not card else "standard",
                rate_card_id=card,
            )
        for number in range(1, 3):
            product = f"fee{number}"
            self.fees.append(product)
            add(
                "products",
                product_id=product,
                name=f"Fee {number}",
                kind="fee",
                charge="once",
                price=self.money(100, 3000),
                tax_category=self.category(),
            )

    def allowances(self) -> None:
        add = self.tables.add
        number = 0
        for product in [*self.plans, *self.options]:
            for service in ("voice", "sms", "data", "mms"):
                if not self.chance(0.35):
                    continue
                number += 1
                quantity, unit, increment = {
                    "voice": (self.random.choice([1, 10, 60]), "minute", [1, 1, 60, 30]),
                    "sms": (self.random.randint(1, 20), "message", [1]),
                    "mms": (self.random.randint(1, 5), "message", [1]),
                    "data": (
                        self.random.choice([1, 5, 1000]),
                        self.random.choice(["mb", "mib"]),
                        [1, 1024, 10**6],
                    ),
                }[service]
                rollover = self.random.choice([0, 0, 1, 2])
                unlimited = self.chance(0.08)
                row: Row = {
                    "allowance_id": f"allowance{number:02d}",
                    "product_id": product,
                    "name": f"Allowance {number}",
                    "service": service,
                    "quantity": None if unlimited else quantity,
                    "unit": unit,
                    "increment": self.random.choice(increment),
                    "priority": self.random.choice([0, 1, 1]),
                    "scope": self.random.choice(["subscription"] * 3 + ["account"]),
                    "zones": "*" if service == "data" or self.chance(0.4) else "FR;FR_MOBILE;SHORT",
                    "visited_zones": self.random.choice(["*", "home", "home;EU"]),
                    "rollover_periods": None if unlimited else rollover,
                    "rollover_max": self.random.choice([None, 0, 1, quantity])
                    if rollover and not unlimited
                    else None,
                    "prorate": self.chance(0.4),
                }
                if unlimited or self.chance(0.8):
                    add("allowances", **row)
                    continue
                day = self.inner_day()
                add("allowances", **row, valid_to=day)
                row |= {"quantity": quantity + 1, "priority": self.random.choice([0, 1])}
                add("allowances", **row, valid_from=day)

    def discounts(self) -> None:
        add = self.tables.add
        targets = ["recurring", "usage", "all", "plan1;plan2", "option1;usage", "recurring;usage"]
        for number in range(1, 8):
            kind = self.random.choice(["percent", "percent", "amount"])
            add(
                "discounts",
                discount_id=f"discount{number}",
                name=f"Discount {number}",
                kind=kind,
                value=self.random.choice(["10", "33.333", "100", "12.5"])
                if kind == "percent"
                else self.money(50, 2500),
                applies_to=self.random.choice(targets),
                periods=self.random.choice([None, None, 1, 2]),
                proration=self.random.choice(["none", "none", "daily", None]),
                sequence=self.random.choice([1, 1, 2, 3]),
            )

    # Customers -------------------------------------------------------------------------------

    def customer(self, number: int) -> None:
        add = self.tables.add
        account = f"account{number:05d}"
        jurisdiction = self.random.choice(["FR"] * 4 + ["CA-QC", "CA-ON"])
        exempt = self.chance(0.06)
        add(
            "accounts",
            account_id=account,
            kind="residential",
            name=f"Customer {number}",
            email=f"customer{number}@example.com",
            street="1 Street",
            postal_code="75001",
            city="Paris",
            country=jurisdiction[:2],
            tax_jurisdiction=jurisdiction,
            tax_exempt_reason="reverse charge" if exempt else None,
            cycle_day=self.random.choice(self.cycle_days),
            payment_method="transfer",
            delivery="email",
            itemisation=self.random.choice(["none", "masked", "full"]),
        )
        subscriptions = [
            self.subscription(account, f"{account}s{index}")
            for index in range(1, self.random.choice([1, 1, 1, 2, 3]) + 1)
        ]
        if self.chance(0.25):
            options = self.options if self.contested else self.options[2:]
            self.hold(account, "", self.random.choice(options), since=None)
        for subscription in ["", *subscriptions] if self.contested else subscriptions:
            while self.chance(0.35):
                begin = self.inner_day() if self.chance(0.5) else None
                end = None
                if self.chance(0.3):
                    end = (begin or self.first) + timedelta(days=self.random.randint(1, 70))
                self.hold_discount(account, subscription, begin, end)
        if self.chance(0.2):
            add(
                "instalments",
                agreement_id=f"{account}i",
                subscription_id=subscriptions[0],
                name="Telephone",
                amount=self.money(100, 4000),
                periods=self.random.randint(1, 24),
                first_date=self.random.choice([self.inner_day(), date(2027, 1, 31), self.first]),
                tax_category=self.category(),
            )
        while self.chance(0.2):
            index = len(self.tables.table("adjustments")) + 1
            add(
                "adjustments",
                adjustment_id=f"adjustment{index:05d}",
                account_id=account,
                subscription_id=self.random.choice(["", *subscriptions]),
                kind=self.random.choice(["credit", "debit"]),
                reason="goodwill",
                name="Goodwill",
                amount=self.money(50, 3000),
                tax_category=self.category(),
                effective_on=self.inner_day(),
                approved_by="desk",
            )

    def hold_discount(
        self, account: str, subscription: str, begin: date | None, end: date | None
    ) -> None:
        """A subscribed discount; the same one twice only one after the other."""
        discount_id = f"discount{self.random.randint(1, 7)}"
        for row in self.tables.table("subscribed_discounts"):
            if (row["account_id"], row["subscription_id"], row["discount_id"]) == (
                account,
                subscription,
                discount_id,
            ):
                if row["valid_to"] is None:
                    return
                over: date = row["valid_to"]
                begin = max(begin or over, over)
                end = max(end, begin + timedelta(days=1)) if end else None
        self.tables.add(
            "subscribed_discounts",
            account_id=account,
            subscription_id=subscription,
            discount_id=discount_id,
            valid_from=begin,
            valid_to=end,
        )

    def hold(
        self,
        account: str,
        subscription: str,
        product: str,
        *,
        since: date | None,
        until: date | None = None,
    ) -> None:
        """A subscribed product; never before the first period unless that is asked for."""
        number = len(self.tables.table("subscribed_products")) + 1
        row = next(r for r in self.tables.table("products") if r["product_id"] == product)
        recurring = row["charge"] in ("advance", "arrears", "once")
        interval = row.get("interval_months") or 1
        begin = since
        if begin is None and not (row["kind"] == "plan" or self.chance(0.5)):
            begin = self.inner_day()
        if begin is None and interval > 1 and not self.contested:
            begin = self.first
        interval_from = None
        if interval > 1 and self.chance(0.4) and begin is not None:
            cycle_day = next(
                r["cycle_day"] for r in self.tables.table("accounts") if r["account_id"] == account
            )
            later = month_on(begin.replace(day=cycle_day), self.random.randint(1, interval))
            start = self.first.replace(day=cycle_day)
            aligned = (later.year * 12 + later.month) - (start.year * 12 + start.month)
            interval_from = later if self.contested or aligned % interval == 0 else start
        if until is None and row["kind"] != "plan" and self.chance(0.3):
            until = (begin or self.first) + timedelta(days=self.random.choice([1, 14, 31, 45, 90]))
        self.tables.add(
            "subscribed_products",
            subscribed_product_id=f"held{number:06d}",
            account_id=account,
            subscription_id=subscription,
            product_id=product,
            quantity=self.random.choice([None, None, 1, 2]) if row["kind"] != "plan" else None,
            price_override=self.money(0, 2000) if recurring and self.chance(0.15) else None,
            interval_from=interval_from,
            valid_from=begin,
            valid_to=until,
        )

    def subscription(self, account: str, subscription: str) -> str:
        add = self.tables.add
        number = len(self.tables.table("subscriptions")) + 1
        activated: Any = date(2026, 1, 1)
        terminated: Any = None
        if self.chance(0.15):
            activated = self.inner_day()
        if self.chance(0.1):
            terminated = max(
                self.inner_day(), activated + timedelta(days=1) if activated else self.first
            )
        hour = timedelta(hours=self.random.choice([0, 9, 15]))
        add(
            "subscriptions",
            subscription_id=subscription,
            account_id=account,
            name="Line",
            activated_at=activated,
            terminated_at=self.instant(self.at(terminated) + hour) if terminated else None,
        )
        if terminated:
            self.edges.append(self.at(terminated) + hour)
        self.edges += [self.at(day) for day in (activated, terminated) if day and day >= self.first]
        msisdn = f"336{10000000 + number:08d}"
        ported = self.inner_day() if self.chance(0.1) else None
        add(
            "identifiers",
            subscription_id=subscription,
            kind="msisdn",
            identifier=f"+{msisdn}",
            valid_to=self.at(ported).astimezone(UTC).isoformat() if ported else None,
        )
        self.numbers.append(
            (
                subscription,
                "msisdn",
                self.random.choice([f"+{msisdn}", msisdn, f"0{msisdn[2:]}", f"00{msisdn}"]),
            )
        )
        if ported and number > 1:
            self.edges.append(self.at(ported))
            other = self.tables.table("subscriptions")[self.random.randrange(number - 1)]
            overlap = timedelta(minutes=self.random.choice([0, 0, 60, 14 * 24 * 60]))
            add(
                "identifiers",
                subscription_id=other["subscription_id"],
                kind="msisdn",
                identifier=f"+{msisdn}",
                valid_from=(self.at(ported) - overlap).astimezone(UTC).isoformat(),
            )
        if self.chance(0.4):
            imsi = f"20801{number:010d}"
            add("identifiers", subscription_id=subscription, kind="imsi", identifier=imsi)
            self.numbers.append((subscription, "imsi", imsi))
        if self.chance(0.1):
            add(
                "identifiers",
                subscription_id=subscription,
                kind="sip_user",
                identifier=f"user{number}@pbx",
            )
            self.numbers.append((subscription, "sip_user", f"user{number}@pbx"))
        begin = activated if activated > self.first else None
        plan = self.random.choice(self.plans)
        if self.chance(0.3):
            changed = max(self.inner_day(), (begin or self.first) + timedelta(days=1))
            self.edges.append(self.at(changed))
            self.hold(account, subscription, plan, since=begin, until=changed)
            if not self.chance(0.05):
                self.hold(account, subscription, self.random.choice(self.plans), since=changed)
        else:
            self.hold(account, subscription, plan, since=begin)
        for option in self.random.sample(self.options, self.random.choice([0, 0, 1, 1, 2, 3])):
            since = begin if begin and self.chance(0.5) else None
            if begin and since is None:
                since = max(begin, self.inner_day())
            self.hold(account, subscription, option, since=since)
            if self.chance(0.15):
                self.hold(account, subscription, option, since=since)
        if self.chance(0.3):
            self.hold(
                account,
                subscription,
                self.random.choice(self.fees),
                since=max(self.inner_day(), begin or self.first),
            )
        return subscription

    # Usage -----------------------------------------------------------------------------------

    def at(self, day: date, second: int = 0) -> datetime:
        """A local wall time of a day."""
        wall = datetime.combine(day, time(0)) + timedelta(seconds=second)
        return wall.replace(tzinfo=self.zone).astimezone(UTC)

    def clock_nights(self) -> list[datetime]:
        """The hours around each change of the clock in the billed time."""
        found = []
        moment, end = self.at(self.first), self.at(self.end)
        while moment < end:
            following = moment + timedelta(hours=1)
            if (
                moment.astimezone(self.zone).utcoffset()
                != following.astimezone(self.zone).utcoffset()
            ):
                found.append(following)
            moment = following
        return found

    def start(self, quantity: int) -> datetime:
        """A start: any moment, an edge, or so that the event ends at an edge."""
        kind = self.random.random()
        if kind < 0.12 and self.nights:
            moment = self.random.choice(self.nights) + timedelta(
                seconds=self.random.randint(-7200, 5400)
            )
            if self.chance(0.3):
                moment = moment.replace(minute=self.random.choice([0, 15, 30, 45]), second=0)
        elif kind < 0.45:
            day = self.inner_day()
            second = self.random.choice(
                [
                    0,
                    2 * 3600 + 900,
                    9000,
                    6 * 3600,
                    7 * 3600 + 1800,
                    8 * 3600,
                    19 * 3600,
                    20 * 3600,
                    86399,
                ]
            )
            moment = self.at(day, second) - timedelta(
                seconds=self.random.choice(
                    [0, 0, 1, -1, quantity, quantity + 1, max(quantity - 1, 0), quantity // 2]
                )
            )
        elif kind < 0.55 and self.edges:
            moment = self.random.choice(self.edges) + timedelta(
                seconds=self.random.choice([0, -1, 1, -3600, 3600, -(quantity // 2)])
            )
        elif kind < 0.6 and self.price_days:
            moment = self.at(self.random.choice(self.price_days)) - timedelta(seconds=quantity // 2)
        elif kind < 0.68:
            moment = self.at(self.random.choice(self.boundaries[:-1])) + timedelta(
                seconds=self.random.choice([0, -1, -2, 30, -quantity])
            )
        else:
            moment = self.at(self.inner_day(), self.random.randrange(86400))
        return moment.replace(microsecond=0)

    def new_record(self, **row: Any) -> Row:
        self.record += 1
        return {"record_id": f"r{self.record:07d}", **row}

    def usage_record(self) -> list[Row]:
        """One event as one record or several."""
        _, kind, identifier = self.random.choice(self.numbers)
        service = self.random.choice(["voice"] * 5 + ["sms"] * 2 + ["data"] * 3 + ["mms"])
        direction = "terminating" if service != "data" and self.chance(0.08) else "originating"
        visited = self.random.choice(["home"] * 6 + ["EU"] * 2 + ["OVERSEAS"])
        zone = self.random.choice(["FR"] * 3 + ["FR_MOBILE"] * 3 + ZONES)
        number = self.random.choice(NUMBERS[zone])
        if self.chance(0.02):
            number = "+99912345"
        network = self.random.choice(NETWORKS[visited])
        if self.chance(0.01):
            network = "99901"
        if self.chance(0.02):
            kind, identifier = "msisdn", "+33600000000"
        duration = self.random.choice(DURATIONS)
        if self.chance(0.3):
            duration = self.random.randint(0, 7200)
        started = self.start(duration if service == "voice" else 0)
        if self.chance(0.006):
            started = self.at(self.end) + timedelta(
                seconds=self.random.choice([0, 3599, 3600, 3601, 86400])
            )
        row: Row = {
            "service": service,
            "direction": direction if self.chance(0.5) or direction != "originating" else None,
            "subscriber": identifier,
            "subscriber_kind": kind if kind != "msisdn" or self.chance(0.5) else None,
            "other_party": number if service != "data" else None,
            "started_at": self.instant(started),
            "serving_network": network or None,
            "disposition": self.random.choice([None, None, None, "answered"]),
        }
        if self.chance(0.03):
            row["disposition"] = self.random.choice(["busy", "no_answer", "failed"])
        if service == "voice":
            row["duration_seconds"] = duration
            if self.chance(0.1):
                row["duration_seconds"] = f"{duration}.{self.random.choice(['0', '25', '999'])}"
            if self.chance(0.006):
                row["duration_seconds"] = self.random.choice([-1, 86400, 86401, 100000])
            if self.chance(0.06):
                return self.session(row, started)
        elif service == "data":
            volume = self.random.choice(VOLUMES)
            if self.chance(0.4):
                volume = self.random.randint(0, 3 * 10**7)
            up = self.random.choice([0, volume // 3])
            row |= {"bytes_uplink": up, "bytes_downlink": volume - up}
            if self.chance(0.01):
                row |= {"bytes_uplink": self.random.choice([-1, 10**12, 10**12 + 1])}
                row["bytes_downlink"] = 0
            if self.chance(0.2):
                row |= {"charging_id": f"d{self.record}", "sequence": self.random.randint(1, 3)}
        else:
            row["messages"] = self.random.choice([None, 1, 1, 2, 5])
            if self.chance(0.005):
                row["messages"] = -1
        record = self.new_record(**row)
        if self.chance(0.02):
            return [record, dict(record)]
        if self.chance(0.01):
            other = dict(record)
            other["started_at"] = self.instant(started + timedelta(seconds=1))
            return [record, other]
        if self.chance(0.05):
            return [record, self.new_record(**row)]
        return [record]

    def session(self, row: Row, started: datetime) -> list[Row]:
        """A call in several partial records: whole, with a hole, or open."""
        parts = self.random.randint(1, 4)
        charging = f"session{self.record}"
        fault = self.random.choice(["", "", "", "hole", "open"])
        records = []
        moment = started
        for sequence in range(1, parts + 1):
            length = self.random.choice([0, 1, 29, 30, 59, 60, 600])
            part = dict(row)
            part |= {
                "duration_seconds": f"{length}.{self.random.choice([0, 5])}",
                "started_at": self.instant(moment),
                "charging_id": charging,
                "sequence": sequence,
                "is_final": (sequence == parts and fault != "open") or None,
                "disposition": None,
            }
            if not (
                fault == "hole" and parts > 1 and sequence == self.random.choice([1, parts - 1])
            ):
                records.append(self.new_record(**part))
            moment += timedelta(seconds=length)
        self.random.shuffle(records)
        return records

    def usage_files(self, rows: list[Row], label: str) -> list[UsageFileTable]:
        """Spread records over files and feeds, some CSV and some JSON lines, some lines broken."""
        files = [
            UsageFileTable(f"cdr/{feed}/{label}/{number}.{kind}", [])
            for feed, kind in (("core", "csv"), ("core", "jsonl"), ("edge", "csv"))
            for number in range(1, 3)
        ]
        feeds: dict[str, UsageFileTable] = {}
        for row in rows:
            feed = "edge" if hash_of(row["record_id"]) % 5 == 0 else "core"
            choices = [file for file in files if f"/{feed}/" in file.path]
            if row.get("charging_id") and row["service"] == "voice":
                feed = "core"
                choices = files[:4]
            file = self.random.choice(choices)
            file.rows.append(row)
            feeds[row["record_id"]] = file
        for file in files:
            if file.path.endswith(".csv") and self.chance(0.5):
                file.garbage.append(self.random.choice(["not,a,record", "x,voice", ",,,,,,"]))
            if file.path.endswith(".jsonl") and self.chance(0.5):
                file.garbage.append(self.random.choice(["{broken", "[1, 2]", '{"service": "fax"}']))
        return [file for file in files if file.rows]

    def build(self) -> Tables:
        self.reference()
        self.taxes()
        self.products()
        self.allowances()
        self.discounts()
        for number in range(1, self.accounts + 1):
            self.customer(number)
        self.nights = self.clock_nights()
        rows: list[Row] = []
        while len(rows) < self.events:
            rows += self.usage_record()
        self.tables.usage = self.usage_files(rows, "first")
        return self.tables


def month_on(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, day.day)


def hash_of(text: str) -> int:
    """A small hash that is the same in every process."""
    return sum((position + 1) * byte for position, byte in enumerate(text.encode()))


def generate(
    seed: int, *, accounts: int, events: int, months: int = 3, contested: bool = False
) -> Tables:
    """A whole operator folder: reference data, customers, and `events` records or a few more."""
    return Generator(
        seed, accounts=accounts, events=events, months=months, contested=contested
    ).build()


def generate_history(
    seed: int, *, accounts: int, events: int, months: int = 3, contested: bool = False
) -> list[tuple[date, Tables]]:
    """The same operator at each of its bill dates, in ascending order.

    Usage arrives in the run after it happened, some of it later; between runs, numbers without a
    zone are given one, prices of the past are corrected, products end back in time, goodwill is
    granted, invoices are paid in part.
    """
    generator = Generator(
        seed, accounts=accounts, events=events, months=months, contested=contested
    )
    whole = generator.build()
    rows = [row for file in whole.usage for row in file.rows]
    draw = random.Random(seed + 1)
    bill_dates = sorted(
        {
            day
            for cycle_day in generator.cycle_days
            for day in (
                month_on(generator.first.replace(day=cycle_day), n)
                for n in range(generator.months + 1)
            )
            if day >= generator.first
        }
    )
    arrivals: dict[date, list[Row]] = {day: [] for day in bill_dates}
    sessions: dict[str, date] = {}
    for row in rows:
        moment = datetime.fromisoformat(str(row["started_at"]).replace("Z", "+00:00"))
        later = [day for day in bill_dates if day > moment.astimezone(generator.zone).date()]
        arrival = draw.choice(later[:2] + later[:1] * 6) if later else bill_dates[-1]
        if row.get("charging_id") and draw.random() < 0.8:
            arrival = sessions.setdefault(str(row["charging_id"]), arrival)
        arrivals[arrival].append(row)
    history = []
    tables = deepcopy(whole)
    tables.usage = []
    for number, bill_date in enumerate(bill_dates):
        tables = deepcopy(tables)
        if number:
            change_the_past(tables, draw, bill_date, generator)
        tables.usage += generator.usage_files(arrivals[bill_date], f"{bill_date}")
        history.append((bill_date, tables))
    return history


def change_the_past(
    tables: Tables, draw: random.Random, bill_date: date, generator: Generator
) -> None:
    """What operators correct between two bill runs."""
    if draw.random() < 0.6 and all(r["prefix"] != "999" for r in tables.table("prefixes")):
        tables.add("prefixes", prefix="999", zone="WORLD", destination="Mended")
    for row in draw.sample(tables.table("rates"), min(3, len(tables.table("rates")))):
        row["price"] = generator.price(0, 4000, 7 if row["unit"] == "kb" else 4)
    for row in tables.table("products"):
        if draw.random() < 0.1:
            row["price"] = generator.money(0, 4000)
    for row in tables.table("subscribed_products"):
        if row["valid_to"] is None and draw.random() < 0.05:
            begin = row["valid_from"] or generator.first
            row["valid_to"] = max(
                begin + timedelta(days=1), bill_date - timedelta(days=draw.randint(1, 40))
            )
    for row in tables.table("subscriptions"):
        if row["terminated_at"] is None and draw.random() < 0.04:
            row["terminated_at"] = max(
                row["activated_at"] + timedelta(days=1),
                bill_date - timedelta(days=draw.randint(0, 35)),
            )
    for account in tables.table("accounts"):
        if draw.random() < 0.1:
            number = len(tables.table("adjustments")) + 1
            tables.add(
                "adjustments",
                adjustment_id=f"adjustment{number:05d}",
                account_id=account["account_id"],
                kind="credit",
                reason="outage",
                name="Outage",
                amount=generator.money(50, 5000),
                tax_category="standard",
                effective_on=bill_date - timedelta(days=draw.randint(0, 50))
                if generator.contested
                else bill_date,
                approved_by="desk",
            )
        if draw.random() < 0.4:
            number = len(tables.table("payments")) + 1
            tables.add(
                "payments",
                payment_id=f"payment{number:05d}",
                account_id=account["account_id"],
                received_on=bill_date - timedelta(days=3),
                amount=generator.money(100, 5000),
                method="transfer",
                reference="paid",
            )
