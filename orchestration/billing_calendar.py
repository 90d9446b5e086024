"""The operator's bill dates: cycle days, time zone and first period, read from operator.yaml."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml


@dataclass(frozen=True, kw_only=True)
class BillingCalendar:
    """Days 1..28 on which bill runs happen, from `first_period` on, in `time_zone` (1.1, 1.2)."""

    cycle_days: tuple[int, ...]
    time_zone: str
    first_period: date

    @property
    def cron(self) -> str:
        """Midnight of every cycle day."""
        return f"0 0 {','.join(str(day) for day in self.cycle_days)} * *"

    def cron_at(self, hour: int) -> str:
        """A full hour of every cycle day."""
        return f"0 {hour} {','.join(str(day) for day in self.cycle_days)} * *"

    def objection(self, bill_date: date) -> str | None:
        """Why this is no bill date of the operator (7.2), or None when it is one."""
        days = ", ".join(str(day) for day in self.cycle_days)
        if bill_date.day not in self.cycle_days:
            return f"{bill_date} is no cycle day (billing.cycle_days in operator.yaml: {days})"
        if bill_date < self.first_period:
            return f"{bill_date} lies before billing.first_period ({self.first_period})"
        return None


# Stands in until an operator folder exists, so that Dagster's pages open on a fresh clone.
DEFAULT = BillingCalendar(cycle_days=(1,), time_zone="UTC", first_period=date(2026, 1, 1))


class CalendarError(Exception):
    """operator.yaml is missing or does not say when bills are made."""


def read(folder: Path) -> BillingCalendar:
    """The calendar of an operator folder.

    Raises CalendarError, as `file: what is wrong`, when operator.yaml cannot be read or lacks what
    a calendar needs; `billhouse check` lists everything else.
    """
    file = folder / "operator.yaml"
    if not file.is_file():
        raise CalendarError(f"{file}: no such file; name an operator folder with --operator")
    try:
        content: Any = yaml.safe_load(file.read_text(encoding="utf-8"))
        days = tuple(sorted({int(day) for day in content["billing"]["cycle_days"]}))
        first_period = content["billing"]["first_period"]
        if not isinstance(first_period, date):
            first_period = date.fromisoformat(str(first_period))
        time_zone = str(content["operator"]["time_zone"])
        ZoneInfo(time_zone)
    except (yaml.YAMLError, KeyError, TypeError, ValueError, OSError) as error:
        raise CalendarError(
            f"{file}: no billing calendar can be read (billing.cycle_days, billing.first_period, "
            f"operator.time_zone): {error!r}"
        ) from error
    if not days or not all(1 <= day <= 28 for day in days):
        raise CalendarError(f"{file}: billing.cycle_days: must be days 1..28: {list(days)}")
    return BillingCalendar(cycle_days=days, time_zone=time_zone, first_period=first_period)


def read_or_default(folder: Path) -> tuple[BillingCalendar, str | None]:
    """The folder's calendar, or the default one with the reason why it stands in."""
    try:
        return read(folder), None
    except CalendarError as error:
        return DEFAULT, str(error)
