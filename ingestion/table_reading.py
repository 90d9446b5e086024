"""Reads one table of the operator folder: every cell as text, every row with its line.

What can be wrong here is the shape of the file: damage, encoding, header, quotes, ragged lines.
What the cells say is checked by `cell_checks.py`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from ingestion.arrow import empty_as_null, utc_texts
from ingestion.containers import DamagedFileError, Limits, expanded
from ingestion.csv_lines import cells_of, has_a_row_on_each_line
from ingestion.faults import Fault
from ingestion.paths import refusal
from ingestion.tables import Table

LINE = "source_line"
VARIANTS = (".csv", ".csv.gz", ".parquet")


@dataclass
class RawTable:
    """The cells of one table as text. `rows` has the table's columns and `source_line`.

    `complete` is false if rows or columns are missing, so that what refers to them can not be
    judged.
    """

    table: Table
    rows: pa.Table
    file: str
    complete: bool = True
    faults: list[Fault] = field(default_factory=list)
    warnings: list[Fault] = field(default_factory=list)


def read_table(folder: Path, table: Table, limits: Limits) -> RawTable:
    """Read whichever variant of the table's file there is. Never raises for what is in the file."""
    stem = f"{table.folder}/{table.name}"
    found = [stem + variant for variant in VARIANTS if _is_there(folder / (stem + variant))]
    raw = RawTable(table, _no_rows(table), found[0] if found else table.path)
    if not found:
        if table.required:
            raw.complete = False
            raw.faults.append(Fault(table.path, None, None, "file is missing"))
        return raw
    if len(found) > 1:
        raw.complete = False
        raw.faults.append(
            Fault(found[0], None, None, "the same table stands in another file", found[1])
        )
        return raw
    path = folder / raw.file
    if message := refusal(folder.resolve(), path):
        raw.complete = False
        raw.faults.append(Fault(raw.file, None, None, message))
        return raw
    try:
        if raw.file.endswith(".parquet"):
            _read_parquet(path, raw, limits)
        else:
            _read_csv(path, raw, limits)
    except DamagedFileError as error:
        raw.rows = _no_rows(table)
        raw.complete = False
        raw.faults.append(Fault(raw.file, error.line, None, error.message))
    except OSError as error:
        raw.rows = _no_rows(table)
        raw.complete = False
        raw.faults.append(Fault(raw.file, None, None, f"can not be read ({error.strerror})"))
    return raw


def _is_there(path: Path) -> bool:
    return path.is_symlink() or path.is_file()


def _no_rows(table: Table) -> pa.Table:
    schema = pa.schema(
        [pa.field(column.name, pa.large_string()) for column in table.columns]
        + [pa.field(LINE, pa.int64())]
    )
    return schema.empty_table()


def _read_csv(path: Path, raw: RawTable, limits: Limits) -> None:
    with path.open("rb") as file:
        data = b"".join(expanded(file, path.name, limits))
    data = data.removeprefix(b"\xef\xbb\xbf")
    if fault := _encoding_fault(raw.file, data):
        raw.complete = False
        raw.faults.append(fault)
        return
    end = data.find(b"\n")
    header_line = data if end < 0 else data[:end]
    # Without blank lines and with one row on each line the fast parser reads exactly what the
    # careful one does.
    data = data.rstrip(b"\r\n") if end >= 0 else data
    if b"\n\n" in data or b"\n\r" in data or not has_a_row_on_each_line(data):
        _read_row_by_row(data, raw)
    else:
        _read_at_once(data, header_line, raw)


def _encoding_fault(file: str, data: bytes) -> Fault | None:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return Fault(file, 1, None, "not UTF-8", "UTF-16")
    at = data.find(b"\0")
    if at >= 0:
        return Fault(file, data.count(b"\n", 0, at) + 1, None, "holds a NUL byte")
    try:
        # Costs a copy, but is the fastest whole-file check there is.
        data.decode()
    except UnicodeDecodeError as error:
        line_start = data.rfind(b"\n", 0, error.start) + 1
        line = data[line_start : error.end].decode("utf-8", "backslashreplace")
        return Fault(file, data.count(b"\n", 0, error.start) + 1, None, "not UTF-8", line[-40:])
    return None


def _read_header(header: list[str], line: int, raw: RawTable) -> list[str | None] | None:
    """The table's column for each cell of a row, None where it is unknown; None if unusable."""
    known = {column.name: column for column in raw.table.columns}
    usable = True
    seen: set[str] = set()
    for name in header:
        if name in seen:
            usable = False
            raw.faults.append(Fault(raw.file, line, name, "column stands twice in the header"))
        elif name not in known:
            raw.warnings.append(Fault(raw.file, line, name, "unknown column, not read"))
        seen.add(name)
    for column in raw.table.columns:
        if column.required and column.name not in seen:
            usable = False
            hint = header[0] if len(header) == 1 and not seen & set(known) else None
            raw.faults.append(
                Fault(raw.file, line, column.name, "required column is missing", hint)
            )
    return [name if name in known else None for name in header] if usable else None


def _read_at_once(data: bytes, header_line: bytes, raw: RawTable) -> None:
    """A file with one row on each line."""
    if not header_line.strip():
        _blank_header(data, raw)
        return
    names = cells_of(header_line.rstrip(b"\r"))
    columns = _read_header(names, 1, raw)
    if columns is None:
        raw.complete = False
        return
    body = data[len(header_line) + 1 :]
    invalid: dict[int, tuple[int, str]] = {}

    def note(row: pyarrow.csv.InvalidRow) -> str:
        # `number` counts from 1 within the body.
        invalid[row.number or 0] = (row.actual_columns, row.text)
        return "skip"

    positions = [str(number) for number in range(len(names))]
    wanted = [position for position, name in zip(positions, columns, strict=True) if name]
    if not body.strip():
        return
    parsed = pyarrow.csv.read_csv(
        pa.BufferReader(body),
        # One thread, or the numbers of faulty rows would not be known.
        read_options=pyarrow.csv.ReadOptions(
            column_names=positions, use_threads=False, block_size=1 << 24
        ),
        parse_options=pyarrow.csv.ParseOptions(
            quote_char='"' if b'"' in body else False,
            double_quote=b'"' in body,
            newlines_in_values=False,
            ignore_empty_lines=False,
            invalid_row_handler=note,
        ),
        convert_options=pyarrow.csv.ConvertOptions(
            column_types=dict.fromkeys(positions, pa.large_string()),
            include_columns=wanted,
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=True,
        ),
    )
    for number, (cells, text) in sorted(invalid.items()):
        if text.strip():
            _note_ragged(raw, number + 1, cells, len(names))
    numbers: Iterator[int] | range = range(2, parsed.num_rows + 2)
    if invalid:
        numbers = (
            number + 1
            for number in range(1, parsed.num_rows + len(invalid) + 1)
            if number not in invalid
        )
    _fill(raw, {name: i for i, name in enumerate(columns) if name}, parsed, wanted, numbers)


def _fill(
    raw: RawTable,
    positions: dict[str, int],
    parsed: pa.Table,
    wanted: list[str],
    lines: Iterator[int] | range,
) -> None:
    arrays: dict[str, pa.ChunkedArray | pa.Array] = {}
    for column in raw.table.columns:
        if column.name in positions:
            arrays[column.name] = parsed.column(wanted.index(str(positions[column.name])))
        else:
            arrays[column.name] = pa.nulls(parsed.num_rows, pa.large_string())
    arrays[LINE] = pa.array(lines, pa.int64(), size=parsed.num_rows)
    raw.rows = pa.table(arrays)


def _blank_header(data: bytes, raw: RawTable) -> None:
    raw.complete = False
    message = "file is empty, its header is missing" if not data.strip() else "header is missing"
    raw.faults.append(Fault(raw.file, 1, None, message))


def _note_ragged(raw: RawTable, line: int, cells: int, expected: int) -> None:
    raw.complete = False
    raw.faults.append(Fault(raw.file, line, None, f"{cells} cells where the header has {expected}"))


def _read_row_by_row(data: bytes, raw: RawTable) -> None:
    """Any CSV, with quoted commas and line ends; a row's line is the one on which it begins."""
    reader = csv.reader(io.StringIO(data.decode(), newline=""), strict=True)
    columns: list[str | None] | None = None
    width = 0
    cells: list[list[str]] = []
    lines: list[int] = []
    while True:
        line = reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            raw.complete = False
            raw.faults.append(Fault(raw.file, line, None, _quote_message(error)))
            continue
        if not row or (len(row) == 1 and not row[0].strip()):
            if line == 1:
                _blank_header(data, raw)
                return
        elif width == 0:
            width = len(row)
            columns = _read_header(row, line, raw)
            if columns is None:
                raw.complete = False
                return
        elif len(row) != width:
            _note_ragged(raw, line, len(row), width)
        else:
            cells.append(row)
            lines.append(line)
    if columns is None:
        return
    by_position = list(zip(*cells, strict=True)) if cells else [()] * width
    arrays: dict[str, pa.Array] = {}
    positions = {name: i for i, name in enumerate(columns) if name}
    for column in raw.table.columns:
        position = positions.get(column.name)
        texts = () if position is None else by_position[position]
        arrays[column.name] = (
            pa.nulls(len(lines), pa.large_string())
            if position is None
            else pa.array([text or None for text in texts], pa.large_string())
        )
    arrays[LINE] = pa.array(lines, pa.int64())
    raw.rows = pa.table(arrays)


def _quote_message(error: csv.Error) -> str:
    text = str(error)
    if "unexpected end of data" in text:
        return "a quote is opened here and never closed"
    if "expected after" in text:
        return "text after a closing quote"
    return f"not CSV ({text})"


def _read_parquet(path: Path, raw: RawTable, limits: Limits) -> None:
    """Rows count from 1, since a Parquet file has no lines."""
    try:
        file = pyarrow.parquet.ParquetFile(path)
        size = sum(
            file.metadata.row_group(i).total_byte_size for i in range(file.metadata.num_row_groups)
        )
        if size > limits.expanded_bytes:
            raise DamagedFileError(f"expands to more than {limits.expanded_bytes} bytes")
        columns = _read_header(file.schema_arrow.names, 1, raw)
        if columns is None:
            raw.complete = False
            return
        parsed = file.read(columns=[name for name in columns if name])
    except (pa.ArrowException, OSError) as error:
        raise DamagedFileError(f"damaged Parquet file ({_first_line(error)})") from None
    arrays: dict[str, pa.Array | pa.ChunkedArray] = {}
    for column in raw.table.columns:
        if column.name not in parsed.column_names:
            arrays[column.name] = pa.nulls(parsed.num_rows, pa.large_string())
            continue
        values = parsed.column(column.name)
        text = _as_text(values)
        if text is None:
            raw.complete = False
            raw.faults.append(
                Fault(raw.file, None, column.name, "type can not be read", str(values.type))
            )
            text = pa.nulls(parsed.num_rows, pa.large_string())
        arrays[column.name] = text
    arrays[LINE] = pa.array(range(1, parsed.num_rows + 1), pa.int64())
    raw.rows = pa.table(arrays)


def _as_text(values: pa.ChunkedArray) -> pa.ChunkedArray | None:
    """The values as a CSV would hold them; None for a type that no column of the folder has."""
    kind = values.type
    if pa.types.is_dictionary(kind):
        values = values.cast(kind.value_type)
        kind = values.type
    if pa.types.is_timestamp(kind) and kind.tz is not None:
        values = utc_texts(values)
    elif not (
        pa.types.is_string(kind)
        or pa.types.is_large_string(kind)
        or pa.types.is_string_view(kind)
        or pa.types.is_boolean(kind)
        or pa.types.is_integer(kind)
        or pa.types.is_decimal(kind)
        or pa.types.is_date(kind)
        or pa.types.is_null(kind)
    ):
        # Floating point never carries money; a time without a zone says no instant.
        return None
    return empty_as_null(values.cast(pa.large_string()))


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n", 1)[0][:200]
