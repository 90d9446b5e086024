"""Money, dates, durations and volumes in four locales."""

import datetime as dt
from decimal import Decimal

import pytest
from babel.numbers import format_currency, format_decimal, format_percent, get_minus_sign_symbol

from renderers.formatting import (
    MINUS,
    Formats,
    clean,
    find_locale,
    formats_for,
    phone_number,
    to_decimal,
)
from tests.renderers.text import plain


def formats(locale: str, currency: str = "EUR", minor_units: int = 2) -> Formats:
    return formats_for(locale, currency, minor_units)


@pytest.mark.parametrize(
    ("locale", "currency", "minor_units", "amount", "expected"),
    [
        ("fr_FR", "EUR", 2, "1234.50", "1 234,50 €"),
        ("fr_FR", "EUR", 2, "-5.00", "−5,00 €"),
        ("fr_FR", "EUR", 2, "-0.00", "0,00 €"),
        ("fr_CA", "CAD", 2, "1234.50", "1 234,50 $"),
        ("en_US", "USD", 2, "1234.50", "$1,234.50"),
        ("de_DE", "EUR", 2, "-1234.50", "−1.234,50 €"),
        ("en_US", "JPY", 0, "1234", "¥1,234"),
        ("en_US", "KWD", 3, "1.250", "KWD 1.250"),
        ("fr_FR", "EUR", 2, "123456789012345.67", "123 456 789 012 345,67 €"),
    ],
)
def test_money_has_the_digits_of_its_currency(
    locale: str, currency: str, minor_units: int, amount: str, expected: str
) -> None:
    assert plain(formats(locale, currency, minor_units).money(amount)) == expected


def test_rated_money_shows_all_that_rating_carries() -> None:
    french = formats("fr_FR")
    assert plain(french.rated_money("0.120000")) == "0,12 €"
    assert plain(french.rated_money("0.123456")) == "0,123456 €"


def test_floats_are_refused() -> None:
    with pytest.raises(TypeError):
        to_decimal(1.5)
    with pytest.raises(ValueError, match="not a number"):
        to_decimal("NaN")


def test_a_rate_keeps_its_decimals() -> None:
    assert plain(formats("fr_CA").percent("9.975000")) == "9,975 %"
    assert plain(formats("fr_FR").percent("5.500000")) == "5,5 %"
    assert plain(formats("en_US").percent("20.000000")) == "20%"


def test_a_half_open_period_is_written_by_its_last_day() -> None:
    start, end = dt.date(2026, 11, 1), dt.date(2026, 12, 1)
    assert plain(formats("fr_FR").period(start, end)) == "1–30 nov. 2026"
    one_day = formats("fr_FR").period(start, dt.date(2026, 11, 2))
    assert plain(one_day) == "1er nov. 2026"
    assert plain(formats("fr_FR").long_date(start)) == "1er novembre 2026"
    assert plain(formats("de_DE").long_date(start)) == "1. November 2026"


def test_volumes_and_talk_time() -> None:
    french = formats("fr_FR")
    assert plain(french.volume(71_600_000_000)) == "71,6 Go"
    assert plain(french.volume(500_000_000, 5 * 10**9)) == "0,5 Go"
    assert plain(french.volume(999)) == "999 o"
    assert plain(formats("de_DE").volume(18 * 2**30, 20 * 2**30)) == "18 GiB"
    assert french.clock(3912) == "1:05:12"
    assert plain(french.minutes(90)) == "1,5 min"
    assert plain(french.minutes(30_000)) == "500 min"


def test_the_region_comes_from_the_country_unless_the_language_names_one() -> None:
    assert str(find_locale("fr", "BE")) == "fr_BE"
    assert str(find_locale("fr_CA", "FR")) == "fr_CA"
    assert find_locale("de", "ZZ").language == "de"
    assert find_locale("xx", "FR").language == "en"


def test_own_numbers_are_written_as_in_the_country() -> None:
    assert plain(phone_number("33612345678", "FR")) == "06 12 34 56 78"
    assert plain(phone_number("33612345678", "DE")) == "+33 6 12 34 56 78"
    assert plain(phone_number("447700900321", "GB")) == "07700 900321"
    assert phone_number("not a number", "FR") == "not a number"


def test_unprintable_and_reordering_characters_go() -> None:
    assert clean("a\u202eb\u2066c\x00\x1bd\ud800e") == "abcde"
    assert clean("a\n b\t\tc") == "a b c"
    assert clean("x" * 10_000, 50) == "x" * 49 + "…"
    assert clean(None) == ""


def test_decimals_are_exact() -> None:
    assert to_decimal("0.1") + to_decimal("0.2") == Decimal("0.3")


@pytest.mark.parametrize("locale", ["fr_FR", "de_CH", "en_IN", "bg_BG", "hi_IN", "es_ES", "ar_EG"])
def test_numbers_are_written_as_babel_writes_them(locale: str) -> None:
    written, minus = formats(locale), get_minus_sign_symbol(locale)
    for text in ("0", "7", "-0.5", "1000", "-12345.60", "1234567.8915", "1E+3", "1e-9"):
        number = Decimal(text)
        in_full = {"locale": locale, "decimal_quantization": False}
        assert written.number(number) == format_decimal(number, **in_full).replace(minus, MINUS)
        percent = format_percent(number / 100, **in_full)
        assert written.percent(number) == percent.replace(minus, MINUS)
        money = format_currency(number, "EUR", locale=locale).replace(minus, MINUS)
        assert written.money(number) == money
