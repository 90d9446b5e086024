"""Reads operator.yaml: who bills, the policies and the feeds.

Scalars are taken as they are written and read by the setting's own type, so that no YAML rule
turns `NO` into false, `01000` into 512 or 0.1 into floating point.
"""

from __future__ import annotations

import datetime as dt
import re
import string
import zoneinfo
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path, PurePosixPath
from typing import Literal

import yaml
from babel import Locale, UnknownLocaleError
from babel.numbers import get_currency_precision, list_currencies

from ingestion.decoding import Feed, OptionFault, UsageFormat
from ingestion.faults import Fault
from ingestion.feeds import registered_formats

FILE = "operator.yaml"
MINOR_UNITS = (0, 2, 3)

SettingKind = Literal[
    "text", "boolean", "integer", "amount", "percent", "date", "days", "number_format"
]


@dataclass(frozen=True)
class Setting:
    """One setting: where it stands, the column of raw.operator that it fills, what it may be."""

    path: str
    column: str
    kind: SettingKind = "text"
    required: bool = False
    default: str | None = None
    allowed: tuple[str, ...] = ()
    minimum: int | None = None
    maximum: int | None = None
    check: Callable[[str], str | None] | None = None


def is_time_zone(value: object) -> str | None:
    """None, or what is wrong with the name of a time zone."""
    if not isinstance(value, str) or value not in _time_zones():
        return "not a time zone of the IANA database"
    return None


def is_language(value: str) -> str | None:
    """None, or what is wrong with a language such as `fr` or `fr_CA`."""
    try:
        Locale.parse(value, sep="_")
    except (ValueError, UnknownLocaleError):
        return "not a language (such as fr or fr_CA)"
    return None


def _time_zones() -> set[str]:
    if not hasattr(_time_zones, "names"):
        _time_zones.names = zoneinfo.available_timezones()
    return _time_zones.names


def _is_currency(value: str) -> str | None:
    if value not in list_currencies():
        return "not a currency (ISO 4217)"
    if get_currency_precision(value) not in MINOR_UNITS:
        return "currency has minor units other than 0, 2 or 3 digits"
    return None


def _matches(pattern: str, says: str) -> Callable[[str], str | None]:
    compiled = re.compile(pattern)
    return lambda value: None if compiled.fullmatch(value) else says


_DIGITS = _matches(r"[0-9]{0,5}", "not up to 5 digits")

SETTINGS: tuple[Setting, ...] = (
    Setting(
        "operator.id",
        "operator_id",
        required=True,
        check=_matches(r"[a-z0-9][a-z0-9_-]{0,62}", "not lower case letters, digits, - and _"),
    ),
    Setting("operator.legal_name", "legal_name", required=True),
    Setting("operator.address.street", "street"),
    Setting("operator.address.postal_code", "postal_code"),
    Setting("operator.address.city", "city"),
    Setting("operator.address.region", "region"),
    Setting(
        "operator.address.country",
        "country",
        required=True,
        check=_matches(r"[A-Z]{2}", "not a two-letter country code"),
    ),
    Setting("operator.registration", "registration"),
    Setting("operator.vat_number", "vat_number"),
    Setting("operator.currency", "currency_code", required=True, check=_is_currency),
    Setting("operator.time_zone", "time_zone", required=True, check=is_time_zone),
    Setting("operator.language", "language", default="en", check=is_language),
    Setting("operator.prices_include_tax", "prices_include_tax", "boolean", default="false"),
    Setting(
        "operator.numbering.country_code",
        "country_code",
        required=True,
        check=_matches(r"[1-9][0-9]{0,2}", "not a country calling code (1 to 3 digits)"),
    ),
    Setting("operator.numbering.national_prefix", "national_prefix", check=_DIGITS),
    Setting(
        "operator.numbering.international_prefix",
        "international_prefix",
        default="00",
        check=_DIGITS,
    ),
    Setting("operator.support.email", "support_email"),
    Setting("operator.support.phone", "support_phone"),
    Setting("operator.support.url", "support_url"),
    Setting("operator.bank.iban", "bank_iban"),
    Setting("operator.bank.bic", "bank_bic"),
    Setting("billing.cycle_days", "cycle_days", "days", required=True),
    Setting(
        "billing.payment_terms_days",
        "payment_terms_days",
        "integer",
        default="14",
        minimum=0,
        maximum=365,
    ),
    Setting(
        "billing.invoice_number",
        "invoice_number_format",
        "number_format",
        default="F{year}-{sequence:08d}",
    ),
    Setting(
        "billing.credit_note_number",
        "credit_note_number_format",
        "number_format",
        default="A{year}-{sequence:08d}",
    ),
    Setting("billing.first_period", "first_period", "date", required=True),
    Setting(
        "billing.lookback_periods",
        "lookback_periods",
        "integer",
        default="3",
        minimum=0,
        maximum=120,
    ),
    Setting("billing.day_count", "day_count", default="actual", allowed=("actual", "fixed_30")),
    Setting(
        "billing.late_usage_max_days",
        "late_usage_max_days",
        "integer",
        default="365",
        minimum=0,
        maximum=36500,
    ),
    Setting("billing.minimum_invoice", "minimum_invoice", "amount", default="0", minimum=0),
    Setting(
        "billing.suspect.times_usual", "suspect_times_usual", "percent", default="5", minimum=0
    ),
    Setting("billing.suspect.minimum", "suspect_minimum", "amount", default="50", minimum=0),
    Setting("billing.suspect.zero_after", "suspect_zero_after", "amount", default="20", minimum=0),
    Setting(
        "billing.late_fee.percent",
        "late_fee_percent",
        "percent",
        default="0",
        minimum=0,
        maximum=100,
    ),
    Setting("billing.late_fee.amount", "late_fee_amount", "amount", default="0", minimum=0),
    Setting(
        "billing.late_fee.after_days",
        "late_fee_after_days",
        "integer",
        default="30",
        minimum=0,
        maximum=3650,
    ),
    Setting("billing.late_fee.tax_category", "late_fee_tax_category"),
    Setting("rating.band_crossing", "band_crossing", default="split", allowed=("split", "start")),
    Setting("rating.mask_digits", "mask_digits", "integer", default="4", minimum=0, maximum=15),
    Setting(
        "mediation.max_voice_hours",
        "max_voice_hours",
        "integer",
        default="24",
        minimum=1,
        maximum=8784,
    ),
    Setting(
        "mediation.max_data_gigabytes",
        "max_data_gigabytes",
        "integer",
        default="1000",
        minimum=1,
        maximum=1_000_000,
    ),
)

# raw.operator, in this order; what is not a setting is worked out here.
COLUMN_TYPES: dict[SettingKind, str] = {
    "text": "varchar",
    "boolean": "boolean",
    "integer": "bigint",
    "amount": "decimal(18,3)",
    "percent": "decimal(18,6)",
    "date": "date",
    "days": "varchar",
    "number_format": "varchar",
}


def operator_columns() -> list[tuple[str, str]]:
    """Name and SQL type of each column of raw.operator."""
    columns: list[tuple[str, str]] = []
    for setting in SETTINGS:
        columns.append((setting.column, COLUMN_TYPES[setting.kind]))
        if setting.column == "currency_code":
            columns.append(("minor_units", "bigint"))
    return columns


@dataclass
class OperatorSettings:
    """operator.yaml as read. `row` holds what could be read of raw.operator's one row."""

    row: dict[str, object] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    feeds: list[Feed] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    warnings: list[Fault] = field(default_factory=list)

    @property
    def time_zone(self) -> str:
        """The operator's time zone; UTC as long as the setting is at fault."""
        return str(self.row.get("time_zone") or "UTC")

    @property
    def cycle_days(self) -> list[int]:
        """The days of bill runs, ascending; empty as long as the setting is at fault."""
        text = self.row.get("cycle_days")
        return [int(day) for day in str(text).split(";")] if text else []


def read_operator_yaml(folder: Path) -> OperatorSettings:
    """Read and check operator.yaml; whatever is wrong stands in `faults`, with its line."""
    settings = OperatorSettings()
    try:
        text = (folder / FILE).read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        settings.faults.append(Fault(FILE, None, None, "file is missing"))
        return settings
    except OSError as error:
        settings.faults.append(Fault(FILE, None, None, f"can not be read ({error.strerror})"))
        return settings
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        settings.faults.append(Fault(FILE, line, None, "not UTF-8"))
        return settings
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else None
        settings.faults.append(Fault(FILE, line, None, f"not YAML ({error.problem})"))
        return settings
    except (yaml.YAMLError, RecursionError) as error:
        reason = str(error).split("\n", 1)[0]
        settings.faults.append(Fault(FILE, None, None, f"not YAML ({reason})"))
        return settings
    if not isinstance(root, yaml.MappingNode):
        settings.faults.append(Fault(FILE, 1, None, "not a mapping of settings"))
        return settings
    reader = _Reader(settings)
    reader.read(root)
    return settings


class _Reader:
    def __init__(self, settings: OperatorSettings) -> None:
        self.settings = settings

    def fault(
        self, node: yaml.Node | int | None, path: str, message: str, value: str | None = None
    ) -> None:
        line = node.start_mark.line + 1 if isinstance(node, yaml.Node) else node
        self.settings.faults.append(Fault(FILE, line, path, message, value))

    def read(self, root: yaml.MappingNode) -> None:
        known = {setting.path for setting in SETTINGS}
        sections = {path.rsplit(".", depth)[0] for path in known for depth in (1, 2)}
        scalars: dict[str, yaml.Node] = {}
        self.flatten(root, "", known, sections, scalars)
        for setting in SETTINGS:
            self.read_setting(setting, scalars.get(setting.path))
        self.check_together(scalars)
        feeds = scalars.get("feeds")
        if feeds is not None:
            self.read_feeds(feeds)

    def flatten(
        self,
        mapping: yaml.MappingNode,
        above: str,
        known: set[str],
        sections: set[str],
        scalars: dict[str, yaml.Node],
    ) -> None:
        for name, value in self.items(mapping, above):
            path = f"{above}.{name}" if above else name
            if path in known or path == "feeds":
                scalars[path] = value
            elif path not in sections:
                self.settings.warnings.append(
                    Fault(FILE, value.start_mark.line + 1, path, "unknown setting, not read")
                )
            elif isinstance(value, yaml.MappingNode):
                self.flatten(value, path, known, sections, scalars)
            elif not _is_null(value):
                self.fault(value, path, "not a mapping of settings")

    def items(self, mapping: yaml.MappingNode, above: str) -> list[tuple[str, yaml.Node]]:
        items: list[tuple[str, yaml.Node]] = []
        seen: set[str] = set()
        for key, value in mapping.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else "?"
            if name in seen:
                path = f"{above}.{name}" if above else name
                self.fault(key, path, "stands twice")
            else:
                seen.add(name)
                items.append((name, value))
        return items

    def read_setting(self, setting: Setting, node: yaml.Node | None) -> None:
        row = self.settings.row
        row[setting.column] = None
        if node is not None:
            self.settings.lines[setting.path] = node.start_mark.line + 1
        if node is None or _is_null(node) or _is_empty(node):
            if setting.required:
                self.fault(node, setting.path, "missing")
            elif setting.default is not None:
                row[setting.column] = _VALUES[setting.kind](setting.default)
            return
        if setting.kind == "days":
            self.read_days(setting, node)
            return
        if not isinstance(node, yaml.ScalarNode):
            self.fault(node, setting.path, "not a single value")
            return
        text = node.value
        wrong = self.wrong(setting, text)
        if wrong:
            self.fault(node, setting.path, wrong, text)
        else:
            row[setting.column] = _VALUES[setting.kind](text)
        if setting.column == "currency_code" and not wrong:
            row["minor_units"] = get_currency_precision(text)

    def wrong(self, setting: Setting, text: str) -> str | None:
        if setting.allowed and text not in setting.allowed:
            return f"not one of {', '.join(setting.allowed)}"
        if setting.check and (wrong := setting.check(text)):
            return wrong
        if setting.kind == "boolean" and text not in ("true", "false"):
            return "not true or false"
        if setting.kind == "integer" and not re.fullmatch(r"-?[0-9]{1,18}", text):
            return "not a whole number"
        if setting.kind in ("amount", "percent") and not re.fullmatch(
            r"-?[0-9]{1,12}(\.[0-9]{1,6})?", text
        ):
            return "not a decimal number"
        if setting.kind == "date" and not _is_date(text):
            return "not a date (YYYY-MM-DD)"
        if setting.kind == "number_format":
            return _number_format_wrong(text)
        if setting.kind in ("integer", "amount", "percent"):
            number = Decimal(text)
            if setting.minimum is not None and number < setting.minimum:
                return f"below {setting.minimum}"
            if setting.maximum is not None and number > setting.maximum:
                return f"above {setting.maximum}"
        return None

    def read_days(self, setting: Setting, node: yaml.Node) -> None:
        nodes = node.value if isinstance(node, yaml.SequenceNode) else [node]
        days: set[int] = set()
        usable = True
        for item in nodes:
            text = item.value if isinstance(item, yaml.ScalarNode) else "?"
            if not re.fullmatch(r"[0-9]{1,2}", text) or not 1 <= int(text) <= 28:
                usable = False
                self.fault(item, setting.path, "not a day from 1 to 28", text)
            elif int(text) in days:
                usable = False
                self.fault(item, setting.path, "stands twice", text)
            else:
                days.add(int(text))
        if usable and days:
            self.settings.row[setting.column] = ";".join(str(day) for day in sorted(days))

    def check_together(self, scalars: Mapping[str, yaml.Node]) -> None:
        row = self.settings.row
        row.setdefault("minor_units", None)
        minor_units = row["minor_units"]
        for setting in SETTINGS:
            value = row[setting.column]
            if (
                setting.kind == "amount"
                and isinstance(value, Decimal)
                and isinstance(minor_units, int)
                and value != round(value, minor_units)
            ):
                message = f"more than {minor_units} decimals"
                self.fault(scalars.get(setting.path), setting.path, message, str(value))
        invoice, credit_note = row["invoice_number_format"], row["credit_note_number_format"]
        if invoice is not None and invoice == credit_note:
            self.fault(
                scalars.get("billing.credit_note_number"),
                "billing.credit_note_number",
                "the same as billing.invoice_number",
                str(credit_note),
            )

    def read_feeds(self, node: yaml.Node) -> None:
        if _is_null(node):
            return
        if not isinstance(node, yaml.SequenceNode):
            self.fault(node, "feeds", "not a list of feeds")
            return
        paths: dict[str, PurePosixPath] = {}
        for position, item in enumerate(node.value):
            where = f"feeds[{position}]"
            if not isinstance(item, yaml.MappingNode):
                self.fault(item, where, "not a mapping of settings")
                continue
            feed = self.read_feed(item, where)
            if feed is None:
                continue
            path = PurePosixPath(feed.path)
            for name, other in paths.items():
                if name == feed.name:
                    self.fault(item, f"{where}.name", "another feed has this name", name)
                if path == other or path in other.parents or other in path.parents:
                    self.fault(item, f"{where}.path", f"lies in the path of feed {name}", feed.path)
            paths[feed.name] = path
            self.settings.feeds.append(feed)

    def read_feed(self, node: yaml.MappingNode, where: str) -> Feed | None:
        values = dict(self.items(node, where))
        formats = registered_formats()
        texts: dict[str, str] = {}
        for name in ("name", "format", "path"):
            value = values.get(name)
            if value is None or _is_null(value) or _is_empty(value):
                self.fault(value or node, f"{where}.{name}", "missing")
            elif not isinstance(value, yaml.ScalarNode):
                self.fault(value, f"{where}.{name}", "not a single value")
            elif wrong := _feed_wrong(name, value.value):
                self.fault(value, f"{where}.{name}", wrong, value.value)
            else:
                texts[name] = value.value
        time_zone = self.settings.time_zone
        if (value := values.get("time_zone")) is not None and not _is_null(value):
            time_zone = value.value if isinstance(value, yaml.ScalarNode) else "?"
            if wrong := is_time_zone(time_zone):
                self.fault(value, f"{where}.time_zone", wrong, time_zone)
                texts.pop("name", None)
        usage_format = formats.get(texts.get("format", ""))
        options = self.read_options(usage_format, node, where) if usage_format else None
        if len(texts) < 3 or options is None:
            return None
        return Feed(
            texts["name"],
            texts["format"],
            str(PurePosixPath(texts["path"])),
            time_zone,
            options,
        )

    def read_options(
        self, usage_format: UsageFormat, feed: yaml.MappingNode, where: str
    ) -> dict[str, object] | None:
        """The feed's further keys as its format declares them; None if one is at fault."""
        before = len(self.settings.faults)
        options: dict[str, object] = {}
        for key, node in feed.value:
            name, path = str(key.value), f"{where}.{key.value}"
            if name in ("name", "format", "path", "time_zone") or name in options:
                continue
            if name not in usage_format.options:
                message = f"format {usage_format.name} has no such option, not read"
                line = node.start_mark.line + 1
                self.settings.warnings.append(Fault(FILE, line, path, message))
                continue
            value = _plain(node)
            if wrong := usage_format.options[name](value):
                self.fault(node, path, wrong, value if isinstance(value, str) else None)
            elif not self.has_repetitions(node, path):
                options[name] = value
        missing = [name for name in usage_format.required_options if name not in options]
        for name in missing:
            if not any(key.value == name for key, _ in feed.value):
                self.fault(feed, f"{where}.{name}", "missing")
        if not missing:
            for fault in usage_format.check(options):
                self.option_fault(feed, where, fault)
        return options if len(self.settings.faults) == before else None

    def has_repetitions(self, node: yaml.Node, path: str) -> bool:
        """Whether a key stands twice anywhere in an option; each one is a fault."""
        before = len(self.settings.faults)
        if isinstance(node, yaml.MappingNode):
            for name, value in self.items(node, path):
                self.has_repetitions(value, f"{path}.{name}")
        elif isinstance(node, yaml.SequenceNode):
            for position, value in enumerate(node.value):
                self.has_repetitions(value, f"{path}[{position}]")
        return len(self.settings.faults) > before

    def option_fault(self, feed: yaml.MappingNode, where: str, fault: OptionFault) -> None:
        """A fault at the line of the value that it is about, or of what should hold it."""
        node: yaml.Node = feed
        found = True
        for step in fault.path:
            where += f"[{step}]" if isinstance(step, int) else f".{step}"
            inner = _inside(node, step) if found else None
            found = inner is not None
            node = inner or node
        value = node.value if found and isinstance(node, yaml.ScalarNode) else None
        self.fault(node, where, fault.message, value)


def _inside(node: yaml.Node, step: str | int) -> yaml.Node | None:
    """The value at a key of a mapping or a position of a list."""
    if isinstance(node, yaml.MappingNode):
        return next((value for key, value in node.value if key.value == step), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step]
    return None


def _feed_wrong(name: str, text: str) -> str | None:
    if name == "name":
        return None if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}", text) else "not a name"
    if name == "format":
        known = registered_formats()
        return None if text in known else f"not one of {', '.join(known)}"
    path = PurePosixPath(text)
    if path.is_absolute() or ".." in path.parts or "\\" in text or not path.parts:
        return "not a path inside the operator folder"
    if path.parts[0] in ("ratebook", "crm", "branding"):
        return "not a folder of usage files"
    return None


def _plain(node: yaml.Node) -> object:
    """A node as text, lists and mappings of text; null is None."""
    if _is_null(node):
        return None
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item) for item in node.value]
    if isinstance(node, yaml.MappingNode):
        return {str(key.value): _plain(value) for key, value in node.value}
    return node.value


def _is_null(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:null"


def _is_empty(node: yaml.Node) -> bool:
    return not node.value


def _is_date(text: str) -> bool:
    try:
        return bool(re.fullmatch(r"\d{4}-\d{2}-\d{2}", text)) and bool(dt.date.fromisoformat(text))
    except ValueError:
        return False


def _number_format_wrong(text: str) -> str | None:
    """A document number is also a file name, and unique over the years."""
    try:
        parts = list(string.Formatter().parse(text))
    except ValueError:
        return "not a format of {year} and {sequence}"
    fields = [name for _, name, _, _ in parts if name is not None]
    if sorted(fields) != ["sequence", "year"]:
        return "not a format of {year} and {sequence}"
    for literal, name, spec, conversion in parts:
        if not re.fullmatch(r"[A-Za-z0-9._-]*", literal) or conversion:
            return "holds characters other than letters, digits, dot, - and _"
        if name is not None and not re.fullmatch(r"(0[1-9][0-9]?d)?|d", spec or ""):
            return "not a format of {year} and {sequence}"
    return None


_VALUES: dict[SettingKind, Callable[[str], object]] = {
    "text": str,
    "boolean": lambda text: text == "true",
    "integer": int,
    "amount": Decimal,
    "percent": Decimal,
    "date": dt.date.fromisoformat,
    "days": str,
    "number_format": str,
}
