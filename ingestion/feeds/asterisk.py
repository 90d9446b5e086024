"""The `asterisk` format: Master.csv as Asterisk's cdr_csv writes it.

No header, 16 columns, each line one call record: accountcode, src, dst, dcontext, clid, channel,
dstchannel, lastapp, lastdata, start, answer, end, duration, billsec, disposition, amaflags; then
what cdr.conf adds: uniqueid (loguniqueid), userfield (loguserfield), and peeraccount, linkedid,
sequence (newcdrcolumns). Which of these are there is told by their number.

    record_id         uniqueid, with `-sequence` if there is one; without uniqueid the SHA-256 of
                      the line, so that an identical line counts as the same record
    service           voice
    direction         originating
    subscriber        src, or accountcode (option `subscriber`)
    subscriber_kind   extension, or the option `subscriber_kind`
    other_party       dst
    started_at        answer, for a call without answer start; local times of the feed's time_zone
    duration_seconds  billsec, for a call without answer 0
    disposition       answered for ANSWERED; other values in lower case, which are not billed
    bytes_uplink, bytes_downlink, messages, serving_network, charging_id, sequence, is_final
                      empty: every record is a whole call

A local time in the hour that the clock runs through twice is taken as the one nearer to the epoch
in uniqueid, else as the first. billsec may be one second over duration, as Asterisk rounds it
up when it logs fractions (initiatedseconds); further apart the line contradicts itself and is
rejected. Asterisk writes each call to Master.csv and to a file per accountcode: give a feed one of
the two.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import zoneinfo
from collections.abc import Iterator

from ingestion.csv_lines import UnreadableLineError, cells_of
from ingestion.decoding import Batch, Feed, Record, RejectedLine, Source, UsageFormat, in_batches
from ingestion.feeds._lines import blocks, shown_line
from ingestion.feeds._options import one_of
from ingestion.feeds._times import in_utc

COLUMNS = (
    "accountcode",
    "src",
    "dst",
    "dcontext",
    "clid",
    "channel",
    "dstchannel",
    "lastapp",
    "lastdata",
    "start",
    "answer",
    "end",
    "duration",
    "billsec",
    "disposition",
    "amaflags",
)
# By how many columns follow the 16. Of one alone, uniqueid is told by its form.
FURTHER_COLUMNS: dict[int, tuple[str, ...]] = {
    0: (),
    1: ("uniqueid",),
    2: ("uniqueid", "userfield"),
    3: ("peeraccount", "linkedid", "sequence"),
    4: ("uniqueid", "peeraccount", "linkedid", "sequence"),
    5: ("uniqueid", "userfield", "peeraccount", "linkedid", "sequence"),
}
UNIQUE_ID = re.compile(r"(?:.*-)?([0-9]{9,11})\.[0-9]+")
LOCAL_TIME = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}(\.\d{1,6})?")
SECONDS = re.compile(r"[0-9]{1,18}(\.[0-9]{1,6})?")


def decode(source: Source, feed: Feed) -> Iterator[Batch]:
    """Batches of the file's lines. Lines that contradict themselves are rejected."""
    return in_batches(_items(source, feed))


FORMAT = UsageFormat(
    "asterisk",
    decode,
    options={
        "subscriber": one_of("src", "accountcode"),
        "subscriber_kind": one_of("msisdn", "imsi", "sip_user", "extension"),
    },
)


class _Unreadable(Exception):
    pass


def _items(source: Source, feed: Feed) -> Iterator[Record | RejectedLine]:
    time_zone = zoneinfo.ZoneInfo(feed.time_zone)
    subscriber = str(feed.options.get("subscriber") or "src")
    kind = str(feed.options.get("subscriber_kind") or "extension")
    for block in blocks(source):
        yield from block.overlong
        for number, line in block.lines() if block.data else ():
            if not line.strip():
                continue
            try:
                call = _call(line)
                values = _values(call, line, time_zone)
            except _Unreadable as error:
                yield RejectedLine(number, str(error), shown_line(line))
                continue
            values["subscriber"] = call[subscriber]
            values["subscriber_kind"] = kind
            yield Record(number, values, shown_line(line))


def _call(line: bytes) -> dict[str, str]:
    """The line's cells by column."""
    try:
        cells = cells_of(line)
    except UnreadableLineError as error:
        raise _Unreadable(str(error)) from None
    further = FURTHER_COLUMNS.get(len(cells) - len(COLUMNS))
    if further is None:
        raise _Unreadable(f"{len(cells)} cells where Asterisk writes 16 to 21")
    call = dict(zip(COLUMNS + further, cells, strict=True))
    if len(further) == 1 and not UNIQUE_ID.fullmatch(call["uniqueid"]):
        call["userfield"] = call.pop("uniqueid")
    return call


def _values(
    call: dict[str, str], line: bytes, time_zone: zoneinfo.ZoneInfo
) -> dict[str, str | None]:
    unique_id = call.get("uniqueid", "")
    sequence = call.get("sequence", "")
    answered = call["disposition"] == "ANSWERED"
    if not call["disposition"]:
        raise _Unreadable("disposition: empty")
    if answered and not call["answer"]:
        raise _Unreadable("answer: empty for an answered call")
    for name in ("duration", "billsec"):
        if not SECONDS.fullmatch(call[name]):
            raise _Unreadable(f"{name}: not a number of seconds: {call[name][:100]}")
    if _microseconds(call["billsec"]) > _microseconds(call["duration"]) + 1_000_000:
        raise _Unreadable(f"billsec: more than duration {call['duration']}: {call['billsec']}")
    start = "answer" if call["answer"] else "start"
    if unique_id:
        record_id = f"{unique_id}-{sequence}" if sequence else unique_id
    else:
        record_id = hashlib.sha256(line).hexdigest()
    return {
        "record_id": record_id,
        "service": "voice",
        "direction": "originating",
        "other_party": call["dst"],
        "started_at": _instant(start, call[start], unique_id, time_zone),
        "duration_seconds": call["billsec"] if answered else "0",
        "disposition": call["disposition"].lower(),
    }


def _microseconds(text: str) -> int:
    """Seconds as whole microseconds."""
    whole, _, fraction = text.partition(".")
    return int(whole) * 1_000_000 + int(fraction.ljust(6, "0") or "0")


def _instant(column: str, text: str, unique_id: str, time_zone: zoneinfo.ZoneInfo) -> str:
    try:
        if not LOCAL_TIME.fullmatch(text):
            raise ValueError
        local = dt.datetime.fromisoformat(text).replace(tzinfo=time_zone)
        second = local.replace(fold=1)
        if local.utcoffset() != second.utcoffset() and (found := UNIQUE_ID.fullmatch(unique_id)):
            begun = dt.datetime.fromtimestamp(int(found[1]), dt.UTC)
            local = min(local, second, key=lambda moment: abs(moment.astimezone(dt.UTC) - begun))
        return in_utc(local)
    except ValueError:
        message = f"{column}: not a local time (YYYY-MM-DD HH:MM:SS): {text[:100]}"
        raise _Unreadable(message) from None
