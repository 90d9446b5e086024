"""What Stripe knows of our documents."""

import dagster as dg

from orchestration.defs import translation
from orchestration.defs.invoicing.assets import ARCHIVED_DOCUMENTS, INVOICES, ISSUED_DOCUMENTS
from orchestration.defs.partitions import bill_run_partitions, one_run_per_bill_date
from orchestration.defs.resources import POOL, Billhouse
from orchestration.steps import DeliveryFailed


@dg.asset(
    key=dg.AssetKey(["raw", "stripe_objects"]),
    deps=[ISSUED_DOCUMENTS, ARCHIVED_DOCUMENTS, INVOICES],
    group_name="payments",
    kinds={"python", "stripe"},
    partitions_def=bill_run_partitions,
    backfill_policy=one_run_per_bill_date,
    pool=POOL,
)
def stripe_objects(context: dg.AssetExecutionContext, billhouse: Billhouse) -> dg.MaterializeResult:
    """Sends the documents issued for the bill date to Stripe, once each, and keeps their state."""
    try:
        report = billhouse.steps.sync_stripe(translation.of_partition(context))
    except DeliveryFailed as error:
        raise dg.Failure(str(error)) from error
    return dg.MaterializeResult(
        metadata={"configured": report.is_configured, **report.counts},
    )
