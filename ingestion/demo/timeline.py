"""The demo's calendar: bill dates, days, and the holidays of France."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")
UTC = ZoneInfo("UTC")
FIRST_PERIOD = date(2026, 7, 1)
CYCLE_DAYS = (1, 15)


def months_after(day: date, months: int) -> date:
    """The same day of the month, `months` later (days 1…28)."""
    count = day.year * 12 + day.month - 1 + months
    return date(count // 12, count % 12 + 1, day.day)


@dataclass(frozen=True)
class Timeline:
    """The stretch of time that the demo covers."""

    months: int

    @property
    def first_day(self) -> date:
        return FIRST_PERIOD

    @property
    def end(self) -> date:
        """The last bill date; usage reaches up to it, exclusive."""
        return self.bill_dates[-1]

    @property
    def bill_dates(self) -> list[date]:
        """`months` bill dates for each cycle day, all of them covered by usage."""
        return sorted(
            months_after(self.first_billed(cycle_day), number)
            for cycle_day in CYCLE_DAYS
            for number in range(1, self.months + 1)
        )

    @property
    def days(self) -> list[date]:
        count = (self.end - self.first_day).days
        return [self.first_day + timedelta(days=number) for number in range(count)]

    def first_billed(self, cycle_day: int) -> date:
        """Start of the first period that is billed for accounts of the cycle day."""
        return self.first_day.replace(day=cycle_day)

    def day_number(self, day: date) -> int:
        """0 for the first day; negative before it."""
        return (day - self.first_day).days


def local(day: date, clock: time = time(0)) -> datetime:
    """The local instant."""
    return datetime.combine(day, clock, tzinfo=PARIS)


def epoch(instant: datetime) -> int:
    """Seconds since 1970, UTC."""
    return int(instant.timestamp())


def easter(year: int) -> date:
    """Easter Sunday (Gregorian, Meeus)."""
    golden, century, rest = year % 19, year // 100, year % 100
    moon = 19 * golden + century - century // 4 - (century - (century + 8) // 25 + 1) // 3 + 15
    moon %= 30
    week = (32 + 2 * (century % 4) + 2 * (rest // 4) - moon - rest % 4) % 7
    late = (golden + 11 * moon + 22 * week) // 451
    month, day = divmod(moon + week - 7 * late + 114, 31)
    return date(year, month, day + 1)


def holidays(year: int) -> list[tuple[date, str]]:
    """The public holidays of France, in order."""
    sunday = easter(year)
    return sorted(
        [
            (date(year, 1, 1), "Jour de l'an"),
            (sunday + timedelta(days=1), "Lundi de Pâques"),
            (date(year, 5, 1), "Fête du Travail"),
            (date(year, 5, 8), "Victoire 1945"),
            (sunday + timedelta(days=39), "Ascension"),
            (sunday + timedelta(days=50), "Lundi de Pentecôte"),
            (date(year, 7, 14), "Fête nationale"),
            (date(year, 8, 15), "Assomption"),
            (date(year, 11, 1), "Toussaint"),
            (date(year, 11, 11), "Armistice 1918"),
            (date(year, 12, 25), "Noël"),
        ]
    )
