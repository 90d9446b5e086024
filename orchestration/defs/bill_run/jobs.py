"""What runs: usage as it comes, drafts of a bill date, issuing it."""

import dagster as dg

from orchestration.defs.bill_run.assets import books, drafts
from orchestration.defs.bill_run.checks import drafts_may_be_issued
from orchestration.defs.invoicing.assets import (
    archived_documents,
    issued,
    rendered_documents,
)
from orchestration.defs.partitions import bill_run_partitions
from orchestration.defs.payments.assets import stripe_objects
from orchestration.defs.raw.assets import raw

load_usage = dg.define_asset_job(
    "load_usage",
    selection=dg.AssetSelection.assets(raw),
    description="Brings in what is new in the operator folder.",
)

draft_bill_run = dg.define_asset_job(
    "draft_bill_run",
    # The drafts' own tests, and not the check that speaks for issuing them.
    selection=dg.AssetSelection.assets(raw, drafts)
    - dg.AssetSelection.checks(drafts_may_be_issued),
    partitions_def=bill_run_partitions,
    description="Loads what is new, then rates, charges and drafts one bill date.",
)

issue_bill_run = dg.define_asset_job(
    "issue_bill_run",
    selection=dg.AssetSelection.checks(drafts_may_be_issued)
    | dg.AssetSelection.assets(
        issued, archived_documents, books, rendered_documents, stripe_objects
    ),
    partitions_def=bill_run_partitions,
    description="Issues the drafts of one bill date, then keeps the books, renders and delivers.",
)
