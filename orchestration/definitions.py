"""Everything Dagster knows of Billhouse."""

import dagster as dg

from orchestration.defs.bill_run import assets as bill_run
from orchestration.defs.bill_run import checks, jobs, schedules
from orchestration.defs.finance import assets as finance
from orchestration.defs.invoicing import assets as invoicing
from orchestration.defs.payments import assets as payments
from orchestration.defs.raw import assets as raw
from orchestration.defs.raw import sensors
from orchestration.defs.resources import Billhouse

defs = dg.Definitions(
    assets=dg.load_assets_from_modules([raw, bill_run, invoicing, payments, finance]),
    asset_checks=[checks.drafts_may_be_issued],
    jobs=[jobs.load_usage, jobs.draft_bill_run, jobs.issue_bill_run],
    schedules=[schedules.draft_on_cycle_days, schedules.issue_on_cycle_days],
    sensors=[sensors.new_usage_files],
    resources={"billhouse": Billhouse()},
    # One process: the warehouse file lets no second one in.
    executor=dg.in_process_executor,
)
