"""The `freeswitch_csv` format: call records of FreeSWITCH's mod_cdr_csv.

What a line holds is free text of cdr_csv.conf.xml, so the feed says which: option `template` is one
of those that FreeSWITCH comes with (`example`, the default, `asterisk`, `snom`, `linksys`), or
option `columns` lists the channel variables of the feed's own template in their order ("" for a
cell that is not read). Option `delimiter` is the character between cells (a comma), blanks around
a cell are no part of it. There is no header.

    record_id         uuid; without one the SHA-256 of the line, so that an identical line counts
                      as the same record
    service           voice
    direction         originating
    subscriber        caller_id_number, or the column named by option `subscriber`
    subscriber_kind   sip_user, or the option `subscriber_kind`
    other_party       destination_number
    started_at        answer_uepoch, answer_epoch or answer_stamp, the first that is a column; for a
                      call without answer the same of start. Stamps are local times of the feed's
                      time_zone, epochs are UTC
    duration_seconds  billmsec to the millisecond, else billsec; without answer 0
    disposition       answered; without answer the hangup_cause in lower case; `outbound_leg` for
                      the leg to the called party, which the caller's leg has already billed
    bytes_uplink, bytes_downlink, messages, serving_network, charging_id, sequence, is_final
                      empty: every line is a whole leg

What bites:
  * `legs` in cdr_csv.conf.xml. Its default `a` writes the caller's leg only and every line is
    billed. With `ab` both legs of a call are written, alike but for the variable `direction`; say
    `legs: ab`, and have ${direction} in the template, or the call would be billed twice. Where
    direction is a column, ab is the default. `b` bills every line.
  * FreeSWITCH does not double quotes inside a value: a caller name with a quote spoils its line,
    which is rejected; the next one is read.
  * Local stamps: in the hour that the clock runs through twice the first of the two is taken.
    ${start_epoch} and ${answer_epoch} in the template are free of it.
  * The template `sql` writes INSERT statements, and such a file is refused: nothing in a usage
    file is ever executed, and SQL is not read as CSV.
  * One file per accountcode is written beside Master.csv: give a feed one of the two.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

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
from ingestion.feeds import _freeswitch, _options
from ingestion.feeds._lines import blocks, shown_line
from ingestion.feeds._times import ISO, instant_reader

_EXAMPLE = (
    "caller_id_name",
    "caller_id_number",
    "destination_number",
    "context",
    "start_stamp",
    "answer_stamp",
    "end_stamp",
    "duration",
    "billsec",
    "hangup_cause",
    "uuid",
    "bleg_uuid",
    "accountcode",
    "read_codec",
    "write_codec",
)
TEMPLATES: dict[str, tuple[str, ...]] = {
    "example": _EXAMPLE,
    "asterisk": (
        "accountcode",
        "caller_id_number",
        "destination_number",
        "context",
        "caller_id",
        "channel_name",
        "bridge_channel",
        "last_app",
        "last_arg",
        "start_stamp",
        "answer_stamp",
        "end_stamp",
        "duration",
        "billsec",
        "hangup_cause",
        "amaflags",
        "uuid",
        "userfield",
    ),
    "snom": (
        *_EXAMPLE,
        "sip_user_agent",
        "call_clientcode",
        "sip_rtp_rxstat",
        "sip_rtp_txstat",
        "sofia_record_file",
    ),
    "linksys": (*_EXAMPLE, "sip_user_agent", "sip_p_rtp_stat"),
}
SQL = b"insert into "
DEFAULT_SUBSCRIBER = "caller_id_number"


def decode(source: Source, feed: Feed) -> Iterator[Batch]:
    """Batches of the file's lines; RefusedFileError if it holds SQL."""
    return in_batches(_items(source, feed))


def _check(options: Mapping[str, object]) -> Iterable[OptionFault]:
    if "template" in options and "columns" in options:
        yield OptionFault(("template",), "stands beside columns; only one of them can hold")
    columns = _columns(options)
    for position, name in enumerate(columns):
        if name and name in columns[:position]:
            yield OptionFault(("columns", position), "stands twice")
    for name in ("start", "answer"):
        if not {f"{name}_stamp", f"{name}_epoch", f"{name}_uepoch"} & {*columns}:
            yield OptionFault(
                ("columns",), f"{name}_stamp, {name}_epoch or {name}_uepoch is missing"
            )
    if not {"billsec", "billmsec"} & {*columns}:
        yield OptionFault(("columns",), "billsec or billmsec is missing")
    for name in ("destination_number", "hangup_cause"):
        if name not in columns:
            yield OptionFault(("columns",), f"{name} is missing")
    subscriber = options.get("subscriber") or DEFAULT_SUBSCRIBER
    if subscriber not in columns:
        path = "subscriber" if "subscriber" in options else "columns"
        yield OptionFault((path,), f"{subscriber} is not among the columns")
    if options.get("legs") == "ab" and "direction" not in columns:
        message = "ab needs the column direction to tell the legs of a call apart"
        yield OptionFault(("legs",), message)


FORMAT = UsageFormat(
    "freeswitch_csv",
    decode,
    options={
        "template": _options.one_of(*TEMPLATES),
        "columns": _options.texts,
        "delimiter": _options.character,
        "legs": _options.one_of("a", "b", "ab"),
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

    columns: tuple[str, ...]
    form: LineForm
    local_instant: Callable[[str], str]
    subscriber: str
    subscriber_kind: str
    both_legs: bool


def _columns(options: Mapping[str, object]) -> tuple[str, ...]:
    columns = options.get("columns")
    if isinstance(columns, list):
        return tuple(map(str, columns))
    return TEMPLATES[str(options.get("template") or "example")]


def _reading(feed: Feed) -> _Reading:
    columns = _columns(feed.options)
    legs = feed.options.get("legs") or ("ab" if "direction" in columns else "a")
    return _Reading(
        columns,
        LineForm(delimiter=str(feed.options.get("delimiter") or ","), trimmed=True),
        instant_reader(ISO, feed.time_zone),
        str(feed.options.get("subscriber") or DEFAULT_SUBSCRIBER),
        str(feed.options.get("subscriber_kind") or "sip_user"),
        legs == "ab",
    )


def _items(source: Source, feed: Feed) -> Iterator[Record | RejectedLine]:
    reading = _reading(feed)
    for block in blocks(source):
        yield from block.overlong
        for number, line in block.lines() if block.data else ():
            if not line.strip():
                continue
            if line.lstrip()[:12].lower() == SQL:
                raise RefusedFileError(
                    f"line {number} is an SQL statement (template sql); set a template of CSV"
                )
            try:
                yield Record(number, _values(line, reading), shown_line(line))
            except (_Unreadable, _freeswitch.UnreadableLegError) as error:
                yield RejectedLine(number, str(error), shown_line(line))


def _values(line: bytes, reading: _Reading) -> dict[str, str | None]:
    try:
        cells = cells_of(line, reading.form)
    except UnreadableLineError as error:
        raise _Unreadable(str(error)) from None
    if len(cells) != len(reading.columns):
        raise _Unreadable(f"{len(cells)} cells where the template has {len(reading.columns)}")
    leg = {name: cell for name, cell in zip(reading.columns, cells, strict=True) if name and cell}
    answered = _instant(leg, "answer", reading)
    started = answered or _instant(leg, "start", reading)
    if started is None:
        raise _Unreadable("start_stamp: empty")
    return {
        "record_id": leg.get("uuid") or hashlib.sha256(line).hexdigest(),
        "service": "voice",
        "direction": "originating",
        "subscriber": leg.get(reading.subscriber),
        "subscriber_kind": reading.subscriber_kind,
        "other_party": leg.get("destination_number"),
        "started_at": started,
        "duration_seconds": _freeswitch.seconds(leg.get) if answered else "0",
        "disposition": _freeswitch.disposition(
            leg.get,
            outbound=reading.both_legs and leg.get("direction") == "outbound",
            answered=answered is not None,
        ),
    }


def _instant(leg: Mapping[str, str], name: str, reading: _Reading) -> str | None:
    """The instant of an epoch or a stamp; None if it never came."""
    if f"{name}_uepoch" in leg or f"{name}_epoch" in leg:
        return _freeswitch.instant(leg.get, name)
    stamp = leg.get(f"{name}_stamp")
    if stamp is None:
        return None
    try:
        return reading.local_instant(stamp)
    except ValueError:
        message = f"{name}_stamp: not a local time (YYYY-MM-DD HH:MM:SS): {stamp[:100]}"
        raise _Unreadable(message) from None
