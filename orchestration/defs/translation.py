"""How dbt's nodes appear in Dagster: key = schema and table, group, owner and text from dbt."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import dagster as dg
import duckdb
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings

from orchestration import dbt, steps


class Translator(DagsterDbtTranslator):
    """A table's key is what it is called in the warehouse, for models and sources alike."""

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        """`schema/table`."""
        name = dbt_resource_props.get("alias") or dbt_resource_props["name"]
        return dg.AssetKey([dbt_resource_props["schema"], name])

    def get_description(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """dbt's description; a private step's is its first line, which states its grain."""
        said = dbt_resource_props.get("description", "")
        first = (dbt_resource_props.get("raw_code") or "").lstrip().split("\n", 1)[0]
        return said or first.removeprefix("--").strip()


translator = Translator(settings=DagsterDbtTranslatorSettings(enable_asset_checks=True))


def source_tables(manifest: Mapping[str, Any], schema: str) -> dict[str, str]:
    """Tables that dbt reads but does not build, with their descriptions."""
    return {
        source["name"]: source["description"]
        for source in manifest["sources"].values()
        if source["schema"] == schema
    }


def asset_keys(manifest: Mapping[str, Any]) -> dict[str, dg.AssetKey]:
    """Each model's asset key, by dbt's unique id."""
    return {
        unique_id: translator.get_asset_key(node)
        for unique_id, node in manifest["nodes"].items()
        if node["resource_type"] == "model"
    }


def events(
    context: dg.AssetExecutionContext,
    manifest: Mapping[str, Any],
    nodes: list[dbt.NodeResult],
    metadata: Mapping[dg.AssetKey, Mapping[str, Any]],
) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
    """What a build did, as Dagster records it: a materialization per table, a result per check."""
    keys = asset_keys(manifest)
    checks = {key.name: key for key in context.selected_asset_check_keys}
    held_later = steps.blocking_tests()
    for node in nodes:
        if node.unique_id in keys and not node.is_bad and node.status != "skipped":
            key = keys[node.unique_id]
            if key in context.selected_asset_keys:
                yield dg.MaterializeResult(
                    asset_key=key,
                    metadata={"seconds": round(node.seconds, 3), **metadata.get(key, {})},
                )
    for node in nodes:
        if node.is_test and node.name in checks and node.status != "skipped":
            key = checks[node.name]
            yield dg.AssetCheckResult(
                asset_key=key.asset_key,
                check_name=key.name,
                passed=node.status == "pass",
                # A check before issuing lets the drafts be built; it is the issuing that it stops.
                severity=dg.AssetCheckSeverity.WARN
                if node.unique_id in held_later or node.status == "warn"
                else dg.AssetCheckSeverity.ERROR,
                metadata={"offenders": node.failures or 0, "seconds": round(node.seconds, 3)},
            )


def table_metadata(con: duckdb.DuckDBPyConnection) -> dict[dg.AssetKey, dict[str, Any]]:
    """Columns of every table and view, and the rows of every table, in two queries."""
    columns: dict[tuple[str, str], list[dg.TableColumn]] = {}
    for schema, table, name, kind in con.execute(
        """
        select schema_name, table_name, column_name, data_type
        from duckdb_columns()
        where not internal
        order by schema_name, table_name, column_index
        """
    ).fetchall():
        columns.setdefault((schema, table), []).append(dg.TableColumn(name, kind))
    tables = [
        (schema, table)
        for schema, table in con.execute(
            "select schema_name, table_name from duckdb_tables() where not internal"
        ).fetchall()
    ]
    rows: dict[tuple[str, str], int] = {}
    if tables:
        counted = " union all ".join(
            f"select '{schema}', '{table}', count(*) from {schema}.{table}"
            for schema, table in tables
        )
        rows = {(schema, table): n for schema, table, n in con.execute(counted).fetchall()}
    return {
        dg.AssetKey(list(place)): {
            "dagster/column_schema": dg.TableSchema(columns=found),
            **({"dagster/row_count": rows[place]} if place in rows else {}),
        }
        for place, found in columns.items()
    }


def of_partition(context: dg.AssetExecutionContext) -> date:
    """The bill date of this run."""
    from orchestration.defs.partitions import bill_date_of

    return bill_date_of(context.partition_key)
