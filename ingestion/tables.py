"""Every table of the operator folder, declared once.

A column is declared here and nowhere else: its type, whether a cell may be empty, what a cell may
hold and what it refers to. Reading, checking and the raw tables' DDL are made from these
declarations. Rules that need more than one cell and are no key, reference or overlap stand in
`cross_checks.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "text",  # VARCHAR
    "list",  # VARCHAR, values separated by `;`
    "time",  # VARCHAR, local HH:MM or HH:MM:SS, 24:00 allowed
    "boolean",  # true / false
    "integer",  # BIGINT
    "decimal",  # DECIMAL(28,12): prices, amounts, quantities
    "percent",  # DECIMAL(18,6)
    "date",  # DATE in the operator's time zone
    "instant",  # TIMESTAMP in UTC, read from ISO 8601 with an offset or Z
    "date_or_instant",  # as instant; a date is its first moment in the operator's time zone
]

SQL_TYPES: dict[Kind, str] = {
    "text": "varchar",
    "list": "varchar",
    "time": "varchar",
    "boolean": "boolean",
    "integer": "bigint",
    "decimal": "decimal(28,12)",
    "percent": "decimal(18,6)",
    "date": "date",
    "instant": "timestamp",
    "date_or_instant": "timestamp",
}

ANYTHING = "*"
SERVICES = ("voice", "sms", "mms", "data")
DIRECTIONS = ("originating", "terminating")
BASE_UNITS = {"voice": "second", "sms": "message", "mms": "message", "data": "byte"}
# How many base units of its service one unit is.
UNITS: dict[str, dict[str, int]] = {
    "voice": {"second": 1, "minute": 60},
    "sms": {"message": 1},
    "mms": {"message": 1},
    "data": {
        "byte": 1,
        "kb": 10**3,
        "mb": 10**6,
        "gb": 10**9,
        "kib": 2**10,
        "mib": 2**20,
        "gib": 2**30,
    },
}
UNIT_NAMES = tuple(dict.fromkeys(unit for units in UNITS.values() for unit in units))


@dataclass(frozen=True)
class Reference:
    """A value must stand in `table`.`column`, or be one of `others`.

    `unknown` says what an unknown value is: a fault, or a warning where the price list may be
    ahead of (or behind) the zones that it names.
    """

    table: str
    column: str
    others: tuple[str, ...] = ()
    unknown: Literal["fault", "warning"] = "fault"


@dataclass(frozen=True)
class Column:
    """One column. `required`: no cell may be empty, so the column may not be missing either."""

    name: str
    kind: Kind = "text"
    required: bool = False
    allowed: tuple[str, ...] = ()
    minimum: int | None = None
    maximum: int | None = None
    above: int | None = None
    pattern: str | None = None
    pattern_says: str | None = None
    references: Reference | None = None

    @property
    def sql_type(self) -> str:
        """The type of the raw column."""
        return SQL_TYPES[self.kind]


@dataclass(frozen=True)
class Key:
    """What names a row: a column, and the value that an empty cell stands for."""

    column: str
    default: str = ""


@dataclass(frozen=True)
class Table:
    """One file of the folder and the raw table that it fills.

    `key` is unique or, with `validity`, unique at each moment. `overlap` says what two rows with
    one key at one moment are. `required`: the file may not be missing (a missing file that is not
    required is an empty table).
    """

    name: str
    folder: Literal["ratebook", "crm"]
    columns: tuple[Column, ...]
    key: tuple[Key, ...] = ()
    validity: tuple[str, str] | None = None
    overlap: Literal["fault", "warning"] = "fault"
    required: bool = False

    @property
    def path(self) -> str:
        """Where the table stands in the folder, in its plain form."""
        return f"{self.folder}/{self.name}.csv"

    def column(self, name: str) -> Column:
        """The declaration of a column; KeyError if there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"{self.name}.{name}")


def _keys(*names: str) -> tuple[Key, ...]:
    return tuple(Key(name) for name in names)


VALID = ("valid_from", "valid_to")
VALID_DATES = (Column("valid_from", "date"), Column("valid_to", "date"))

_COUNTRY = r"[A-Z]{2}"
_COUNTRY_SAYS = "not a two-letter country code"
_JURISDICTION = r"[A-Z]{2}(-[A-Z0-9]{1,3})?"
_JURISDICTION_SAYS = "not a country or country-region"

PRODUCTS = Table(
    "products",
    "ratebook",
    (
        Column("product_id", required=True),
        Column("name", required=True),
        Column("kind", required=True, allowed=("plan", "option", "fee", "device")),
        Column("charge", required=True, allowed=("advance", "arrears", "once", "none")),
        Column("price", "decimal", minimum=0),
        Column("interval_months", "integer", minimum=1, maximum=1200),
        Column("proration", allowed=("daily", "none")),
        Column("tax_category", references=Reference("taxes", "tax_category", unknown="warning")),
        Column("rate_card_id", references=Reference("rates", "rate_card_id")),
        Column("minimum_spend", "decimal", minimum=0),
        Column("spend_cap", "decimal", minimum=0),
        *VALID_DATES,
    ),
    key=_keys("product_id"),
    validity=VALID,
    required=True,
)

ALLOWANCES = Table(
    "allowances",
    "ratebook",
    (
        Column("allowance_id", required=True),
        Column("product_id", required=True, references=Reference("products", "product_id")),
        Column("name", required=True),
        Column("service", required=True, allowed=SERVICES),
        Column("quantity", "decimal", minimum=0),
        Column("unit", allowed=UNIT_NAMES),
        Column("increment", "integer", minimum=1),
        Column("priority", "integer"),
        Column("scope", allowed=("subscription", "account")),
        Column(
            "zones",
            "list",
            references=Reference("prefixes", "zone", (ANYTHING,), unknown="warning"),
        ),
        Column(
            "visited_zones",
            "list",
            references=Reference("networks", "visited_zone", (ANYTHING, "home"), unknown="warning"),
        ),
        Column("rollover_periods", "integer", minimum=0, maximum=1200),
        Column("rollover_max", "decimal", minimum=0),
        Column("prorate", "boolean"),
        *VALID_DATES,
    ),
    key=_keys("allowance_id"),
    validity=VALID,
)

RATES = Table(
    "rates",
    "ratebook",
    (
        Column("rate_id"),
        Column("rate_card_id", required=True),
        Column("service", required=True, allowed=SERVICES),
        Column("direction", allowed=DIRECTIONS),
        Column(
            "visited_zone",
            references=Reference("networks", "visited_zone", (ANYTHING, "home"), unknown="warning"),
        ),
        Column("zone", references=Reference("prefixes", "zone", (ANYTHING,), unknown="warning")),
        Column(
            "band",
            references=Reference("bands", "band", (ANYTHING, "standard"), unknown="warning"),
        ),
        Column("price", "decimal", required=True, minimum=0),
        Column("per", "integer", minimum=1),
        Column("unit", allowed=UNIT_NAMES),
        Column("connection_fee", "decimal", minimum=0),
        Column("minimum_charge", "decimal", minimum=0),
        Column("maximum_charge", "decimal", minimum=0),
        Column("first_increment", "integer", minimum=1),
        Column("next_increment", "integer", minimum=1),
        Column("starts_at", "integer", minimum=0),
        Column("tier_from", "integer", minimum=0),
        Column("tier_fee", "decimal", minimum=0),
        Column("tier_mode", allowed=("graduated", "volume", "package")),
        Column("charge_name"),
        *VALID_DATES,
    ),
    key=(
        Key("rate_card_id"),
        Key("service"),
        Key("direction", "originating"),
        Key("visited_zone", ANYTHING),
        Key("zone", ANYTHING),
        Key("band", ANYTHING),
        Key("starts_at", "0"),
        Key("tier_from", "0"),
    ),
    validity=VALID,
    required=True,
)

PREFIXES = Table(
    "prefixes",
    "ratebook",
    (
        Column("prefix", required=True, pattern=r"[0-9]{1,15}", pattern_says="not 1 to 15 digits"),
        Column("zone", required=True),
        Column("destination"),
        Column("exact", "boolean"),
        Column("unlisted", "boolean"),
        *VALID_DATES,
    ),
    key=_keys("prefix"),
    validity=VALID,
)

NETWORKS = Table(
    "networks",
    "ratebook",
    (
        Column(
            "network",
            required=True,
            pattern=r"[0-9]{3}([0-9]{2,3})?",
            pattern_says="not MCC (3 digits) or MCC+MNC (5 or 6 digits)",
        ),
        Column("country"),
        Column("visited_zone", required=True),
        *VALID_DATES,
    ),
    key=_keys("network"),
    validity=VALID,
)

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun", "holiday")

BANDS = Table(
    "bands",
    "ratebook",
    (
        Column("band", required=True),
        Column("days", "list", required=True, allowed=DAYS),
        Column("from_time", "time", required=True),
        Column("to_time", "time", required=True),
        Column("priority", "integer"),
    ),
)

HOLIDAYS = Table(
    "holidays",
    "ratebook",
    (Column("date", "date", required=True), Column("name")),
    key=_keys("date"),
)

TAXES = Table(
    "taxes",
    "ratebook",
    (
        Column(
            "jurisdiction", required=True, pattern=_JURISDICTION, pattern_says=_JURISDICTION_SAYS
        ),
        Column("tax_category", required=True),
        Column("tax_id", required=True),
        Column("name", required=True),
        Column("rate_percent", "percent", required=True, minimum=0, maximum=1000),
        Column("sequence", "integer"),
        Column("compound", "boolean"),
        # UNTDID 5305, the codes that EN 16931 admits.
        Column("en16931_category", allowed=("S", "Z", "E", "AE", "K", "G", "O", "L", "M")),
        Column("legal_text"),
        *VALID_DATES,
    ),
    key=_keys("jurisdiction", "tax_category", "tax_id"),
    validity=VALID,
)

DISCOUNTED = ("recurring", "usage", "all")

DISCOUNTS = Table(
    "discounts",
    "ratebook",
    (
        Column("discount_id", required=True),
        Column("name", required=True),
        Column("kind", required=True, allowed=("percent", "amount")),
        Column("value", "decimal", required=True, minimum=0),
        Column(
            "applies_to",
            "list",
            required=True,
            references=Reference("products", "product_id", DISCOUNTED),
        ),
        Column("periods", "integer", minimum=1, maximum=1200),
        Column("proration", allowed=("daily", "none")),
        Column("sequence", "integer"),
        *VALID_DATES,
    ),
    key=_keys("discount_id"),
    validity=VALID,
)

TRANSLATIONS = Table(
    "translations",
    "ratebook",
    (
        Column(
            "entity",
            required=True,
            allowed=("product", "allowance", "charge", "discount", "tax"),
        ),
        Column("id", required=True),
        Column("language", required=True),
        Column("name", required=True),
    ),
    key=_keys("entity", "id", "language"),
)

ACCOUNTS = Table(
    "accounts",
    "crm",
    (
        Column("account_id", required=True),
        Column("kind", required=True, allowed=("residential", "business")),
        Column("name", required=True),
        Column("email", pattern=r"[^@\s]+@[^@\s]+", pattern_says="not an e-mail address"),
        Column("phone"),
        Column("street"),
        Column("postal_code"),
        Column("city"),
        Column("region"),
        Column("country", required=True, pattern=_COUNTRY, pattern_says=_COUNTRY_SAYS),
        Column("tax_jurisdiction", pattern=_JURISDICTION, pattern_says=_JURISDICTION_SAYS),
        Column("vat_number"),
        Column("tax_exempt_reason"),
        Column("language"),
        Column("cycle_day", "integer", required=True, minimum=1, maximum=28),
        Column("payment_method", allowed=("card", "sepa_debit", "transfer", "none")),
        Column("delivery", allowed=("email", "portal", "paper")),
        Column("itemisation", allowed=("none", "masked", "full")),
        Column("opened_on", "date"),
        Column("closed_on", "date"),
    ),
    key=_keys("account_id"),
    required=True,
)

_ACCOUNT = Reference("accounts", "account_id")
_SUBSCRIPTION = Reference("subscriptions", "subscription_id")
_TAX_CATEGORY = Reference("taxes", "tax_category", unknown="warning")

SUBSCRIPTIONS = Table(
    "subscriptions",
    "crm",
    (
        Column("subscription_id", required=True),
        Column("account_id", required=True, references=_ACCOUNT),
        Column("name"),
        Column("activated_at", "date_or_instant", required=True),
        Column("terminated_at", "date_or_instant"),
    ),
    key=_keys("subscription_id"),
    required=True,
)

IDENTIFIERS = Table(
    "identifiers",
    "crm",
    (
        Column("subscription_id", required=True, references=_SUBSCRIPTION),
        Column("kind", required=True, allowed=("msisdn", "imsi", "sip_user", "extension")),
        Column("identifier", required=True),
        Column("valid_from", "instant"),
        Column("valid_to", "instant"),
    ),
    key=_keys("kind", "identifier"),
    validity=VALID,
    # 2.4: usage of a number that two subscriptions claim is suspended as ambiguous.
    overlap="warning",
    required=True,
)

SUBSCRIBED_PRODUCTS = Table(
    "subscribed_products",
    "crm",
    (
        Column("subscribed_product_id", required=True),
        Column("account_id", required=True, references=_ACCOUNT),
        Column("subscription_id", references=_SUBSCRIPTION),
        Column("product_id", required=True, references=Reference("products", "product_id")),
        Column("quantity", "decimal", minimum=0),
        Column("price_override", "decimal", minimum=0),
        Column("interval_from", "date"),
        *VALID_DATES,
    ),
    # 5.6: it is the charge id of everything that the row is billed for, so it names one row.
    key=_keys("subscribed_product_id"),
    required=True,
)

SUBSCRIBED_DISCOUNTS = Table(
    "subscribed_discounts",
    "crm",
    (
        Column("account_id", required=True, references=_ACCOUNT),
        Column("subscription_id", references=_SUBSCRIPTION),
        Column("discount_id", required=True, references=Reference("discounts", "discount_id")),
        *VALID_DATES,
    ),
    key=_keys("account_id", "subscription_id", "discount_id"),
    validity=VALID,
)

INSTALMENTS = Table(
    "instalments",
    "crm",
    (
        Column("agreement_id", required=True),
        Column("subscription_id", required=True, references=_SUBSCRIPTION),
        Column("name", required=True),
        Column("amount", "decimal", required=True, minimum=0),
        Column("periods", "integer", required=True, minimum=1, maximum=1200),
        Column("first_date", "date", required=True),
        Column("tax_category", references=_TAX_CATEGORY),
    ),
    key=_keys("agreement_id"),
)

ADJUSTMENTS = Table(
    "adjustments",
    "crm",
    (
        Column("adjustment_id", required=True),
        Column("account_id", required=True, references=_ACCOUNT),
        Column("subscription_id", references=_SUBSCRIPTION),
        Column("kind", required=True, allowed=("credit", "debit")),
        Column(
            "reason",
            required=True,
            allowed=("outage", "goodwill", "correction", "loyalty", "other"),
        ),
        Column("name", required=True),
        Column("amount", "decimal", required=True, above=0),
        Column("tax_category", references=_TAX_CATEGORY),
        Column("effective_on", "date", required=True),
        Column("approved_by"),
    ),
    key=_keys("adjustment_id"),
)

PAYMENTS = Table(
    "payments",
    "crm",
    (
        Column("payment_id", required=True),
        Column("account_id", required=True, references=_ACCOUNT),
        Column("invoice_number"),
        Column("received_on", "date", required=True),
        Column("amount", "decimal", required=True),
        Column(
            "method",
            required=True,
            allowed=("transfer", "cash", "card", "sepa_debit", "write_off", "other"),
        ),
        Column("reference"),
    ),
    key=_keys("payment_id"),
)

# What an amount is in the ledger: a line of int_ledger_postings, to be given an account.
POSTINGS = (
    "receivable",
    "customer_credit",
    "tax_collected",
    "deferred_revenue",
    "payment_card",
    "payment_sepa_debit",
    "payment_transfer",
    "payment_cash",
    "payment_other",
    "payment_write_off",
    "revenue_recurring",
    "revenue_usage",
    "revenue_once",
    "revenue_minimum_top_up",
    "revenue_device",
    "revenue_instalment",
    "revenue_discount",
    "revenue_cap_credit",
    "revenue_adjustment",
    "revenue_late_fee",
    "previous_results",
)

ACCOUNT_CODES = Table(
    "account_codes",
    "ratebook",
    (
        Column("posting", required=True, allowed=POSTINGS),
        Column(
            "account_code",
            required=True,
            pattern=r"[0-9]{3}[0-9A-Z]*",
            pattern_says="not an account number (three digits of the chart first)",
        ),
        Column("name", required=True),
        *VALID_DATES,
    ),
    key=_keys("posting"),
    validity=VALID,
)

TABLES: tuple[Table, ...] = (
    PRODUCTS,
    ALLOWANCES,
    RATES,
    PREFIXES,
    NETWORKS,
    BANDS,
    HOLIDAYS,
    TAXES,
    DISCOUNTS,
    TRANSLATIONS,
    ACCOUNT_CODES,
    ACCOUNTS,
    SUBSCRIPTIONS,
    IDENTIFIERS,
    SUBSCRIBED_PRODUCTS,
    SUBSCRIBED_DISCOUNTS,
    INSTALMENTS,
    ADJUSTMENTS,
    PAYMENTS,
)
BY_NAME: dict[str, Table] = {table.name: table for table in TABLES}
