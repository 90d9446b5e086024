"""How people use their phones: how often by plan, at which hours, how long, how much."""

from datetime import date
from itertools import accumulate
from typing import NamedTuple

import polars as pl

from ingestion.demo import dice
from ingestion.demo.timeline import holidays

SERVICES = ("voice", "sms", "mms", "data")


class Habit(NamedTuple):
    """Records in thirty days by service, and bytes of the median data session."""

    voice: float
    sms: float
    mms: float
    data: float
    session_bytes: int
    business_hours: bool = False


HABITS = {
    "unite": Habit(6, 6, 0.1, 2.5, 4_000_000),
    "mini_2019": Habit(8, 7, 0.1, 3, 6_000_000),
    "essentiel": Habit(10, 8, 0.2, 5, 20_000_000),
    "confort_20": Habit(10.5, 8.5, 0.5, 12, 130_000_000),
    "liberte_100": Habit(11, 9, 0.6, 15, 250_000_000),
    "rentree_150": Habit(9, 10, 0.8, 20, 300_000_000),
    "illimite": Habit(12, 10, 0.8, 18, 300_000_000),
    "famille": Habit(9, 10, 0.6, 13, 180_000_000),
    "pro_mobile": Habit(18, 6, 0.2, 12, 120_000_000, business_hours=True),
    "pro_ligne": Habit(85, 0, 0, 0, 0, business_hours=True),
    # A connected thing has no voice in its price list, and yet some call.
    "objets": Habit(0.4, 1.5, 0, 9, 400_000),
}

_WEEK = {
    # Monday … Sunday, in percent of an average day
    "voice": (104, 104, 103, 104, 112, 98, 75),
    "sms": (98, 98, 99, 100, 108, 104, 93),
    "mms": (85, 85, 88, 90, 105, 125, 122),
    "data": (96, 95, 96, 97, 101, 106, 109),
}
_BUSINESS_WEEK = (128, 132, 130, 130, 120, 34, 16)
_HOLIDAY_PERCENT = {"voice": 82, "sms": 106, "mms": 150, "data": 108}
_HOLIDAY_PERCENT_BUSINESS = 14

_HOURS = {
    "private weekday": (2, 1, 1, 1, 1, 2, 6, 18, 32, 36, 38, 42, 52, 44, 38, 38, 46, 60, 74, 70,
                        54, 36, 18, 7),
    "private weekend": (4, 2, 1, 1, 1, 1, 3, 8, 20, 38, 52, 58, 56, 44, 44, 46, 50, 56, 60, 58,
                        48, 36, 22, 10),
    "business": (0.3, 0.2, 0.2, 0.2, 0.4, 1, 4, 18, 62, 84, 86, 78, 30, 48, 80, 82, 78, 60, 28, 10,
                 4, 2, 1, 0.5),
    "data": (22, 12, 7, 5, 5, 8, 18, 36, 42, 40, 40, 42, 52, 50, 44, 44, 48, 54, 58, 60, 66, 68,
             58, 38),
}  # fmt: skip


def _clock(weights: tuple[float, ...]) -> pl.Series:
    """Quantiles of the second of the day."""
    total = sum(weights)
    reached = [0.0, *accumulate(weights)]

    def second(share: float) -> float:
        wanted = share * total
        hour = max(h for h in range(24) if reached[h] <= wanted)
        return min(86399.0, 3600 * (hour + (wanted - reached[hour]) / weights[hour]))

    return dice.quantiles(second)


CLOCKS = {name: _clock(weights) for name, weights in _HOURS.items()}

VOICE_SECONDS = dice.quantiles(dice.lognormal(75, 1.25, 1, 4 * 3600))
DESK_SECONDS = dice.quantiles(dice.lognormal(95, 1.0, 2, 2 * 3600))
SESSION_SECONDS = dice.quantiles(dice.lognormal(900, 1.1, 5, 6 * 3600))
# Per mille of the plan's median session; the greatest is some 40 GB.
SESSION_SHARE = dice.quantiles(dice.lognormal(1000, 1.5, 1, 130_000))
# Per mille of the plan's habit, mean 1000: by line, and from day to day.
LINE_SHARE = dice.quantiles(dice.lognormal(755, 0.75, 40, 8000))
DAY_SHARE = dice.quantiles(dice.lognormal(882, 0.5, 100, 4000))
# Position in the list of contacts, in 65536ths: a few people get most of the calls.
CONTACT_SHARE = dice.quantiles(lambda share: min(65535, 65536 * share**2.2))


def day_percent(service: str, business: bool, day: date) -> int:
    """What a day has of an average day's records of the service."""
    if any(day == holiday for holiday, _ in holidays(day.year)):
        return _HOLIDAY_PERCENT_BUSINESS if business else _HOLIDAY_PERCENT[service]
    return (_BUSINESS_WEEK if business else _WEEK[service])[day.weekday()]


def clock_of(service: str, business: bool, day: date) -> pl.Series:
    """When in the day the service is used."""
    if business:
        return CLOCKS["business"]
    if service == "data":
        return CLOCKS["data"]
    resting = day.weekday() >= 5 or any(day == holiday for holiday, _ in holidays(day.year))
    return CLOCKS["private weekend" if resting else "private weekday"]
