"""The month's pack: one page to print and its tables, per calendar month, when finance asks."""

from datetime import date

import dagster as dg

from orchestration import archive, month_end
from orchestration.defs.partitions import CALENDAR
from orchestration.defs.resources import POOL, Billhouse

months = dg.TimeWindowPartitionsDefinition(
    start=f"{CALENDAR.first_period:%Y-%m}",
    cron_schedule="0 0 1 * *",
    timezone=CALENDAR.time_zone,
    fmt="%Y-%m",
    # The running month too: it is marked as provisional.
    end_offset=1,
)

# The bill dates of the month; the first month of an operator may have none.
_bill_dates = dg.TimeWindowPartitionMapping(allow_nonexistent_upstream_partitions=True)

TABLES = (
    "ageing",
    "collections",
    "deferred_revenue_movements",
    "journal_entries",
    "manual_decisions",
    "number_series",
    "receivable_movements",
    "revenue",
    "tax_by_rate",
    "unbilled_usage",
    "usage_by_zone",
    "usage_left_out",
    "usage_to_bill",
)


@dg.asset(
    key=dg.AssetKey(["documents", "month_end_packs"]),
    deps=[
        dg.AssetDep(dg.AssetKey(["finance", table]), partition_mapping=_bill_dates)
        for table in TABLES
    ],
    group_name="finance",
    kinds={"python", "html", "csv"},
    partitions_def=months,
    backfill_policy=dg.BackfillPolicy.multi_run(1),
    pool=POOL,
)
def month_end_packs(
    context: dg.AssetExecutionContext, billhouse: Billhouse
) -> dg.MaterializeResult:
    """The pack that `billhouse close` writes. Fails, once it is written, if a tie-out does not
    hold."""
    documents = billhouse.steps.environment.documents
    with billhouse.steps.connect() as con:
        try:
            report = month_end.close(
                con,
                date.fromisoformat(f"{context.partition_key}-01"),
                documents,
                archive_folder=documents / archive.FOLDER,
            )
        except month_end.NothingToClose as nothing:
            raise dg.Failure(str(nothing), allow_retries=False) from nothing
    metadata = {
        "page": dg.MetadataValue.path(str(report.page)),
        "tables": len(report.tables),
        "tie-outs": report.tie_outs,
    }
    if report.faults:
        raise dg.Failure(
            f"{len(report.faults)} of {report.tie_outs} tie-outs do not hold",
            metadata={**metadata, "faults": dg.MetadataValue.text("\n".join(report.faults))},
            allow_retries=False,
        )
    return dg.MaterializeResult(metadata=metadata)
