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

from collections.abc import Iterator, Sequence

from ingestion.containers import PARQUET_MAGIC
from ingestion.csv_lines import UnreadableLineError, cells_of
from ingestion.decoding import USAGE_COLUMNS, Batch, Feed, RefusedFileError, Source, UsageFormat
from ingestion.feeds._csv import csv_part
from ingestion.feeds._json_lines import json_parts
from ingestion.feeds._lines import BYTE_ORDER_MARK, Block, blocks
from ingestion.feeds._parquet import parquet_batches
from ingestion.feeds._parts import Part, gathered

REQUIRED = ("record_id", "service", "subscriber", "started_at")


def decode(source: Source, feed: Feed) -> Iterator[Batch]:
    """Batches of the file's lines; RefusedFileError if a required column is missing."""
    first = b""
    for piece in source.pieces():
        first = (first + piece)[:64].removeprefix(BYTE_ORDER_MARK)
        if len(first) >= 8:
            break
    if first.startswith(PARQUET_MAGIC):
        return parquet_batches(source, _checked_names)
    if first.lstrip().startswith(b"{"):
        return gathered(json_parts(source))
    return gathered(_csv_parts(source))


FORMAT = UsageFormat("billhouse", decode)


def _csv_parts(source: Source) -> Iterator[Part]:
    columns: list[str | None] | None = None
    for block in blocks(source):
        if columns is not None:
            yield csv_part(block, columns)
            continue
        if block.overlong:
            raise RefusedFileError("header is too long")
        header, _, rest = block.data.partition(b"\n")
        if not header.strip() and not rest.strip():
            continue
        columns, warnings = _header(header.removesuffix(b"\r"))
        part = csv_part(Block(block.first_line + 1, rest), columns)
        part.warnings = warnings
        yield part


def _header(line: bytes) -> tuple[list[str | None], list[str]]:
    """The usage column of each cell of a line, None where it is unknown, and the warnings."""
    if not line.strip():
        raise RefusedFileError("header is missing")
    try:
        names = cells_of(line)
    except UnreadableLineError as error:
        raise RefusedFileError(f"header can not be read: {error}") from None
    warnings = _checked_names(names)
    return [name if name in USAGE_COLUMNS else None for name in names], warnings


def _checked_names(names: Sequence[str]) -> list[str]:
    """A warning for each unknown column; RefusedFileError if one is missing or stands twice."""
    missing = [name for name in REQUIRED if name not in names]
    if missing:
        raise RefusedFileError(f"required columns are missing: {', '.join(missing)}")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise RefusedFileError(f"columns stand twice in the header: {', '.join(twice)}")
    return [f"{name}: unknown column, not read" for name in names if name not in USAGE_COLUMNS]
