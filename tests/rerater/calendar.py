"""Periods, day counts and the local clock (1.1, 1.2, 5.1)."""

from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from typing import NamedTuple
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
MICROSECOND = timedelta(microseconds=1)


class Stretch(NamedTuple):
    """Days from `start` up to, not including, `end`."""

    start: date
    end: date

    def __contains__(self, day: object) -> bool:
        return isinstance(day, date) and self.start <= day < self.end

    def overlap(self, other: "Stretch") -> "Stretch | None":
        start, end = max(self.start, other.start), min(self.end, other.end)
        return Stretch(start, end) if start < end else None


def add_months(day: date, months: int) -> date:
    """The same day of another month; a day that month lacks becomes its last one (5.3)."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    first = date(year, month + 1, 1)
    following = date(year + (month == 11), (month + 1) % 12 + 1, 1)
    return date(year, month + 1, min(day.day, (following - first).days))


def boundary_at_or_before(day: date, cycle_day: int) -> date:
    """The period boundary at or before a day (1.1)."""
    boundary = date(day.year, day.month, cycle_day)
    return boundary if boundary <= day else add_months(boundary, -1)


def boundary_at_or_after(day: date, cycle_day: int) -> date:
    """The period boundary at or after a day (1.1)."""
    boundary = boundary_at_or_before(day, cycle_day)
    return boundary if boundary == day else add_months(boundary, 1)


def period_of(day: date, cycle_day: int) -> Stretch:
    """The billing period of a day: from day c of a month to day c of the next (1.1)."""
    start = boundary_at_or_before(day, cycle_day)
    return Stretch(start, add_months(start, 1))


def interval_of(day: date, anchor: date, months: int) -> Stretch:
    """The period of `months` months that holds a day, counted both ways from `anchor` (5.1)."""
    elapsed = (day.year - anchor.year) * 12 + day.month - anchor.month
    if add_months(anchor, elapsed) > day:
        elapsed -= 1
    turn = elapsed // months
    return Stretch(add_months(anchor, turn * months), add_months(anchor, (turn + 1) * months))


def window_start(
    bill_date: date, cycle_day: int, *, lookback_periods: int, first_period: date
) -> date:
    """The first day of the window of a bill date: never before `first_period` (1.2)."""
    own = boundary_at_or_after(bill_date, cycle_day)
    return max(
        add_months(own, -(lookback_periods + 1)), boundary_at_or_after(first_period, cycle_day)
    )


def count_days(start: date, end: date, day_count: str) -> int:
    """Days of a stretch: true days, or 30/360 where every 31st counts as the 30th (5.1)."""
    if day_count == "actual":
        return (end - start).days

    def serial(day: date) -> int:
        return day.year * 360 + day.month * 30 + min(day.day, 30)

    return serial(end) - serial(start)


def share_of_period(stretch: Stretch, period: Stretch, day_count: str) -> Fraction:
    """Active days over the days of the period (5.1)."""
    return Fraction(count_days(*stretch, day_count), count_days(*period, day_count))


def local_time(instant: datetime, zone: ZoneInfo) -> datetime:
    return instant.astimezone(zone)


def local_date(instant: datetime, zone: ZoneInfo) -> date:
    return instant.astimezone(zone).date()


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The first moment of a local day."""
    return datetime.combine(day, time(0), zone).astimezone(UTC)


def seconds_between(start: datetime, end: datetime) -> Fraction:
    return Fraction((end - start) // MICROSECOND, 10**6)


def clock_changes(start: datetime, end: datetime, zone: ZoneInfo) -> list[datetime]:
    """The instants at which the local clock jumps, from `start` to `end` (3.5)."""
    changes = []
    left = start
    while left < end:
        right = min(left + timedelta(hours=12), end)
        if left.astimezone(zone).utcoffset() != right.astimezone(zone).utcoffset():
            low, high = left, right
            while high - low > timedelta(seconds=1):
                middle = low + (high - low) // 2
                if middle.astimezone(zone).utcoffset() == low.astimezone(zone).utcoffset():
                    low = middle
                else:
                    high = middle
            changes.append(high.replace(microsecond=0))
        left = right
    return changes
