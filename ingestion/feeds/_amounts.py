"""Quantities as feeds write them, brought to seconds and bytes without floating point."""

from __future__ import annotations

import re
from fractions import Fraction

DECIMALS = 6
NUMBER = re.compile(r"[+-]?(\d{1,18}(\.\d{0,18})?|\.\d{1,18})", re.ASCII)
CLOCK = re.compile(r"([+-]?)(\d{1,9}):([0-5]?\d):([0-5]?\d(?:\.\d{1,18})?)", re.ASCII)
MINUTES_CLOCK = re.compile(r"([+-]?)(\d{1,9}):([0-5]?\d(?:\.\d{1,18})?)", re.ASCII)

SECONDS = {
    "nanosecond": Fraction(1, 10**9),
    "microsecond": Fraction(1, 10**6),
    "millisecond": Fraction(1, 10**3),
    "second": Fraction(1),
    "minute": Fraction(60),
    "hour": Fraction(3600),
}
CLOCKS = ("h:mm:ss", "m:ss")
BYTES = {
    "byte": 1,
    "kb": 10**3,
    "mb": 10**6,
    "gb": 10**9,
    "kib": 2**10,
    "mib": 2**20,
    "gib": 2**30,
}


def number(text: str) -> Fraction:
    """A decimal number, exactly. Raises ValueError."""
    if not NUMBER.fullmatch(text):
        raise ValueError
    return Fraction(text)


def seconds(text: str, unit: str) -> Fraction:
    """A duration in one of SECONDS or CLOCKS as seconds. Raises ValueError."""
    if unit in SECONDS:
        return number(text) * SECONDS[unit]
    found = (CLOCK if unit == "h:mm:ss" else MINUTES_CLOCK).fullmatch(text)
    if not found:
        raise ValueError
    sign, *parts = found.groups()
    total = Fraction(0)
    for part in parts:
        total = total * 60 + Fraction(part)
    return -total if sign == "-" else total


def whole_bytes(text: str, unit: str) -> str:
    """A volume in one of BYTES as whole bytes. Raises ValueError if it is no whole number."""
    volume = number(text) * BYTES[unit]
    if volume.denominator != 1:
        raise ValueError
    return str(volume.numerator)


def seconds_text(duration: Fraction) -> str:
    """Seconds as a decimal number. What is beyond the microsecond is cut off: a usage record holds
    no finer ones, and less than that decides no billed second against the customer.
    """
    micro = int(duration * 10**DECIMALS)
    whole, rest = divmod(abs(micro), 10**DECIMALS)
    text = f"{whole}.{rest:0{DECIMALS}d}".rstrip("0").rstrip(".")
    return f"-{text}" if micro < 0 else text
