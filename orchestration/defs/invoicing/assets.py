"""The legal moment, and the documents that customers get."""

from collections.abc import Iterator

import dagster as dg

from orchestration import dbt
from orchestration.defs import translation
from orchestration.defs.partitions import bill_run_partitions, one_run_per_bill_date
from orchestration.defs.resources import POOL, Billhouse
from orchestration.issuing import IssuingRefused
from orchestration.steps import DeliveryFailed

ISSUED_DOCUMENTS = dg.AssetKey(["invoicing", "issued_documents"])
ARCHIVED_DOCUMENTS = dg.AssetKey(["documents", "archived_documents"])
INVOICES = dg.AssetKey(["invoicing", "invoices"])
ISSUED_USAGE = dg.AssetKey(["invoicing", "issued_usage"])

_described = translation.source_tables(dbt.read_manifest(), "invoicing")


@dg.multi_asset(
    name="issued",
    specs=[
        dg.AssetSpec(
            ISSUED_DOCUMENTS,
            deps=[dg.AssetKey(["invoicing", "int_documents_to_issue"])],
            group_name="invoicing",
            description=_described["issued_documents"],
            kinds={"python", "duckdb"},
        ),
        dg.AssetSpec(
            ISSUED_USAGE,
            deps=[
                dg.AssetKey(["invoicing", "int_documents_to_issue"]),
                dg.AssetKey(["invoicing", "int_usage_to_issue"]),
            ],
            group_name="invoicing",
            description=_described["issued_usage"],
            kinds={"python", "duckdb"},
        ),
    ],
    partitions_def=bill_run_partitions,
    backfill_policy=one_run_per_bill_date,
    pool=POOL,
)
def issued(
    context: dg.AssetExecutionContext, billhouse: Billhouse
) -> Iterator[dg.MaterializeResult]:
    """Numbers the drafts and appends them, all in one transaction."""
    try:
        report = billhouse.steps.issue(translation.of_partition(context))
    except IssuingRefused as refused:
        raise dg.Failure(str(refused), allow_retries=False) from refused
    with billhouse.steps.connect() as con:
        metadata = translation.table_metadata(con)
    yield dg.MaterializeResult(
        asset_key=ISSUED_DOCUMENTS,
        metadata={
            "issued": report.issued,
            "already issued": report.already_issued,
            **metadata.get(ISSUED_DOCUMENTS, {}),
        },
    )
    yield dg.MaterializeResult(
        asset_key=ISSUED_USAGE,
        metadata={"issued": report.usage_rows, **metadata.get(ISSUED_USAGE, {})},
    )


@dg.asset(
    key=ARCHIVED_DOCUMENTS,
    deps=[ISSUED_DOCUMENTS, ISSUED_USAGE],
    group_name="documents",
    kinds={"python", "json"},
    partitions_def=bill_run_partitions,
    backfill_policy=one_run_per_bill_date,
    pool=POOL,
)
def archived_documents(billhouse: Billhouse) -> dg.MaterializeResult:
    """Every issued document as an immutable file, from which the warehouse can be rebuilt."""
    try:
        report = billhouse.steps.keep()
    except DeliveryFailed as error:
        raise dg.Failure(str(error), allow_retries=False) from error
    return dg.MaterializeResult(
        metadata={
            "folder": dg.MetadataValue.path(str(report.folder)),
            "written": report.written,
            "unchanged": report.unchanged,
        }
    )


# Nothing is rendered or sent before it is in the archive and the checks after issuing hold: these
# are part of building the books, and when the books fail, what depends on them does not run.
@dg.asset(
    key=dg.AssetKey(["documents", "rendered_documents"]),
    deps=[ISSUED_DOCUMENTS, ISSUED_USAGE, ARCHIVED_DOCUMENTS, INVOICES],
    group_name="documents",
    kinds={"python", "html", "pdf"},
    partitions_def=bill_run_partitions,
    backfill_policy=one_run_per_bill_date,
    pool=POOL,
)
def rendered_documents(
    context: dg.AssetExecutionContext, billhouse: Billhouse
) -> dg.MaterializeResult:
    """HTML, PDF and e-invoice of every document issued for the bill date, in its folder."""
    try:
        report = billhouse.steps.render(translation.of_partition(context))
    except DeliveryFailed as error:
        raise dg.Failure(str(error)) from error
    return dg.MaterializeResult(
        metadata={
            "folder": dg.MetadataValue.path(report.folder),
            "written": report.written,
            "unchanged": report.unchanged,
            "e_invoices": report.e_invoices,
            "without_e_invoice": len(report.without_e_invoice),
        }
    )
