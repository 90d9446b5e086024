"""Blocks of lines that have been decoded, put together to batches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import pyarrow as pa

from ingestion.decoding import (
    BATCH_BYTES,
    BATCH_LINES,
    BATCH_SCHEMA,
    USAGE_COLUMNS,
    Batch,
    RejectedLine,
)
from ingestion.feeds._lines import Block, line_count, shown_line


class Part:
    """One decoded block. Blank lines carry nothing and are not counted."""

    def __init__(
        self, block: Block, rows: pa.Table, rejected: list[RejectedLine], blank_lines: int = 0
    ) -> None:
        self.block = block
        self.rows = rows
        self.rejected = rejected
        self.lines = line_count(block.data) - blank_lines + len(block.overlong)
        self.warnings: list[str] = []

    def content_of(self, wanted: Sequence[int]) -> dict[int, str]:
        """The text of lines, by number."""
        numbers = set(wanted)
        return {n: shown_line(line) for n, line in self.block.lines() if n in numbers}


def without_records(block: Block) -> Part:
    """A block that holds overlong lines only, or nothing."""
    return Part(block, BATCH_SCHEMA.empty_table(), block.overlong)


def rows_of(
    cells: Mapping[str, pa.Array | pa.ChunkedArray | list[str | None]],
    numbers: pa.Array | pa.ChunkedArray | list[int],
) -> pa.Table:
    """Rows of BATCH_SCHEMA; a column that is not among `cells` is empty."""
    size = len(numbers)
    arrays = [
        cells[name] if name in cells else pa.nulls(size, pa.string()) for name in USAGE_COLUMNS
    ]
    return pa.table([*map(_array, arrays), _array(numbers, pa.int64())], schema=BATCH_SCHEMA)


def _array(
    values: pa.Array | pa.ChunkedArray | list, kind: pa.DataType | None = None
) -> pa.Array | pa.ChunkedArray:
    return pa.array(values, kind or pa.string()) if isinstance(values, list) else values


def gathered(parts: Iterable[Part]) -> Iterator[Batch]:
    """Parts put together to batches."""
    waiting: list[Part] = []
    size = lines = 0
    for part in parts:
        waiting.append(part)
        size += len(part.block.data)
        lines += part.lines
        if size >= BATCH_BYTES or lines >= BATCH_LINES:
            yield _batch(waiting)
            waiting, size, lines = [], 0, 0
    if waiting:
        yield _batch(waiting)


def _batch(parts: list[Part]) -> Batch:
    def content_of(wanted: Sequence[int]) -> Mapping[int, str]:
        contents: dict[int, str] = {}
        for part in parts:
            end = part.block.first_line + line_count(part.block.data)
            inside = [n for n in wanted if part.block.first_line <= n < end]
            if inside:
                contents |= part.content_of(inside)
        return contents

    return Batch(
        pa.concat_tables([part.rows for part in parts]),
        sum(part.lines for part in parts),
        [rejected for part in parts for rejected in part.rejected],
        content_of,
        [warning for part in parts for warning in part.warnings],
    )
