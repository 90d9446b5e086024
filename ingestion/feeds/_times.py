"""Reads times as feeds write them: local stamps of a time zone, epochs, and forms declared like
`%d.%m.%Y %H:%M:%S`.

A local time in the hour that the clock runs through twice is taken as the first of the two, one in
the hour that it leaves out as if the clock had not been put forward yet.
"""

from __future__ import annotations

import datetime as dt
import re
import zoneinfo
from collections.abc import Callable

ISO = "iso"
EPOCHS = {"epoch_seconds": 1, "epoch_milliseconds": 10**3, "epoch_microseconds": 10**6}
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
# A year of two digits is one of this century.
CENTURY = 2000

# The directives of strptime that do not depend on a language setting; %b is English.
DIRECTIVES = {
    "%Y": r"(?P<year>\d{4})",
    "%y": r"(?P<short_year>\d{2})",
    "%m": r"(?P<month>\d{1,2})",
    "%b": r"(?P<month_name>[A-Za-z]{3})",
    "%d": r"(?P<day>\d{1,2})",
    "%H": r"(?P<hour>\d{1,2})",
    "%M": r"(?P<minute>\d{2})",
    "%S": r"(?P<second>\d{2})",
    "%f": r"(?P<fraction>\d{1,6})",
    "%z": r"(?P<offset>Z|[+-]\d{2}:?\d{2})",
    "%%": "%",
}
ISO_TIME = re.compile(
    r"(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})"
    r"[T ](?P<hour>\d{2}):(?P<minute>\d{2}):(?P<second>\d{2})(?:\.(?P<fraction>\d{1,6})0*)?"
    r" ?(?P<offset>Z|[+-]\d{2}:?\d{2})?",
    re.ASCII,
)


def form_fault(form: object) -> str | None:
    """None, or what is wrong with a declared form of times."""
    if form == ISO or form in EPOCHS:
        return None
    if not isinstance(form, str) or "%" not in form:
        return f"not {ISO}, {', '.join(EPOCHS)} or a form such as %d.%m.%Y %H:%M:%S"
    unknown = [found for found in re.findall("%.?", form) if found not in DIRECTIVES]
    if unknown:
        return f"{unknown[0]} is not one of {' '.join(DIRECTIVES)}"
    try:
        known = set(_pattern(form).groupindex)
    except re.error:
        return "a part stands twice"
    if not (known & {"year", "short_year"} and known & {"month", "month_name"} and "day" in known):
        return "year, month or day is missing"
    if {"year", "short_year"} <= known or {"month", "month_name"} <= known:
        return "a part stands twice"
    if "hour" not in known or "minute" not in known:
        return "hour or minute is missing"
    return None


def instant_reader(form: str, time_zone: str) -> Callable[[str], str]:
    """A function from a text of the form to the instant in UTC, as ISO 8601.

    It raises ValueError if the text is not of the form or there is no such time.
    """
    if form in EPOCHS:
        per_second = EPOCHS[form]
        return lambda text: instant_of_epoch(text, per_second)
    pattern = ISO_TIME if form == ISO else _pattern(form)
    zone = zoneinfo.ZoneInfo(time_zone)

    def read(text: str) -> str:
        found = pattern.fullmatch(text)
        if not found:
            raise ValueError
        return in_utc(_moment(found.groupdict(), zone))

    return read


def instant_of_epoch(text: str, per_second: int) -> str:
    """The instant of so many seconds (or parts of a second) since 1970, as ISO 8601 in UTC."""
    if not re.fullmatch(r"\d{1,17}", text, re.ASCII):
        raise ValueError
    seconds, rest = divmod(int(text), per_second)
    try:
        moment = dt.datetime.fromtimestamp(seconds, dt.UTC)
    except (OverflowError, OSError):
        raise ValueError from None
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{rest * (1_000_000 // per_second):06d}Z"


def in_utc(moment: dt.datetime) -> str:
    """ISO 8601 in UTC. Raises ValueError at either end of the calendar."""
    try:
        return moment.astimezone(dt.UTC).isoformat()
    except OverflowError:
        raise ValueError from None


def _pattern(form: str) -> re.Pattern[str]:
    pieces = re.split("(%.)", form)
    return re.compile("".join(DIRECTIVES.get(p, re.escape(p)) for p in pieces), re.ASCII)


def _moment(parts: dict[str, str | None], zone: dt.tzinfo) -> dt.datetime:
    year = parts.get("year") or CENTURY + int(parts["short_year"] or 0)
    month = parts.get("month") or 1 + MONTHS.index((parts["month_name"] or "").lower())
    return dt.datetime(
        int(year),
        int(month),
        int(parts["day"] or 0),
        int(parts.get("hour") or 0),
        int(parts.get("minute") or 0),
        int(parts.get("second") or 0),
        int((parts.get("fraction") or "").ljust(6, "0") or 0),
        _offset(parts.get("offset"), zone),
    )


def _offset(text: str | None, zone: dt.tzinfo) -> dt.tzinfo:
    if text is None:
        return zone
    if text == "Z":
        return dt.UTC
    # timedelta takes any minutes; 60 and more are none.
    if int(text[-2:]) >= 60:
        raise ValueError
    minutes = int(text[1:3]) * 60 + int(text[-2:])
    return dt.timezone(dt.timedelta(minutes=-minutes if text[0] == "-" else minutes))
