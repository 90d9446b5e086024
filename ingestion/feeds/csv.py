"""The `csv` format: text in cells, one record on each line, read as the feed declares it.

Nothing is guessed: option `columns` says from which column of the file each usage column comes, by
the name in the header, or with `header: false` by the position of the cell, counted from 1. A list
takes several columns together: joined by a blank for started_at (date and time apart), by `_`
otherwise. A usage column that is the same on every line stands in `constants` instead.

    record_id         if it is not declared, the SHA-256 of the line, so that an identical line
                      counts as the same record
    service, subscriber, started_at
                      declared, as a column or (the first two) as a constant
    disposition       as declared; what is neither empty nor answered is kept and not billed
    other columns     as declared, empty if not

What becomes of a cell, in this order:

    blanks around it  are no part of it
    values            gives, by usage column, what a value stands for; `"*"` is any that is not
                      listed, without it such a value stays as it is; `""` is an empty cell
    time_form         the form of started_at: iso (the default), epoch_seconds, epoch_milliseconds,
                      epoch_microseconds, or one such as `%d.%m.%Y %H:%M:%S` (of %Y %y %m %b %d %H
                      %M %S %f %z). A time without an offset is a local time of the feed's time_zone
    units             duration_seconds in nanosecond, microsecond, millisecond, second, minute,
                      hour, h:mm:ss or m:ss; bytes_uplink and bytes_downlink in byte, kb, mb, gb,
                      kib, mib or gib. Exact: a volume that is no whole number of bytes is at fault,
                      of a duration what is beyond the microsecond is cut off

How the file is written:

    header            true (the default): the first line names the columns
    cells             with `header: false`, how many cells every line has
    delimiter, quote  one character each (a comma and `"`); `quote: none` if nothing is quoted
    encoding          utf-8, latin-1, iso-8859-15 or cp1252
    skip_lines        so many lines at the top are no records (before the header, if there is one)
    skip_starting_with
                      lines that begin with one of these texts are no records
    trailer           starts_with: how the last line begins; count: in which of its cells the
                      number of records stands. A file is refused whole if the line is missing, is
                      not the last, or counts otherwise

A line with a cell that can not be read is rejected with the usage column and the value; a file
whose header lacks a declared column is refused whole.

What bites: a header that was renamed refuses the file, a position that has shifted does not, unless
`cells` is declared. A quoted value may not run over the end of its line, and between its closing
quote and the delimiter there may be nothing. A volume that is not split
by direction goes to bytes_downlink.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from ingestion.csv_lines import LineForm, UnreadableLineError, cells_of
from ingestion.decoding import (
    USAGE_COLUMNS,
    Batch,
    Feed,
    OptionFault,
    Record,
    RefusedFileError,
    RejectedLine,
    Source,
    UsageFormat,
    in_batches,
)
from ingestion.faults import shown
from ingestion.feeds import _amounts, _options
from ingestion.feeds._lines import blocks, shown_line
from ingestion.feeds._times import ISO, form_fault, instant_reader
from ingestion.tables import DIRECTIONS, SERVICES

REQUIRED = ("service", "subscriber", "started_at")
UNITS: dict[str, tuple[str, ...]] = {
    "duration_seconds": (*_amounts.SECONDS, *_amounts.CLOCKS),
    "bytes_uplink": tuple(_amounts.BYTES),
    "bytes_downlink": tuple(_amounts.BYTES),
}
# What a usage column may hold, where that is a list.
ALLOWED: dict[str, tuple[str, ...]] = {
    "service": SERVICES,
    "direction": DIRECTIONS,
    "subscriber_kind": ("msisdn", "imsi", "sip_user", "extension"),
    "is_final": ("true", "false"),
}
NOT_CONSTANT = ("record_id", "started_at", "charging_id", "sequence")
TRAILER_KEYS = ("starts_with", "count")
ANY_VALUE = "*"


def decode(source: Source, feed: Feed) -> Iterator[Batch]:
    """Batches of the file's lines; RefusedFileError if header or trailer are not as declared."""
    return in_batches(_items(source, _reading(feed)))


# ------------------------------------------------------------------------------ the declaration


def _check(options: Mapping[str, object]) -> Iterator[OptionFault]:
    columns, constants = _mapping(options, "columns"), _mapping(options, "constants")
    yield from _wrong_columns(columns, constants, options)
    yield from _wrong_constants(constants)
    yield from _wrong_meanings(options, columns)
    for name in REQUIRED:
        if name not in columns and name not in constants:
            yield OptionFault(("columns",), f"{name} is missing, here and in constants")
    for name, unit in _mapping(options, "units").items():
        if name not in UNITS:
            yield OptionFault(("units", name), f"not one of {', '.join(UNITS)}")
        elif name not in columns:
            yield OptionFault(("units", name), "is not among the columns")
        elif unit not in UNITS[name]:
            yield OptionFault(("units", name), f"not one of {', '.join(UNITS[name])}")
    yield from _wrong_trailer(_mapping(options, "trailer"), "trailer" in options)
    skipped = options.get("skip_starting_with")
    for position, text in enumerate(skipped if isinstance(skipped, list) else ()):
        if not text:
            yield OptionFault(("skip_starting_with", position), "empty: every line begins so")
    if "cells" in options and options.get("header") != "false":
        yield OptionFault(("cells",), "only with header: false; a header says it itself")
    if options.get("delimiter", ",") == options.get("quote", '"'):
        yield OptionFault(("quote",), "the same as delimiter")


def _wrong_columns(
    columns: Mapping[str, object], constants: Mapping[str, object], options: Mapping[str, object]
) -> Iterator[OptionFault]:
    cells = int(str(options["cells"])) if "cells" in options else 1000
    for name, source in columns.items():
        path = ("columns", name)
        if name not in USAGE_COLUMNS:
            yield OptionFault(path, f"not one of {', '.join(USAGE_COLUMNS)}")
        elif name in constants:
            yield OptionFault(path, "stands in constants too")
        for position, theirs in enumerate(source if isinstance(source, list) else [source]):
            at = (*path, position) if isinstance(source, list) else path
            if wrong := _options.text(theirs):
                yield OptionFault(at, wrong)
            elif options.get("header") == "false" and not _is_position(theirs, cells):
                yield OptionFault(at, f"not the position of a cell, from 1 to {cells}")
        if source == []:
            yield OptionFault(path, "not a column or a list of them")


def _is_position(value: object, cells: int) -> bool:
    return _options.whole_number(value) is None and 1 <= int(str(value)) <= cells


def _wrong_constants(constants: Mapping[str, object]) -> Iterator[OptionFault]:
    for name, value in constants.items():
        path = ("constants", name)
        if name not in USAGE_COLUMNS:
            yield OptionFault(path, f"not one of {', '.join(USAGE_COLUMNS)}")
        elif name in NOT_CONSTANT:
            yield OptionFault(path, "can not be the same on every line")
        elif wrong := _options.text(value) or _not_allowed(name, value):
            yield OptionFault(path, wrong)


def _wrong_meanings(
    options: Mapping[str, object], columns: Mapping[str, object]
) -> Iterator[OptionFault]:
    for name, meanings in _mapping(options, "values").items():
        if name not in columns:
            yield OptionFault(("values", name), "is not among the columns")
        elif wrong := _options.mapping_of_texts(meanings):
            yield OptionFault(("values", name), wrong)
        elif isinstance(meanings, dict):
            for theirs, ours in meanings.items():
                if ours and (wrong := _not_allowed(name, ours)):
                    yield OptionFault(("values", name, theirs), wrong)


def _not_allowed(name: str, value: object) -> str | None:
    return _options.one_of(*ALLOWED[name])(value) if name in ALLOWED else None


def _wrong_trailer(trailer: Mapping[str, object], is_declared: bool) -> Iterator[OptionFault]:
    for name in trailer:
        if name not in TRAILER_KEYS:
            yield OptionFault(("trailer", name), f"not one of {', '.join(TRAILER_KEYS)}")
    if is_declared and _options.text(trailer.get("starts_with")):
        yield OptionFault(("trailer", "starts_with"), "missing, or not a single value")
    if "count" in trailer and not _is_position(trailer["count"], 1000):
        yield OptionFault(("trailer", "count"), "not the position of a cell, from 1 to 1000")


def _mapping(options: Mapping[str, object], name: str) -> Mapping[str, object]:
    value = options.get(name)
    return value if isinstance(value, dict) else {}


def _quote(value: object) -> str | None:
    return None if value == "none" else _options.character(value)


FORMAT = UsageFormat(
    "csv",
    decode,
    options={
        "columns": _options.mapping,
        "constants": _options.mapping,
        "values": _options.mapping,
        "units": _options.mapping,
        "time_form": form_fault,
        "header": _options.one_of("true", "false"),
        "cells": _options.whole_number,
        "delimiter": _options.character,
        "quote": _quote,
        "encoding": _options.one_of(*_options.ENCODINGS),
        "skip_lines": _options.whole_number,
        "skip_starting_with": _options.texts,
        "trailer": _options.mapping,
    },
    required_options=("columns",),
    check=_check,
)


# ------------------------------------------------------------------------------ the reading


class _Unreadable(Exception):
    pass


@dataclass(frozen=True)
class _Reading:
    """How the feed's files are read."""

    columns: Mapping[str, tuple[str, ...]]
    constants: Mapping[str, str]
    values: Mapping[str, Mapping[str, str]]
    units: Mapping[str, str]
    instant: Callable[[str], str]
    time_form: str
    has_header: bool
    cells: int | None
    form: LineForm
    skip_lines: int
    skipped: tuple[bytes, ...]
    trailer: bytes | None
    trailer_count: int | None


def _reading(feed: Feed) -> _Reading:
    options = feed.options
    encoding = str(options.get("encoding") or "utf-8")
    trailer = _mapping(options, "trailer")
    skipped = options.get("skip_starting_with")
    time_form = str(options.get("time_form") or ISO)
    quote = str(options.get("quote") or '"')
    return _Reading(
        columns={
            name: tuple(map(str, source)) if isinstance(source, list) else (str(source),)
            for name, source in _mapping(options, "columns").items()
        },
        constants={name: str(value) for name, value in _mapping(options, "constants").items()},
        values={
            name: meanings
            for name, meanings in _mapping(options, "values").items()
            if isinstance(meanings, dict)
        },
        units={name: str(unit) for name, unit in _mapping(options, "units").items()},
        instant=instant_reader(time_form, feed.time_zone),
        time_form=time_form,
        has_header=options.get("header") != "false",
        cells=int(str(options["cells"])) if "cells" in options else None,
        form=LineForm(
            delimiter=str(options.get("delimiter") or ","),
            quote=None if quote == "none" else quote,
            encoding=encoding,
            trimmed=True,
        ),
        skip_lines=int(str(options.get("skip_lines") or 0)),
        skipped=_bytes(skipped if isinstance(skipped, list) else [], encoding),
        trailer=next(iter(_bytes([trailer["starts_with"]], encoding)), None) if trailer else None,
        trailer_count=int(str(trailer["count"])) if "count" in trailer else None,
    )


def _bytes(texts: list[object], encoding: str) -> tuple[bytes, ...]:
    """The texts as they stand in a file; one that the encoding does not have is in no file."""
    found: list[bytes] = []
    for text in texts:
        try:
            found.append(str(text).encode(encoding))
        except UnicodeEncodeError:
            continue
    return tuple(found)


@dataclass
class _Places:
    """Where the usage columns stand on the lines of one file."""

    of: Mapping[str, tuple[int, ...]]
    least: int
    exact: int | None


def _items(source: Source, reading: _Reading) -> Iterator[Record | RejectedLine]:
    places = None if reading.has_header else _places_by_position(reading)
    records = 0
    trailer: tuple[int, bytes] | None = None
    for number, line, overlong in _lines(source):
        if number <= reading.skip_lines or (
            reading.skipped and line.startswith(reading.skipped) and overlong is None
        ):
            continue
        if places is None:
            if overlong:
                raise RefusedFileError("header is too long")
            places = _places_by_name(line, reading)
            continue
        if trailer:
            raise RefusedFileError(f"line {number} follows the trailer on line {trailer[0]}")
        if reading.trailer is not None and line.startswith(reading.trailer):
            trailer = (number, line)
            continue
        records += 1
        if overlong:
            yield overlong
            continue
        try:
            yield Record(number, _values(line, places, reading), shown_line(line))
        except _Unreadable as error:
            yield RejectedLine(number, str(error), shown_line(line))
    if reading.trailer is not None:
        _check_trailer(trailer, records, reading)


def _lines(source: Source) -> Iterator[tuple[int, bytes, RejectedLine | None]]:
    """Each line that is not blank; one that is too long is rejected already."""
    for block in blocks(source):
        for number, line in block.lines() if block.data else ():
            if line.strip():
                yield number, line, None
        for rejected in block.overlong:
            yield rejected.line_number, b"", rejected


def _places_by_position(reading: _Reading) -> _Places:
    of = {
        name: tuple(int(position) - 1 for position in source)
        for name, source in reading.columns.items()
    }
    return _Places(of, 1 + max(max(positions) for positions in of.values()), reading.cells)


def _places_by_name(line: bytes, reading: _Reading) -> _Places:
    try:
        names = cells_of(line, reading.form)
    except UnreadableLineError as error:
        raise RefusedFileError(f"header can not be read: {error}") from None
    needed = list(dict.fromkeys(name for source in reading.columns.values() for name in source))
    if missing := [name for name in needed if name not in names]:
        raise RefusedFileError(f"columns are missing in the header: {', '.join(missing)}")
    if twice := [name for name in needed if names.count(name) > 1]:
        raise RefusedFileError(f"columns stand twice in the header: {', '.join(twice)}")
    of = {
        name: tuple(names.index(theirs) for theirs in source)
        for name, source in reading.columns.items()
    }
    return _Places(of, len(names), len(names))


def _values(line: bytes, places: _Places, reading: _Reading) -> dict[str, str | None]:
    try:
        cells = cells_of(line, reading.form)
    except UnreadableLineError as error:
        raise _Unreadable(str(error)) from None
    if places.exact is not None and len(cells) != places.exact:
        raise _Unreadable(f"{len(cells)} cells where there should be {places.exact}")
    if len(cells) < places.least:
        raise _Unreadable(f"{len(cells)} cells where there should be {places.least} or more")
    values: dict[str, str | None] = dict(reading.constants)
    for name, positions in places.of.items():
        joined = (" " if name == "started_at" else "_").join(
            filter(None, (cells[position] for position in positions))
        )
        values[name] = _value(name, joined, reading)
    if "record_id" not in places.of:
        values["record_id"] = hashlib.sha256(line).hexdigest()
    return values


def _value(name: str, text: str, reading: _Reading) -> str | None:
    meanings = reading.values.get(name)
    meant = meanings.get(text, meanings.get(ANY_VALUE, text)) if meanings else text
    if not meant:
        return None
    try:
        if name == "started_at":
            return reading.instant(meant)
        unit = reading.units.get(name)
        if unit is None:
            return meant
        if name == "duration_seconds":
            return _amounts.seconds_text(_amounts.seconds(meant, unit))
        return _amounts.whole_bytes(meant, unit)
    except ValueError:
        raise _Unreadable(f"{name}: {_expected(name, reading)}: {text[:100]}") from None


def _expected(name: str, reading: _Reading) -> str:
    if name == "started_at":
        return f"not a time of the form {reading.time_form}"
    if name == "duration_seconds":
        return f"not a duration in {reading.units[name]}"
    return f"not a whole number of bytes in {reading.units[name]}"


def _check_trailer(trailer: tuple[int, bytes] | None, records: int, reading: _Reading) -> None:
    if trailer is None:
        raise RefusedFileError("trailer is missing: the file may have been cut off")
    if reading.trailer_count is None:
        return
    number, line = trailer
    try:
        counted = cells_of(line, reading.form)[reading.trailer_count - 1]
    except (UnreadableLineError, IndexError):
        raise RefusedFileError(f"trailer on line {number} holds no count") from None
    if not counted.isascii() or not counted.isdigit():
        raise RefusedFileError(f"trailer on line {number}: not a count: {shown(counted)}")
    if counted.lstrip("0") != (str(records) if records else ""):
        message = f"trailer on line {number} counts {counted} records, the file holds {records}"
        raise RefusedFileError(message)
