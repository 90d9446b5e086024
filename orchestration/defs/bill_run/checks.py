"""Between drafting and issuing."""

import dagster as dg

from orchestration import bill_runs
from orchestration.defs.partitions import bill_date_of
from orchestration.defs.resources import POOL, Billhouse

PARTITION_TAG = "dagster/partition"


@dg.asset_check(
    asset=dg.AssetKey(["invoicing", "int_documents_to_issue"]), blocking=True, pool=POOL
)
def drafts_may_be_issued(
    context: dg.AssetCheckExecutionContext, billhouse: Billhouse
) -> dg.AssetCheckResult:
    """The drafts are whole, of this bill date, and no check tagged before_issue failed."""
    key = context.run.tags.get(PARTITION_TAG)
    with billhouse.steps.connect() as con:
        draft = bill_runs.standing(con)
        bill_date = bill_date_of(key) if key else draft and draft.bill_date
        if bill_date is None:
            return dg.AssetCheckResult(passed=False, metadata={"objections": "no drafts stand"})
        objections = bill_runs.objections(con, bill_date)
    return dg.AssetCheckResult(
        passed=not objections,
        metadata={"bill date": bill_date.isoformat(), "objections": "\n".join(objections)},
    )
