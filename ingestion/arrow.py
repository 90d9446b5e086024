"""The few Arrow operations that ingestion needs beyond plain tables."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as compute


def empty_as_null(texts: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    """The texts with empty ones as null."""
    empty = compute.call_function("equal", [texts, pa.scalar("", texts.type)])
    return compute.call_function("if_else", [empty, pa.scalar(None, texts.type), texts])


def rows_where(table: pa.Table, column: str, values: Sequence[int]) -> pa.Table:
    """The rows whose whole number in `column` is one of `values`."""
    wanted = compute.SetLookupOptions(value_set=pa.array(values, pa.int64()))
    return table.filter(compute.call_function("is_in", [table.column(column)], wanted))


def counting_from(first: int, size: int) -> pa.Array:
    """first, first + 1, …"""
    steps = pa.repeat(pa.scalar(1, pa.int64()), size)
    start = compute.CumulativeOptions(start=first - 1)
    return compute.call_function("cumulative_sum", [steps], start)


def utc_texts(instants: pa.ChunkedArray) -> pa.ChunkedArray:
    """Timestamps with a time zone as ISO 8601 in UTC."""
    utc = instants.cast(pa.timestamp("us", "UTC"))
    return compute.call_function("strftime", [utc], compute.StrftimeOptions("%Y-%m-%dT%H:%M:%SZ"))
