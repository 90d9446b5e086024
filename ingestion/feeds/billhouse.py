"""The `billhouse` format: Billhouse's own columns, as CSV, JSON lines or Parquet.

Which of the three a file is, is told by its first bytes, not by its name. Every column stands for
itself:

    record_id         names the record within its feed; required
    service           voice, sms, mms or data; required
    direction         originating (if empty) or terminating
    subscriber        whose usage it is; required
    subscriber_kind   msisdn (if empty), imsi, sip_user or extension
    other_party       the called number, or the caller of a terminating event
    started_at        ISO 8601 with an offset or Z; required
    duration_seconds  decimal, up to 6 decimals
    bytes_uplink, bytes_downlink, messages
                      whole numbers; messages is 1 if empty for sms and mms
    serving_network   MCC+MNC
    charging_id, sequence, is_final
                      partial records of one session
    disposition       answered (if empty), or why it was not

CSV: a header, commas, one record on each line (a quoted value may not run over the end of its
line, so that a stray quote spoils its own line only). JSON lines: one object on each line; a file
may lack every key that is not required. Parquet: one record in each row, numbered from 1;
started_at is text as above or a timestamp with a time zone.

A CSV or Parquet file without a required column is refused whole. Unknown columns are a warning.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache

import duckdb
import pyarrow as pa
import pyarrow.compute
import pyarrow.csv

from ingestion.cell_checks import literal, quoted
from ingestion.containers import PARQUET_MAGIC
from ingestion.decoding import (
    BATCH_BYTES,
    BATCH_LINES,
    BATCH_SCHEMA,
    LINE_NUMBER,
    USAGE_COLUMNS,
    Batch,
    Feed,
    RefusedFileError,
    RejectedLine,
    Source,
    UsageFormat,
    cut,
)
from ingestion.feeds._lines import BYTE_ORDER_MARK, Block, blocks, line_count, shown_line

REQUIRED = ("record_id", "service", "subscriber", "started_at")
# A block in which every quote opens, closes or doubles where it should, and no value holds a line
# end: then one row is one line, as without quotes.
WELL_QUOTED = re.compile(rb'(?:(?:"(?:[^"\n\r]++|"")*+"|[^",\n]*+)(?:,|\r?\n))*+')
# A JSON number that a binary parser would turn into floating point.
FRACTION = r":\s*-?[0-9]+[.eE]"


def decode(source: Source, feed: Feed) -> Iterator[Batch]:
    """Batches of the file's lines; RefusedFileError if a required column is missing."""
    first = b""
    for piece in source.pieces():
        first = (first + piece)[:64].removeprefix(BYTE_ORDER_MARK)
        if len(first) >= 8:
            break
    if first.startswith(PARQUET_MAGIC):
        yield from _decode_parquet(source)
    elif first.lstrip().startswith(b"{"):
        yield from _gathered(_json_parts(source))
    else:
        yield from _gathered(_csv_parts(source))


FORMAT = UsageFormat("billhouse", decode)


class _Part:
    """One decoded block. `blank_lines` carry nothing and are not counted."""

    def __init__(
        self, block: Block, rows: pa.Table, rejected: list[RejectedLine], blank_lines: int = 0
    ) -> None:
        self.block = block
        self.rows = rows
        self.rejected = rejected
        self.lines = line_count(block.data) - blank_lines + len(block.overlong)
        self.warnings: list[str] = []

    def content_of(self, wanted: Sequence[int]) -> dict[int, str]:
        numbers = set(wanted)
        return {n: shown_line(line) for n, line in self.block.lines() if n in numbers}


def _gathered(parts: Iterator[_Part]) -> Iterator[Batch]:
    """Blocks put together to batches."""
    gathered: list[_Part] = []
    size = lines = 0
    for part in parts:
        gathered.append(part)
        size += len(part.block.data)
        lines += part.lines
        if size >= BATCH_BYTES or lines >= BATCH_LINES:
            yield _batch(gathered)
            gathered, size, lines = [], 0, 0
    if gathered:
        yield _batch(gathered)


def _batch(parts: list[_Part]) -> Batch:
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


# ------------------------------------------------------------------------------------------- CSV


def _csv_parts(source: Source) -> Iterator[_Part]:
    columns: list[str | None] | None = None
    for block in blocks(source):
        if columns is None:
            if block.overlong:
                raise RefusedFileError("header is too long")
            header, separator, rest = block.data.partition(b"\n")
            if not header.strip():
                if not rest.strip():
                    continue
                raise RefusedFileError("header is missing")
            columns, warnings = _header(header)
            part = _csv_part(Block(block.first_line + 1, rest), columns)
            part.warnings = warnings
            yield part
        else:
            yield _csv_part(block, columns)


def _header(line: bytes) -> tuple[list[str | None], list[str]]:
    """The usage column for each cell of a line, None where it is unknown, and the warnings."""
    try:
        text = line.decode().removesuffix("\r")
        names = next(csv.reader([text], strict=True))
    except (UnicodeDecodeError, csv.Error):
        raise RefusedFileError("header can not be read") from None
    warnings = _checked_names(names)
    return [name if name in USAGE_COLUMNS else None for name in names], warnings


def _checked_names(names: Sequence[str]) -> list[str]:
    missing = [name for name in REQUIRED if name not in names]
    if missing:
        raise RefusedFileError(f"required columns are missing: {', '.join(missing)}")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise RefusedFileError(f"columns stand twice in the header: {', '.join(twice)}")
    return [f"{name}: unknown column, not read" for name in names if name not in USAGE_COLUMNS]


def _csv_part(block: Block, columns: list[str | None]) -> _Part:
    if block.overlong:
        return _Part(block, BATCH_SCHEMA.empty_table(), block.overlong)
    quotes = b'"' in block.data
    if _is_plain(block.data) and (not quotes or _is_well_quoted(block.data)):
        part = _csv_at_once(block, columns, quotes)
        # A blank line comes out as a row of nothing.
        if part.rows.column("record_id").null_count == 0:
            return part
    return _csv_line_by_line(block, columns)


def _is_plain(data: bytes) -> bool:
    """Whether every line is a row for any CSV parser, quotes and blank lines apart."""
    if b"\0" in data:
        return False
    returns = data.count(b"\r")
    if returns and returns != data.count(b"\r\n"):
        return False
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _is_well_quoted(data: bytes) -> bool:
    whole = data if data.endswith(b"\n") else data + b"\n"
    return WELL_QUOTED.fullmatch(whole) is not None


def _csv_at_once(block: Block, columns: list[str | None], quotes: bool) -> _Part:
    """The fast way: one row for each line is sure, ragged lines are skipped and noted."""
    if not block.data:
        return _Part(block, BATCH_SCHEMA.empty_table(), [])
    ragged: dict[int, pyarrow.csv.InvalidRow] = {}

    def note(row: pyarrow.csv.InvalidRow) -> str:
        ragged[row.number or 0] = row
        return "skip"

    positions = [str(position) for position in range(len(columns))]
    parsed = pyarrow.csv.read_csv(
        pa.BufferReader(block.data),
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
            include_columns=[p for p, name in zip(positions, columns, strict=True) if name],
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=True,
        ),
        memory_pool=_memory_pool(),
    )
    first = block.first_line
    numbers: pa.Array = _counting_from(first, parsed.num_rows)
    rejected: list[RejectedLine] = []
    if ragged:
        total = parsed.num_rows + len(ragged)
        numbers = pa.array(
            [first + n - 1 for n in range(1, total + 1) if n not in ragged], pa.int64()
        )
        contents = dict(block.lines())
        rejected = [
            RejectedLine(
                first + n - 1,
                _ragged_reason(row.actual_columns, len(columns)),
                shown_line(contents[first + n - 1]),
            )
            for n, row in sorted(ragged.items())
        ]
    found = {name: p for p, name in zip(positions, columns, strict=True) if name}
    arrays = [
        parsed.column(found[name])
        if name in found
        else pa.nulls(parsed.num_rows, pa.string())
        for name in USAGE_COLUMNS
    ]
    rows = pa.Table.from_arrays([*arrays, numbers], schema=BATCH_SCHEMA)
    return _Part(block, rows, rejected)


def _counting_from(first: int, size: int) -> pa.Array:
    steps = pa.repeat(pa.scalar(1, pa.int64()), size)
    return pyarrow.compute.cumulative_sum(steps, start=first - 1)


@cache
def _memory_pool() -> pa.MemoryPool:
    """Batches are large and short-lived; here jemalloc takes half the time of the default."""
    try:
        return pa.jemalloc_memory_pool()
    except NotImplementedError:
        return pa.default_memory_pool()


def _ragged_reason(cells: int, expected: int) -> str:
    return f"{cells} cells where the header has {expected}"


def _csv_line_by_line(block: Block, columns: list[str | None]) -> _Part:
    """The careful way: whatever a line holds, the next one is read for itself."""
    cells: list[list[str | None]] = [[] for _ in columns]
    numbers: list[int] = []
    rejected: list[RejectedLine] = []
    blank_lines = 0
    for number, line in block.lines() if block.data else ():
        if not line.strip():
            blank_lines += 1
            continue
        reason = None
        row: list[str] = []
        if b"\0" in line:
            reason = "holds a NUL byte"
        else:
            try:
                row = next(csv.reader([line.decode()], strict=True))
                if len(row) != len(columns):
                    reason = _ragged_reason(len(row), len(columns))
            except UnicodeDecodeError:
                reason = "not UTF-8"
            except csv.Error as error:
                reason = _csv_reason(error)
        if reason:
            rejected.append(RejectedLine(number, reason, shown_line(line)))
            continue
        numbers.append(number)
        for column, cell in zip(cells, row, strict=True):
            column.append(cell or None)
    rows = _rows(dict(zip(columns, cells, strict=True)), numbers)
    return _Part(block, rows, rejected, blank_lines)


def _csv_reason(error: csv.Error) -> str:
    text = str(error)
    if "unexpected end of data" in text:
        return "a quote is opened and not closed on its line"
    if "expected after" in text:
        return "text after a closing quote"
    return f"not CSV ({text})"


def _rows(cells: Mapping[str | None, list[str | None]], numbers: list[int]) -> pa.Table:
    arrays = [
        pa.array(cells[name], pa.string())
        if name in cells
        else pa.nulls(len(numbers), pa.string())
        for name in USAGE_COLUMNS
    ]
    return pa.Table.from_arrays([*arrays, pa.array(numbers, pa.int64())], schema=BATCH_SCHEMA)


# ------------------------------------------------------------------------------------ JSON lines


def _json_parts(source: Source) -> Iterator[_Part]:
    with duckdb.connect() as con:
        for number, block in enumerate(blocks(source)):
            part = _json_part(con, block)
            if number == 0:
                part.warnings = _unknown_keys(block)
            yield part


def _unknown_keys(block: Block) -> list[str]:
    """Keys that the first lines hold and no column knows."""
    keys: dict[str, None] = {}
    for _, line in zip(range(100), block.lines(), strict=False):
        try:
            value = json.loads(line[1])
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict):
            keys |= dict.fromkeys(value)
    return [f"{key}: unknown key, not read" for key in sorted(keys) if key not in USAGE_COLUMNS]


def _json_part(con: duckdb.DuckDBPyConnection, block: Block) -> _Part:
    if block.overlong:
        return _Part(block, BATCH_SCHEMA.empty_table(), block.overlong)
    numbers: list[int] = []
    texts: list[str] = []
    rejected: list[RejectedLine] = []
    blank_lines = 0
    for number, line in block.lines():
        if not line.strip():
            blank_lines += 1
            continue
        try:
            texts.append(line.decode())
            numbers.append(number)
        except UnicodeDecodeError:
            rejected.append(RejectedLine(number, "not UTF-8", shown_line(line)))
    con.register("lines", pa.table({LINE_NUMBER: numbers, "line": texts}))
    paths = ", ".join(literal(f"$.{name}") for name in USAGE_COLUMNS)
    rows = con.execute(
        f"""
        select {", ".join(f'cells[{n}] as {quoted(c)}' for n, c in enumerate(USAGE_COLUMNS, 1))},
            {LINE_NUMBER}
        from (
            select {LINE_NUMBER}, json_extract_string(line, [{paths}]) as cells
            from lines
            where not regexp_matches(line, {literal(FRACTION)})
                and case when json_valid(line) then json_type(line) = 'OBJECT' else false end
        )
        """
    ).to_arrow_table()
    con.unregister("lines")
    # Whatever the fast way left out: numbers with decimals, and lines that are no JSON objects.
    taken = set(rows.column(LINE_NUMBER).to_pylist()) if rows.num_rows < len(numbers) else None
    tables = [_emptied(rows)]
    if taken is not None:
        left = [(n, text) for n, text in zip(numbers, texts, strict=True) if n not in taken]
        table, refused = _json_line_by_line(left)
        tables.append(table)
        rejected += refused
    return _Part(block, pa.concat_tables(tables), rejected, blank_lines)


def _emptied(rows: pa.Table) -> pa.Table:
    """Empty text is an empty cell, as in a CSV."""
    arrays = []
    for name in USAGE_COLUMNS:
        text = rows.column(name).cast(pa.string())
        empty = pa.compute.equal(text, "")
        arrays.append(pa.compute.if_else(empty, pa.scalar(None, pa.string()), text))
    numbers = rows.column(LINE_NUMBER).cast(pa.int64())
    return pa.Table.from_arrays([*arrays, numbers], schema=BATCH_SCHEMA)


def _json_line_by_line(lines: list[tuple[int, str]]) -> tuple[pa.Table, list[RejectedLine]]:
    """Numbers are taken as they are written."""
    cells: dict[str | None, list[str | None]] = {name: [] for name in USAGE_COLUMNS}
    numbers: list[int] = []
    rejected: list[RejectedLine] = []
    for number, text in lines:
        try:
            value = json.loads(text, parse_float=str, parse_int=str, parse_constant=str)
        except (ValueError, RecursionError):
            rejected.append(RejectedLine(number, "not JSON", cut(text)))
            continue
        if not isinstance(value, dict):
            rejected.append(RejectedLine(number, "not a JSON object", cut(text)))
            continue
        numbers.append(number)
        for name in USAGE_COLUMNS:
            cells[name].append(_json_text(value.get(name)))
    return _rows(cells, numbers), rejected


def _json_text(value: object) -> str | None:
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value)


# --------------------------------------------------------------------------------------- Parquet


def _decode_parquet(source: Source) -> Iterator[Batch]:
    relation = (
        f"read_parquet({literal(str(source.path))}, file_row_number = true,"
        " hive_partitioning = false)"
    )
    with duckdb.connect() as con:
        try:
            types: dict[str, str] = {
                row[0]: row[1]
                for row in con.execute(f"describe select * from {relation}").fetchall()
            }
        except duckdb.Error:
            raise RefusedFileError("not a Parquet file that can be read") from None
        names = [name for name in types if name != "file_row_number"]
        warnings = _checked_names(names)
        texts = [_parquet_text(name, types.get(name)) for name in USAGE_COLUMNS]
        reader = con.execute(
            f"select {', '.join(texts)}, file_row_number + 1 as {LINE_NUMBER} from {relation}"
        ).to_arrow_reader(BATCH_LINES)
        for batch in reader:
            rows = pa.Table.from_batches([batch]).cast(BATCH_SCHEMA)
            yield Batch(rows, rows.num_rows, [], _json_content(rows), warnings)
            warnings = []


def _parquet_text(name: str, sql_type: str | None) -> str:
    column = quoted(name)
    if sql_type is None:
        return f"cast(null as varchar) as {column}"
    if sql_type == "TIMESTAMP WITH TIME ZONE":
        text = f"strftime(timezone('UTC', {column}), '%Y-%m-%dT%H:%M:%S.%fZ')"
    elif sql_type.startswith("TIMESTAMP") and name == "started_at":
        raise RefusedFileError("started_at: a timestamp without a time zone")
    elif sql_type == "BLOB":
        text = f"decode({column})"
    elif "[" in sql_type or "(" in sql_type and not sql_type.startswith(("DECIMAL", "ENUM")):
        raise RefusedFileError(f"{name}: type {sql_type} can not be read")
    else:
        text = f"cast({column} as varchar)"
    return f"nullif({text}, '') as {column}"


def _json_content(rows: pa.Table):  # noqa: ANN202
    def content_of(wanted: Sequence[int]) -> Mapping[int, str]:
        chosen = rows.filter(pa.compute.is_in(rows.column(LINE_NUMBER), pa.array(wanted)))
        return {
            row.pop(LINE_NUMBER): cut(
                json.dumps({k: v for k, v in row.items() if v is not None}, ensure_ascii=False)
            )
            for row in chosen.to_pylist()
        }

    return content_of
