"""Bill runs on the cycle days, in the operator's time zone. Off until switched on."""

import dagster as dg

from orchestration.defs.bill_run.jobs import draft_bill_run, issue_bill_run
from orchestration.defs.partitions import CALENDAR

DRAFT_HOUR = 4
# Late enough that somebody has looked at the drafts.
ISSUE_HOUR = 16


def _run_of(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    key = f"{context.scheduled_execution_time:%Y-%m-%d}"
    return dg.RunRequest(run_key=key, partition_key=key)


@dg.schedule(
    job=draft_bill_run,
    cron_schedule=CALENDAR.cron_at(DRAFT_HOUR),
    execution_timezone=CALENDAR.time_zone,
)
def draft_on_cycle_days(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """Drafts in the small hours of each cycle day."""
    return _run_of(context)


@dg.schedule(
    job=issue_bill_run,
    cron_schedule=CALENDAR.cron_at(ISSUE_HOUR),
    execution_timezone=CALENDAR.time_zone,
)
def issue_on_cycle_days(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """Issues what passed its checks, the same afternoon."""
    return _run_of(context)
