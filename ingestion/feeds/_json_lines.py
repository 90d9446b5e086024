"""Decodes blocks of JSON lines in the usage columns, one object on each line.

Numbers are taken as they are written: none becomes floating point on its way.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pyarrow as pa

from ingestion.arrow import empty_as_null
from ingestion.decoding import USAGE_COLUMNS, RejectedLine, Source, is_text
from ingestion.feeds._lines import Block, blocks, shown_line
from ingestion.feeds._parts import Part, rows_of, without_records

DECODE = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=str).decode
LINES_LOOKED_AT_FOR_UNKNOWN_KEYS = 100


def json_parts(source: Source) -> Iterator[Part]:
    """The file's blocks; keys that no column knows are a warning of the first."""
    for number, block in enumerate(blocks(source)):
        part = _part(block)
        if number == 0:
            part.warnings = _unknown_keys(block)
        yield part


def _unknown_keys(block: Block) -> list[str]:
    keys: set[str] = set()
    for count, (_, line) in enumerate(block.lines()):
        if count == LINES_LOOKED_AT_FOR_UNKNOWN_KEYS:
            break
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict):
            keys |= value.keys()
    return [f"{key}: unknown key, not read" for key in sorted(keys - {*USAGE_COLUMNS})]


def _part(block: Block) -> Part:
    if not block.data:
        return without_records(block)
    numbers: list[int] = []
    values: list[tuple[object, ...]] = []
    rejected: list[RejectedLine] = []
    blank_lines = 0
    for number, line in block.lines():
        if not line.strip():
            blank_lines += 1
            continue
        try:
            value = DECODE(line.decode())
            # `\u` may write what is no text.
            row = tuple(map(value.get, USAGE_COLUMNS))
            if b"\\u" in line and not all(map(is_text, row)):
                raise UnicodeError
        except UnicodeError:
            reason = "not UTF-8"
        except (ValueError, RecursionError):
            reason = "not JSON"
        except AttributeError:
            reason = "not a JSON object"
        else:
            numbers.append(number)
            values.append(row)
            continue
        rejected.append(RejectedLine(number, reason, shown_line(line)))
    columns = zip(*values, strict=True) if values else [()] * len(USAGE_COLUMNS)
    cells = {name: _texts(column) for name, column in zip(USAGE_COLUMNS, columns, strict=True)}
    return Part(block, rows_of(cells, numbers), rejected, blank_lines)


def _texts(values: tuple[object, ...]) -> pa.Array | pa.ChunkedArray:
    try:
        texts = pa.array(values, pa.string())
    except (pa.ArrowTypeError, pa.ArrowInvalid):
        texts = pa.array(map(_text, values), pa.string(), size=len(values))
    return empty_as_null(texts)


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value)
