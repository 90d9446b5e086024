"""The operator folder and the usage files, as raw tables."""

from collections.abc import Iterator
from datetime import datetime

import dagster as dg

from orchestration import dbt
from orchestration.defs import translation
from orchestration.defs.resources import POOL, Billhouse

# Written by the Stripe sync, not by the load.
NOT_LOADED = {"stripe_objects"}

_tables = {
    name: description
    for name, description in translation.source_tables(dbt.read_manifest(), "raw").items()
    if name not in NOT_LOADED
}


class LoadConfig(dg.Config):
    """`loaded_at`: the instant that the load is recorded with (ISO 8601); default: now."""

    loaded_at: str | None = None


@dg.multi_asset(
    name="raw",
    specs=[
        dg.AssetSpec(
            ["raw", name], group_name="raw", description=description, kinds={"python", "duckdb"}
        )
        for name, description in _tables.items()
    ],
    pool=POOL,
)
def raw(
    context: dg.AssetExecutionContext, config: LoadConfig, billhouse: Billhouse
) -> Iterator[dg.MaterializeResult]:
    """Checks the operator folder, brings its tables in whole and every usage file once."""
    from ingestion.faults import OperatorFolderError

    loaded_at = datetime.fromisoformat(config.loaded_at) if config.loaded_at else None
    try:
        report = billhouse.steps.load(loaded_at=loaded_at)
    except OperatorFolderError as error:
        raise dg.Failure(
            f"{len(error.faults)} faults in the operator folder; nothing was changed",
            metadata={"faults": dg.MetadataValue.text("\n".join(map(str, error.faults)))},
            allow_retries=False,
        ) from error
    for warning in report.warnings:
        context.log.warning(str(warning))
    context.log.info(
        f"{report.files_loaded} files loaded, {report.files_skipped} known, "
        f"{report.records} records, {report.rejected} lines rejected, "
        f"{report.refused} files refused"
    )
    with billhouse.steps.connect() as con:
        metadata = translation.table_metadata(con)
    for name in _tables:
        key = dg.AssetKey(["raw", name])
        yield dg.MaterializeResult(asset_key=key, metadata=metadata.get(key, {}))
