"""Decodes a Parquet file in the usage columns, every value as the text that a CSV would hold."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence

import duckdb
import pyarrow as pa

from ingestion.arrow import rows_where
from ingestion.cell_checks import literal, quoted
from ingestion.decoding import (
    BATCH_LINES,
    BATCH_SCHEMA,
    LINE_NUMBER,
    USAGE_COLUMNS,
    Batch,
    RefusedFileError,
    Source,
    cut,
)

ROW_NUMBER = "file_row_number"


def parquet_batches(
    source: Source, checked_names: Callable[[Sequence[str]], list[str]]
) -> Iterator[Batch]:
    """The file's rows, numbered from 1. `checked_names` gives warnings or refuses the columns."""
    relation = (
        f"read_parquet({literal(str(source.path))}, {ROW_NUMBER} = true, hive_partitioning = false)"
    )
    with duckdb.connect() as con:
        try:
            described = con.execute(f"describe select * from {relation}").fetchall()
        except duckdb.Error:
            raise RefusedFileError("not a Parquet file that can be read") from None
        types: dict[str, str] = {row[0]: row[1] for row in described if row[0] != ROW_NUMBER}
        warnings = checked_names(list(types))
        texts = ", ".join(_text(name, types.get(name)) for name in USAGE_COLUMNS)
        reader = con.execute(
            f"select {texts}, {ROW_NUMBER} + 1 as {LINE_NUMBER} from {relation}"
        ).to_arrow_reader(BATCH_LINES)
        for batch in reader:
            rows = pa.Table.from_batches([batch]).cast(BATCH_SCHEMA)
            yield Batch(rows, rows.num_rows, [], _content(rows), warnings)
            warnings = []


def _text(name: str, sql_type: str | None) -> str:
    column = quoted(name)
    if sql_type is None:
        return f"cast(null as varchar) as {column}"
    if sql_type == "TIMESTAMP WITH TIME ZONE":
        text = f"strftime(timezone('UTC', {column}), '%Y-%m-%dT%H:%M:%S.%fZ')"
    elif sql_type.startswith("TIMESTAMP") and name == "started_at":
        raise RefusedFileError("started_at: a timestamp without a time zone")
    elif sql_type == "BLOB":
        text = f"decode({column})"
    elif sql_type.endswith("]") or sql_type.startswith(("STRUCT", "MAP", "UNION")):
        raise RefusedFileError(f"{name}: type {sql_type} can not be read")
    else:
        text = f"cast({column} as varchar)"
    return f"nullif({text}, '') as {column}"


def _content(rows: pa.Table) -> Callable[[Sequence[int]], Mapping[int, str]]:
    """A row has no text of its own; it is shown as JSON."""

    def content_of(wanted: Sequence[int]) -> Mapping[int, str]:
        return {
            row.pop(LINE_NUMBER): cut(
                json.dumps({k: v for k, v in row.items() if v is not None}, ensure_ascii=False)
            )
            for row in rows_where(rows, LINE_NUMBER, wanted).to_pylist()
        }

    return content_of
