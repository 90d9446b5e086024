"""A bill run is one partition, and its key is the bill date itself (1.2)."""

from datetime import date
from zoneinfo import ZoneInfo

import dagster as dg

from orchestration import billing_calendar, environment

CALENDAR, CALENDAR_MISSING = billing_calendar.read_or_default(environment.resolve().operator)

# Coming bill dates can be drafted ahead, to see what a bill would be: a year of them.
MONTHS_AHEAD = 12

# A window of Dagster begins on the bill date and its key is its beginning; the usage that it bills
# lies before it. So nothing here reads the window: steps take the key as the bill date. Without
# an offset the last partition would be the window that has ended, one bill date too early.
bill_run_partitions = dg.TimeWindowPartitionsDefinition(
    start=CALENDAR.first_period.isoformat(),
    cron_schedule=CALENDAR.cron,
    timezone=str(ZoneInfo(CALENDAR.time_zone)),
    fmt="%Y-%m-%d",
    end_offset=1 + MONTHS_AHEAD * len(CALENDAR.cycle_days),
)

# Each bill date is a run of its own, also in a backfill: the default for time windows is one run
# for all, which would build one bill date and mark every partition.
one_run_per_bill_date = dg.BackfillPolicy.multi_run(1)


def bill_date_of(partition_key: str) -> date:
    """The bill date that a partition key names."""
    return date.fromisoformat(partition_key)
