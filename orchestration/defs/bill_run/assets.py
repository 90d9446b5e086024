"""The billing itself, built by dbt: first up to the drafts, then what reads issued documents."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import dagster as dg
from dagster_dbt import dbt_assets

from orchestration import dbt
from orchestration.defs import translation
from orchestration.defs.partitions import bill_run_partitions, one_run_per_bill_date
from orchestration.defs.resources import POOL, Billhouse
from orchestration.steps import BuildFailed

_manifest: dict[str, Any] = dbt.read_manifest()

Events = Iterator[dg.MaterializeResult | dg.AssetCheckResult]


@dbt_assets(
    manifest=_manifest,
    name="drafts",
    select=dbt.DRAFT_SELECTION,
    exclude=dbt.ISSUED_SELECTION,
    partitions_def=bill_run_partitions,
    backfill_policy=one_run_per_bill_date,
    dagster_dbt_translator=translation.translator,
    pool=POOL,
)
def drafts(context: dg.AssetExecutionContext, billhouse: Billhouse) -> Events:
    """Rates, charges and drafts everything as of the bill date, always as a whole."""
    yield from _built(context, billhouse, billhouse.steps.build_drafts)


@dbt_assets(
    manifest=_manifest,
    name="books",
    select=dbt.ISSUED_SELECTION,
    partitions_def=bill_run_partitions,
    backfill_policy=one_run_per_bill_date,
    dagster_dbt_translator=translation.translator,
    pool=POOL,
)
def books(context: dg.AssetExecutionContext, billhouse: Billhouse) -> Events:
    """Invoices as they were issued, receivables, journal and the checks after issuing.

    Documents are delivered in between: after the invoices and their checks, before the payments
    that Stripe tells. So Dagster runs this in several steps, each with models of its own.
    """
    models = [
        _manifest["nodes"][unique_id]["name"]
        for unique_id, key in translation.asset_keys(_manifest).items()
        if key in context.selected_asset_keys
    ]
    yield from _built(
        context, billhouse, lambda day: billhouse.steps.build_issued(day, models=models)
    )


def _built(
    context: dg.AssetExecutionContext,
    billhouse: Billhouse,
    build: Callable[[date], list[dbt.NodeResult]],
) -> Events:
    failure = None
    try:
        nodes = build(translation.of_partition(context))
    except BuildFailed as error:
        failure, nodes = error, error.nodes
    with billhouse.steps.connect() as con:
        metadata = translation.table_metadata(con)
    yield from translation.events(context, _manifest, nodes, metadata)
    if failure is not None:
        raise dg.Failure(str(failure), allow_retries=False) from failure
