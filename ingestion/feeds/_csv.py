"""Decodes blocks of CSV, one record on each line.

A quoted value may not run over the end of its line, so that a stray quote spoils its line only.
Blocks in which every line is sure to be one row go through Arrow's parser; any other block is
read line by line.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import pyarrow as pa
import pyarrow.csv

from ingestion.arrow import counting_from
from ingestion.csv_lines import (
    UnreadableLineError,
    cells_of,
    has_a_row_on_each_line,
    is_utf8,
)
from ingestion.decoding import RejectedLine
from ingestion.feeds._lines import Block, shown_line
from ingestion.feeds._parts import Part, rows_of, without_records


def csv_part(block: Block, columns: Sequence[str | None]) -> Part:
    """The block's rows. `columns`: the usage column of each cell, None for one that is not read."""
    if not block.data:
        return without_records(block)
    quotes = b'"' in block.data
    if b"\0" not in block.data and has_a_row_on_each_line(block.data) and is_utf8(block.data):
        part = _at_once(block, columns, quotes)
        # A blank line comes out as a row of nothing.
        if part.rows.column("record_id").null_count == 0:
            return part
    return _line_by_line(block, columns)


def _at_once(block: Block, columns: Sequence[str | None], quotes: bool) -> Part:
    """The fast way: one row for each line is sure, ragged lines are skipped and noted."""
    ragged: dict[int, int] = {}

    def note(row: pyarrow.csv.InvalidRow) -> str:
        # Rows count from 1.
        ragged[(row.number or 0) - 1] = row.actual_columns
        return "skip"

    positions = [str(position) for position in range(len(columns))]
    found = {name: p for p, name in zip(positions, columns, strict=True) if name}
    parsed = pyarrow.csv.read_csv(
        pa.BufferReader(block.data),
        # One thread, or the numbers of ragged lines would not be known.
        read_options=pyarrow.csv.ReadOptions(
            column_names=positions, use_threads=False, block_size=1 << 20
        ),
        parse_options=pyarrow.csv.ParseOptions(
            quote_char='"' if quotes else False,
            double_quote=quotes,
            newlines_in_values=False,
            ignore_empty_lines=False,
            invalid_row_handler=note,
        ),
        convert_options=pyarrow.csv.ConvertOptions(
            column_types=dict.fromkeys(positions, pa.string()),
            include_columns=list(found.values()),
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=True,
        ),
        memory_pool=_memory_pool(),
    )
    numbers = counting_from(block.first_line, parsed.num_rows + len(ragged))
    rejected: list[RejectedLine] = []
    blank_lines = 0
    if ragged:
        kept = [position for position in range(len(numbers)) if position not in ragged]
        numbers = numbers.take(pa.array(kept, pa.int64()))
        lines = dict(block.lines())
        for position, cells in sorted(ragged.items()):
            number = block.first_line + position
            if not lines[number].strip():
                blank_lines += 1
                continue
            reason = _ragged_reason(cells, len(columns))
            rejected.append(RejectedLine(number, reason, shown_line(lines[number])))
    cells_by_name = {name: parsed.column(position) for name, position in found.items()}
    return Part(block, rows_of(cells_by_name, numbers), rejected, blank_lines)


def _line_by_line(block: Block, columns: Sequence[str | None]) -> Part:
    """The careful way: whatever a line holds, the next one is read for itself."""
    cells: list[list[str | None]] = [[] for _ in columns]
    numbers: list[int] = []
    rejected: list[RejectedLine] = []
    blank_lines = 0
    for number, line in block.lines():
        if not line.strip():
            blank_lines += 1
            continue
        try:
            row = cells_of(line)
            if len(row) != len(columns):
                raise UnreadableLineError(_ragged_reason(len(row), len(columns)))
        except UnreadableLineError as error:
            rejected.append(RejectedLine(number, str(error), shown_line(line)))
            continue
        numbers.append(number)
        for column, cell in zip(cells, row, strict=True):
            column.append(cell or None)
    by_name = {name: column for name, column in zip(columns, cells, strict=True) if name}
    return Part(block, rows_of(by_name, numbers), rejected, blank_lines)


def _ragged_reason(cells: int, expected: int) -> str:
    return f"{cells} cells where the header has {expected}"


@cache
def _memory_pool() -> pa.MemoryPool:
    """Batches are large and short-lived; here jemalloc takes half the time of the default."""
    try:
        return pa.jemalloc_memory_pool()
    except NotImplementedError:
        return pa.default_memory_pool()
