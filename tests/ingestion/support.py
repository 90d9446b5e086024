"""What the ingestion tests share: checks that read like the fault lists that users see."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb

from ingestion.containers import Limits
from ingestion.decoding import Feed, RejectedLine, Source
from ingestion.feeds import registered_formats
from ingestion.operator_folder import check


def faults_of(folder: Path) -> list[str]:
    return [str(fault) for fault in check(folder).faults]


def warnings_of(folder: Path) -> list[str]:
    return [str(warning) for warning in check(folder).warnings]


def rows(con: duckdb.DuckDBPyConnection, query: str) -> list[tuple]:
    return con.execute(query).fetchall()


def counts(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Rows of the usage tables."""
    return {
        table: rows(con, f"select count(*) from raw.{table}")[0][0]
        for table in ("usage_files", "usage_records", "rejected_lines", "refused_files")
    }


def decoded(
    path: Path,
    usage_format: str,
    *,
    time_zone: str = "Europe/Paris",
    limits: Limits | None = None,
    **options: Any,
) -> tuple[list[dict[str, Any]], list[RejectedLine]]:
    """The cells that are not empty of every record of a file, and its rejected lines."""
    source = Source(path, path.name, path.stat().st_size, limits or Limits())
    feed = Feed("feed", usage_format, "cdr/feed", time_zone, options)
    records: list[dict[str, Any]] = []
    rejected: list[RejectedLine] = []
    for batch in registered_formats()[usage_format].decode(source, feed):
        assert batch.lines == batch.rows.num_rows + len(batch.rejected)
        records += [
            {name: value for name, value in row.items() if value is not None}
            for row in batch.rows.to_pylist()
        ]
        rejected += batch.rejected
        lines = [row["line_number"] for row in batch.rows.to_pylist()]
        assert set(batch.content_of(lines)) == set(lines)
    return records, rejected


def line_numbers(records: Sequence[dict[str, Any]]) -> list[int]:
    return [record["line_number"] for record in records]
