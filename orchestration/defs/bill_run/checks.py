"""Between drafting and issuing."""

import dagster as dg

from orchestration.defs.partitions import bill_date_of
from orchestration.defs.resources import POOL, Billhouse

# A run of one partition carries the first, a backfill's run the second.
PARTITION_TAGS = ("dagster/partition", "dagster/asset_partition_range_start")


@dg.asset_check(
    asset=dg.AssetKey(["invoicing", "int_documents_to_issue"]), blocking=True, pool=POOL
)
def drafts_may_be_issued(
    context: dg.AssetCheckExecutionContext, billhouse: Billhouse
) -> dg.AssetCheckResult:
    """The drafts are whole, of this bill date, and no check tagged before_issue failed."""
    key = next((context.run.tags[tag] for tag in PARTITION_TAGS if tag in context.run.tags), None)
    objections = billhouse.steps.objections(bill_date_of(key) if key else None)
    return dg.AssetCheckResult(
        passed=not objections, metadata={"objections": "\n".join(objections) or "none"}
    )
