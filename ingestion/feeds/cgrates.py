"""The `cgrates` format: call records as CSV, as CGRateS writes and reads them.

The columns are those of CGRateS by their names there: Tenant, ToR, OriginID, RequestType, Account,
Subject, Destination, SetupTime, AnswerTime, Usage, in this order. Another order is declared by
option `columns` ("" for a cell that is not read; names of the operator's own may be used in other
options), or by the file itself: a line that begins with `:` names the columns of the lines after
it. Lines that begin with `#` are skipped. Option `delimiter` is the character between cells.

    record_id         OriginID; of a part of a call OriginID/Sequence, or OriginID/instant where
                      parts are not numbered
    service           ToR: *voice, *sms, *data, *mms; where there is none, option `tor` (*voice)
    direction         originating
    subscriber        Account, or the column named by option `subscriber`
    subscriber_kind   msisdn, or the option `subscriber_kind`
    other_party       Destination
    started_at        AnswerTime, or SetupTime where option `started_at` says so; for a call without
                      answer SetupTime
    duration_seconds  Usage of *voice: a Go duration (1h2m3.5s, 250ms) or a plain number in option
                      `usage_unit` (second); without answer 0
    messages          Usage of *sms and *mms
    bytes_downlink    Usage of *data, up and down together
    charging_id       OriginID of a part of a call, else empty
    sequence          Sequence of a part of a call, else empty
    is_final          false for a part, true for the last part of a call, else empty
    disposition       answered, or `unanswered` for a call without AnswerTime
    bytes_uplink, serving_network
                      empty

Option `origin_id` lists the columns that make up OriginID where it is none of its own (joined by
`_`). Option `values` gives, by column, what a value stands for; one that is not listed stays as it
is. The column Partial then says what a line is: `part`, `last` (part) or `whole` (call). CGRateS'
own true is a part, false the last part if the line has a Sequence, else whole.

Times are ISO 8601, with Go's name of the zone after the offset or without (2018-01-07 17:00:00
+0000 UTC), or seconds or milliseconds since 1970; option `time_form` declares another form. Times
without an offset are local times of the feed's time_zone.

What bites:
  * A plain number in Usage: older releases write seconds, newer ones take it for nanoseconds. Set
    `usage_unit`, or write durations with their unit.
  * CGRateS counts bytes and messages as nanoseconds, so it may write 1048576 bytes as 1.048576ms;
    of *data and *sms such a duration is read as that number.
  * Parts of a call are told apart by their start, but put together by a Sequence that counts from 1
    (2.3). Without the column Sequence every part is rated as a call of its own.
  * RequestType is not read: what CGRateS has debited itself (*prepaid) is billed again if it is
    given to a feed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from ingestion.csv_lines import LineForm, UnreadableLineError, cells_of
from ingestion.decoding import (
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
from ingestion.feeds import _amounts, _options
from ingestion.feeds._lines import blocks, shown_line
from ingestion.feeds._times import ISO, form_fault, instant_of_epoch, instant_reader

COLUMNS = (
    "Tenant",
    "ToR",
    "OriginID",
    "RequestType",
    "Account",
    "Subject",
    "Destination",
    "SetupTime",
    "AnswerTime",
    "Usage",
)
SERVICES = {"*voice": "voice", "*sms": "sms", "*mms": "mms", "*data": "data"}
PARTIALS = {"part": "part", "last": "last", "whole": "whole", "true": "part", "false": ""}
NANOSECONDS = {
    "ns": 1,
    "us": 10**3,
    "µs": 10**3,
    "μs": 10**3,
    "ms": 10**6,
    "s": 10**9,
    "m": 60 * 10**9,
    "h": 3600 * 10**9,
}
GO_DURATION_PART = re.compile(r"(\d{1,18}(?:\.\d{0,18})?|\.\d{1,18})(ns|us|µs|μs|ms|s|m|h)", re.A)
GO_DURATION = re.compile(rf"[+-]?(?:{GO_DURATION_PART.pattern}){{1,8}}", re.A)
GO_ZONE_NAME = re.compile(r"(?<=[0-9]) [A-Z]{1,5}$")
# Go's time of nothing.
NEVER = "0001-01-01"
EPOCH_DIGITS = {10: 1, 13: 10**3}


def decode(source: Source, feed: Feed) -> Iterator[Batch]:
    """Batches of the file's lines; RefusedFileError if its own header lacks a column."""
    return in_batches(_items(source, feed))


def _check(options: Mapping[str, object]) -> Iterator[OptionFault]:
    columns = _columns(options)
    for position, name in enumerate(columns):
        if name and name in columns[:position]:
            yield OptionFault(("columns", position), "stands twice")
    if "columns" in options:
        yield from _missing(columns, options)
    values = options.get("values")
    for name, meanings in values.items() if isinstance(values, dict) else ():
        if wrong := _options.mapping_of_texts(meanings):
            yield OptionFault(("values", name), wrong)
        elif name == "Partial":
            for theirs, ours in meanings.items():
                if ours not in ("part", "last", "whole"):
                    yield OptionFault(("values", name, theirs), "not one of part, last, whole")


def _missing(columns: tuple[str, ...], options: Mapping[str, object]) -> Iterator[OptionFault]:
    for option, name in _needed(options):
        if name not in columns:
            path = option if option in options else "columns"
            yield OptionFault((path,), f"{name} is not among the columns")


def _needed(options: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Each column that must be there, and the option that asks for it."""
    yield "subscriber", str(options.get("subscriber") or "Account")
    yield "columns", "Usage"
    yield "started_at", str(options.get("started_at") or "AnswerTime")
    for name in _origin_id(options):
        yield "origin_id", name


FORMAT = UsageFormat(
    "cgrates",
    decode,
    options={
        "columns": _options.texts,
        "delimiter": _options.character,
        "tor": _options.one_of(*SERVICES),
        "origin_id": _options.texts,
        "values": _options.mapping,
        "time_form": form_fault,
        "started_at": _options.one_of("AnswerTime", "SetupTime"),
        "usage_unit": _options.one_of(*_amounts.SECONDS),
        "subscriber": _options.text,
        "subscriber_kind": _options.one_of("msisdn", "imsi", "sip_user", "extension"),
    },
    check=_check,
)


class _Unreadable(Exception):
    pass


@dataclass(frozen=True)
class _Reading:
    """How the feed's lines are read."""

    form: LineForm
    instant: Callable[[str], str]
    tor: str
    origin_id: tuple[str, ...]
    values: Mapping[str, Mapping[str, str]]
    started_at: str
    usage_unit: str
    subscriber: str
    subscriber_kind: str


def _columns(options: Mapping[str, object]) -> tuple[str, ...]:
    columns = options.get("columns")
    return tuple(map(str, columns)) if isinstance(columns, list) else COLUMNS


def _origin_id(options: Mapping[str, object]) -> tuple[str, ...]:
    parts = options.get("origin_id")
    return tuple(map(str, parts)) if isinstance(parts, list) else ("OriginID",)


def _reading(feed: Feed) -> _Reading:
    options = feed.options
    values = options.get("values")
    form = options.get("time_form")
    return _Reading(
        LineForm(delimiter=str(options.get("delimiter") or ","), trimmed=True),
        instant_reader(str(form), feed.time_zone) if form else _any_instant(feed.time_zone),
        str(options.get("tor") or "*voice"),
        _origin_id(options),
        values if isinstance(values, dict) else {},
        str(options.get("started_at") or "AnswerTime"),
        str(options.get("usage_unit") or "second"),
        str(options.get("subscriber") or "Account"),
        str(options.get("subscriber_kind") or "msisdn"),
    )


def _any_instant(time_zone: str) -> Callable[[str], str]:
    """Reads whatever CGRateS tells apart by itself."""
    iso = instant_reader(ISO, time_zone)

    def read(text: str) -> str:
        if text.isdigit() and len(text) in EPOCH_DIGITS:
            return instant_of_epoch(text, EPOCH_DIGITS[len(text)])
        return iso(GO_ZONE_NAME.sub("", text))

    return read


def _items(source: Source, feed: Feed) -> Iterator[Record | RejectedLine]:
    reading = _reading(feed)
    columns = _columns(feed.options)
    for block in blocks(source):
        yield from block.overlong
        for number, line in block.lines() if block.data else ():
            if not line.strip() or line.startswith(b"#"):
                continue
            if line.startswith(b":"):
                columns = _header(number, line, feed, reading.form)
                continue
            try:
                yield Record(number, _values(line, columns, reading), shown_line(line))
            except _Unreadable as error:
                yield RejectedLine(number, str(error), shown_line(line))


def _header(number: int, line: bytes, feed: Feed, form: LineForm) -> tuple[str, ...]:
    """The columns that a line beginning with `:` names."""
    try:
        columns = tuple(cells_of(line[1:], form))
    except UnreadableLineError as error:
        raise RefusedFileError(f"header on line {number}: {error}") from None
    for _, name in _needed(feed.options):
        if columns.count(name) != 1:
            how = "is missing" if name not in columns else "stands twice"
            raise RefusedFileError(f"header on line {number}: {name} {how}")
    return columns


def _values(line: bytes, columns: tuple[str, ...], reading: _Reading) -> dict[str, str | None]:
    try:
        cells = cells_of(line, reading.form)
    except UnreadableLineError as error:
        raise _Unreadable(str(error)) from None
    if len(cells) != len(columns):
        raise _Unreadable(f"{len(cells)} cells where there are {len(columns)} columns")
    call = {name: cell for name, cell in zip(columns, cells, strict=True) if name and cell}
    for name, meanings in reading.values.items():
        if name in call:
            call[name] = meanings.get(call[name], call[name])
    tor = call.get("ToR", reading.tor)
    if tor not in SERVICES:
        raise _Unreadable(f"ToR: not one of {', '.join(SERVICES)}: {tor[:100]}")
    service = SERVICES[tor]
    answered = _is_answered(call, columns)
    if service == "voice" and not answered:
        started_at, disposition = _instant(call, "SetupTime", reading), "unanswered"
    else:
        started_at, disposition = _started_at(call, answered, reading), "answered"
    return {
        "service": service,
        "direction": "originating",
        "subscriber": call.get(reading.subscriber),
        "subscriber_kind": reading.subscriber_kind,
        "other_party": call.get("Destination"),
        "started_at": started_at,
        "disposition": disposition,
        **_identity(call, started_at, reading),
        **_quantity(call, service, disposition, reading),
    }


def _is_answered(call: Mapping[str, str], columns: tuple[str, ...]) -> bool:
    if "AnswerTime" not in columns:
        return True
    return not call.get("AnswerTime", NEVER).startswith(NEVER)


def _started_at(call: Mapping[str, str], answered: bool, reading: _Reading) -> str:
    # Only calls are answered: messages and sessions that lack AnswerTime begin with SetupTime.
    name = reading.started_at if answered else "SetupTime"
    return _instant(call, name, reading)


def _instant(call: Mapping[str, str], name: str, reading: _Reading) -> str:
    text = call.get(name)
    if text is None:
        raise _Unreadable(f"{name}: empty")
    try:
        return reading.instant(text)
    except ValueError:
        raise _Unreadable(f"{name}: not a time of the feed's form: {text[:100]}") from None


def _identity(call: Mapping[str, str], started_at: str, reading: _Reading) -> dict[str, str | None]:
    """record_id, and of a part of a call what it is put together by."""
    parts = [call.get(name, "") for name in reading.origin_id]
    origin_id = "_".join(parts) if any(parts) else ""
    if not origin_id:
        raise _Unreadable(f"{reading.origin_id[0]}: empty")
    sequence = call.get("Sequence")
    partial = PARTIALS.get(call.get("Partial", "whole"))
    if partial is None:
        raise _Unreadable(f"Partial: not one of {', '.join(PARTIALS)}: {call['Partial'][:100]}")
    if partial == "whole" or (not partial and sequence is None):
        return {"record_id": origin_id}
    return {
        "record_id": f"{origin_id}/{sequence or started_at}",
        "charging_id": origin_id,
        "sequence": sequence,
        "is_final": "false" if partial == "part" else "true",
    }


def _quantity(
    call: Mapping[str, str], service: str, disposition: str, reading: _Reading
) -> dict[str, str | None]:
    if disposition != "answered":
        return {"duration_seconds": "0"}
    text = call.get("Usage")
    if text is None:
        raise _Unreadable("Usage: empty")
    try:
        if service == "voice":
            nanoseconds = _go_nanoseconds(text)
            if nanoseconds is None:
                duration = _amounts.seconds(text, reading.usage_unit)
            else:
                duration = nanoseconds / 10**9
            return {"duration_seconds": _amounts.seconds_text(duration)}
        units = _go_nanoseconds(text)
        quantity = _amounts.number(text) if units is None else units
        if quantity.denominator != 1:
            raise ValueError
    except ValueError:
        kind = "a duration" if service == "voice" else "a whole number"
        raise _Unreadable(f"Usage: not {kind}: {text[:100]}") from None
    return {"bytes_downlink" if service == "data" else "messages": str(quantity.numerator)}


def _go_nanoseconds(text: str) -> Fraction | None:
    """A Go duration; None if the text has no unit."""
    if not GO_DURATION.fullmatch(text):
        return None
    total = sum(
        (Fraction(value) * NANOSECONDS[unit] for value, unit in GO_DURATION_PART.findall(text)),
        Fraction(0),
    )
    return -total if text.startswith("-") else total
