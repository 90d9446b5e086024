"""How the page writes money, dates, durations, volumes and percentages in one locale.

Values come in as strings, ints or Decimal and never pass through float. Babel knows the
locale's patterns; each result is cached, since a bill repeats few distinct values.
"""

import datetime as dt
import re
import unicodedata
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property, lru_cache

import phonenumbers
from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_interval, format_skeleton, format_time
from babel.numbers import (
    NumberPattern,
    format_compact_decimal,
    get_currency_symbol,
)
from babel.units import format_unit

MINUS = "\u2212"
NO_BREAK_SPACE = "\u00a0"
ELLIPSIS = "…"
CACHE_SIZE = 20_000

_DECIMAL_UNITS = (
    (10**12, "digital-terabyte"),
    (10**9, "digital-gigabyte"),
    (10**6, "digital-megabyte"),
    (10**3, "digital-kilobyte"),
    (1, "digital-byte"),
)
# CLDR has no binary units; the letter of the byte is taken from the locale ("Gio", "GiB").
_BINARY_UNITS = ((2**40, "Ti"), (2**30, "Gi"), (2**20, "Mi"), (2**10, "Ki"))

# Characters that could reorder or hide what stands beside them: controls, bidi overrides and
# isolates, zero-width marks, lone surrogates, private use.
_UNSAFE = re.compile(
    "[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\ufeff\ufff9-\ufffb\ufffe\uffff\ud800-\udfff\ue000-\uf8ff\U000e0000-\U0010ffff]"
)
_LETTER_LAST = re.compile(r"[^\W\d_]\Z")
_SPACES = re.compile(r"[ \t\r\n\f\v]+")


def clean(text: object, limit: int = 160) -> str:
    """One line of printable text: control and direction characters go, long texts are cut."""
    if text is None:
        return ""
    line = str(text)
    if len(line) > 4 * limit:
        line = line[: 4 * limit]
    if "  " in line or not (line.isascii() and line.isprintable()):
        line = unicodedata.normalize("NFC", _UNSAFE.sub("", _SPACES.sub(" ", line)))
    line = line.strip()
    return line if len(line) <= limit else line[: limit - 1].rstrip() + ELLIPSIS


def to_decimal(value: object) -> Decimal:
    """A number of the document, exactly; floats are refused, they have lost it already."""
    if isinstance(value, Decimal):
        return value
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise TypeError(f"not an exact number: {value!r}")
    number = Decimal(value)
    if not number.is_finite():
        raise ValueError(f"not a number: {value!r}")
    return number


def to_date(value: object) -> dt.date:
    """A date of the document: ISO text, or a date as a database driver gives it."""
    if isinstance(value, dt.datetime):
        return value.date()
    if isinstance(value, dt.date):
        return value
    return dt.date.fromisoformat(str(value)[:10])


def to_datetime(value: object) -> dt.datetime:
    """A local instant of a usage row: ISO text or a datetime."""
    return value if isinstance(value, dt.datetime) else dt.datetime.fromisoformat(str(value))


@lru_cache(maxsize=256)
def find_locale(language: str, country: str) -> Locale:
    """The formats of a language as used in a country; of the language alone if CLDR has no such
    pair ("fr" in Belgium is fr_BE, "fr_CA" stays as it stands)."""
    parts = language.replace("-", "_").split("_")
    candidates = [language.replace("-", "_")] if len(parts) > 1 else [f"{parts[0]}_{country}"]
    for candidate in (*candidates, parts[0], "en"):
        try:
            return Locale.parse(candidate)
        except (ValueError, UnknownLocaleError):
            continue
    raise LookupError(language)


class _Pattern:
    """A number pattern of a locale: writes what Babel's `NumberPattern.apply` does, which works out
    for each number what is the same for all of the locale, and takes several times as long.

    `decimals`: how many there are at least and at most; without, as many as a number has.
    """

    def __init__(
        self,
        locale: Locale,
        pattern: NumberPattern,
        decimals: tuple[int, int] | None = None,
        currency_sign: str = "",
    ) -> None:
        symbols = locale.number_symbols["latn"]
        self._group, self._point = symbols.get("group", ","), symbols.get("decimal", ".")
        self._groups = pattern.grouping
        self._least, self._most = decimals or pattern.frac_prec
        self._is_exact = decimals is None
        minus = symbols.get("minusSign", "-")

        def filled(text: str) -> str:
            # Quotes stand around words.
            return text.replace("\u00a4", currency_sign).replace("'", "").replace(minus, MINUS)

        # CLDR asks for a space between a currency's letters and the digits.
        self._before = [_LETTER_LAST.sub("\\g<0>\u00a0", filled(text)) for text in pattern.prefix]
        self._after = [filled(text) for text in pattern.suffix]

    def write(self, value: Decimal) -> str:
        """The number in this pattern."""
        is_negative = value.is_signed()
        value = abs(value).normalize()
        most = self._most
        if self._is_exact:
            most = max(most, -int(value.as_tuple().exponent))
        whole, _, decimals = f"{value.quantize(Decimal(1).scaleb(-most)):f}".partition(".")
        size, further = self._groups
        groups = ""
        while len(whole) > size:
            groups = f"{self._group}{whole[-size:]}{groups}"
            whole, size = whole[:-size], further
        decimals = decimals.rstrip("0").ljust(self._least, "0")
        point = self._point if decimals else ""
        before, after = self._before[is_negative], self._after[is_negative]
        return f"{before}{whole}{groups}{point}{decimals}{after}"


class Formats:
    """The formats of one locale and currency. Obtain it through `formats_for`."""

    def __init__(self, locale: Locale, currency_code: str, minor_units: int) -> None:
        self.locale = locale
        self.currency_sign = get_currency_symbol(currency_code, locale)
        money, plain = locale.currency_formats["standard"], locale.decimal_formats[None]
        billed, rated = (minor_units, minor_units), (minor_units, 6)
        self._billed = _Pattern(locale, money, billed, self.currency_sign)
        self._rated = _Pattern(locale, money, rated, self.currency_sign)
        self._billed_alone = _Pattern(locale, plain, billed)
        self._number = _Pattern(locale, plain)
        self._percent = _Pattern(locale, locale.percent_formats[None])
        # (unit, plural form) → the text with a place for the number
        self._units: dict[tuple[str, str], str] = {}
        for name in (
            "money", "rated_money", "change", "number", "percent", "long_date", "date",
            "short_date", "month", "short_month", "time", "period", "volume", "volume_unit",
            "minutes", "clock", "plain_amount",
        ):  # fmt: skip
            setattr(self, name, lru_cache(maxsize=CACHE_SIZE)(getattr(self, name)))

    def money(self, amount: str | Decimal) -> str:
        """An amount with the currency's own digits ("1 234,50 €")."""
        # Adding 0 takes the sign off a zero.
        return self._billed.write(to_decimal(amount) + 0)

    def rated_money(self, amount: str | Decimal) -> str:
        """A rated amount: at least the currency's digits, up to the 6 that rating carries."""
        return self._rated.write(to_decimal(amount) + 0)

    def change(self, amount: Decimal) -> str:
        """A difference with its sign, also when it is positive."""
        text = self.money(amount)
        return f"+{text}" if amount > 0 else text

    def plain_amount(self, amount: Decimal) -> str:
        """A billed amount without the currency's sign, which stands elsewhere."""
        return self._billed_alone.write(amount + 0)

    @cached_property
    def minute_sign(self) -> str:
        """The locale's short word for minutes."""
        return _unit_alone(format_unit(5, "duration-minute", "short", locale=self.locale))

    def number(self, value: int | str | Decimal) -> str:
        """A plain quantity, without trailing zeros."""
        return self._number.write(to_decimal(value))

    def compact(self, value: Decimal) -> str:
        """A large number in few characters ("1,2 M")."""
        text = format_compact_decimal(value, locale=self.locale, fraction_digits=1)
        return text.replace(self.locale.number_symbols["latn"].get("minusSign", "-"), MINUS)

    def percent(self, rate: str | Decimal) -> str:
        """A rate given in percent ("5.500000" is 5.5 %)."""
        return self._percent.write(to_decimal(rate))

    def long_date(self, day: dt.date) -> str:
        return self._ordinal(format_date(day, "long", locale=self.locale))

    def date(self, day: dt.date) -> str:
        return self._ordinal(format_skeleton("yMMMd", day, locale=self.locale))

    def _ordinal(self, text: str) -> str:
        """French says "1er novembre", which CLDR's patterns cannot."""
        is_first = self.locale.language == "fr" and text.startswith("1 ")
        return f"1er{text[1:]}" if is_first else text

    def short_date(self, day: dt.date) -> str:
        return format_skeleton("MMMd", day, locale=self.locale)

    def month(self, day: dt.date) -> str:
        return format_skeleton("yMMMM", day, locale=self.locale)

    def short_month(self, day: dt.date) -> str:
        """The month alone, for the foot of a chart ("nov.")."""
        return format_date(day, "LLL", locale=self.locale)

    def time(self, hour: int, minute: int) -> str:
        return format_time(dt.time(hour, minute), "short", locale=self.locale)

    def period(self, start: dt.date, end: dt.date, with_year: bool = True) -> str:
        """A half-open stretch of days, written by its first and last day (1.1)."""
        last = end - dt.timedelta(days=1)
        if last <= start:
            return self.date(start) if with_year else self.short_date(start)
        skeleton = "yMMMd" if with_year or start.year != last.year else "MMMd"
        return format_interval(start, last, skeleton, locale=self.locale)

    def volume(self, quantity: int, scale_of: int | None = None) -> str:
        """Bytes in the unit that suits `scale_of` (default: the quantity), to two decimals.

        A `scale_of` that is whole in binary units and not in decimal ones is shown in those, so
        that an allowance sold as 5 GiB does not read as 5.37 GB.
        """
        reference = abs(quantity if scale_of is None else scale_of)
        if scale_of and scale_of % 10**6 and not scale_of % 2**20:
            size, prefix = next(pair for pair in _BINARY_UNITS if reference >= pair[0])
            text = self._with_unit(_rounded(quantity, size), "digital-megabyte")
            return text.replace("M", prefix)
        size, unit = next(
            (pair for pair in _DECIMAL_UNITS if reference >= pair[0]), _DECIMAL_UNITS[-1]
        )
        return self._with_unit(_rounded(quantity, size), unit)

    def volume_unit(self, scale_of: int) -> tuple[int, str]:
        """The decimal unit that suits a volume: its bytes and its sign ("Go")."""
        size, unit = next(
            (pair for pair in _DECIMAL_UNITS if scale_of >= pair[0]), _DECIMAL_UNITS[-1]
        )
        return size, _unit_alone(format_unit(5, unit, "short", locale=self.locale))

    def minutes(self, seconds: int) -> str:
        """Talk time as an allowance counts it: minutes, from ten on without decimals."""
        number = _rounded(seconds, 60)
        if number >= 10:
            number = number.to_integral_value(ROUND_HALF_UP)
        return self._with_unit(number, "duration-minute")

    def _with_unit(self, number: Decimal, unit: str) -> str:
        """As Babel's `format_unit`, asked once for each plural form of a unit."""
        written = self._number.write(number).replace(MINUS, "-")
        key = unit, self.locale.plural_form(number)
        if key not in self._units:
            text = format_unit(number, unit, "short", locale=self.locale)
            self._units[key] = text.replace(written, "{}")
        return self._units[key].format(written)

    def clock(self, seconds: int) -> str:
        """Talk time as a stopwatch shows it: hours, minutes, seconds ("1:05:12")."""
        sign, seconds = (MINUS, -seconds) if seconds < 0 else ("", seconds)
        minutes, second = divmod(seconds, 60)
        hour, minute = divmod(minutes, 60)
        return f"{sign}{hour}:{minute:02d}:{second:02d}"


@lru_cache(maxsize=64)
def formats_for(locale_id: str, currency_code: str, minor_units: int) -> Formats:
    """Shared formats, so that their caches serve every document of a run."""
    return Formats(Locale.parse(locale_id), currency_code, minor_units)


@lru_cache(maxsize=CACHE_SIZE)
def phone_number(number: str, country: str) -> str:
    """A subscription's own number as people of `country` write it; as it stands if it is none."""
    digits = number if number.startswith("+") else f"+{number}"
    try:
        parsed = phonenumbers.parse(digits)
    except phonenumbers.NumberParseException:
        return clean(number, 40)
    if not phonenumbers.is_possible_number(parsed):
        return clean(number, 40)
    national = phonenumbers.country_code_for_region(country) == parsed.country_code
    style = (
        phonenumbers.PhoneNumberFormat.NATIONAL
        if national
        else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    )
    return phonenumbers.format_number(parsed, style).replace(" ", NO_BREAK_SPACE)


def grouped(text: str, size: int = 4) -> str:
    """An account number in groups for the eye ("FR76 3000 …"), breakable between them."""
    return " ".join(text[at : at + size] for at in range(0, len(text), size))


def _unit_alone(text: str) -> str:
    return re.sub(r"[\d\s\u00a0\u202f]+", "", text)


def _rounded(quantity: int, size: int) -> Decimal:
    number = (Decimal(quantity) / size).quantize(Decimal("0.01"), ROUND_HALF_UP)
    whole = number.to_integral_value()
    return whole if whole == number else number.normalize()
