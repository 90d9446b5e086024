"""The `freeswitch_json` format: call records of FreeSWITCH's mod_json_cdr.

One JSON document for each leg of a call: one to a file, one on each line, or one after the other.
Values are URL-encoded unless encode-values is off, and both are read; numbers are text. Times are
taken from the epochs (UTC), never from the local stamps.

    record_id         variables.uuid
    service           voice
    direction         originating
    subscriber        the variable named by option `subscriber`; else the first of
                      sip_auth_username, user_name, sip_from_user that is there
    subscriber_kind   sip_user, or the option `subscriber_kind`
    other_party       callflow[0].caller_profile.destination_number: the last destination, which
                      no variable holds
    started_at        variables.answer_uepoch or answer_epoch; for a call without answer
                      start_uepoch or start_epoch
    duration_seconds  variables.billmsec to the millisecond, else billsec
    disposition       answered; without answer the hangup_cause in lower case; `outbound_leg` for
                      the leg to the called party, which the caller's leg has already billed
    bytes_uplink, bytes_downlink, messages, serving_network, charging_id, sequence, is_final
                      empty: every record is a whole leg

A document counts as one line, numbered by the line on which it begins. What is not JSON is
rejected up to the next line that begins with a brace.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator, Mapping
from urllib.parse import unquote

from ingestion.decoding import (
    CONTENT_LENGTH_MAX,
    Batch,
    Feed,
    Record,
    RejectedLine,
    Source,
    UsageFormat,
    cut,
    in_batches,
)
from ingestion.feeds import _freeswitch, _options

SUBSCRIBERS = ("sip_auth_username", "user_name", "sip_from_user")
DECODER = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=str)
BLANKS = re.compile(r"[ \t\r\n]*")
NEXT_DOCUMENT = re.compile(r"\n(?=\{)")


def decode(source: Source, feed: Feed) -> Iterator[Batch]:
    """Batches of the file's documents."""
    return in_batches(_items(source, feed))


FORMAT = UsageFormat(
    "freeswitch_json",
    decode,
    options={
        "subscriber": _options.text,
        "subscriber_kind": _options.one_of("msisdn", "imsi", "sip_user", "extension"),
    },
)


class _Unreadable(Exception):
    pass


def _items(source: Source, feed: Feed) -> Iterator[Record | RejectedLine]:
    chosen = feed.options.get("subscriber")
    subscribers = (str(chosen),) if chosen else SUBSCRIBERS
    kind = str(feed.options.get("subscriber_kind") or "sip_user")
    for line, document, text, wrong in _documents(source):
        try:
            if wrong:
                raise _Unreadable(wrong)
            values = _values(document, subscribers)
        except _Unreadable as error:
            yield RejectedLine(line, str(error), cut(text))
            continue
        values["subscriber_kind"] = kind
        yield Record(line, values, text)


def _documents(source: Source) -> Iterator[tuple[int, object, str, str | None]]:
    """Line, content, text and, if it is no document, what is wrong, of each in turn."""
    text = _Text(source)
    while text.skip_blanks():
        begun = text.line
        document, end = text.decode()
        if end is not None:
            yield begun, document, text.take(end), None
        elif not text.ended and not NEXT_DOCUMENT.search(text.buffer, text.at):
            shown = text.buffer[text.at : text.at + CONTENT_LENGTH_MAX]
            text.skip_to_next_document()
            yield begun, None, shown, f"longer than {source.limits.line_bytes} bytes"
        else:
            found = NEXT_DOCUMENT.search(text.buffer, text.at)
            end = found.start() if found else len(text.buffer)
            yield begun, None, text.take(end), "not JSON"


class _Text:
    """The file's text in a buffer that holds little more than one document."""

    def __init__(self, source: Source) -> None:
        self.longest = source.limits.line_bytes
        self.pieces = source.pieces()
        self.decoder = codecs.getincrementaldecoder("utf-8")("backslashreplace")
        self.buffer = ""
        self.at = 0
        self.line = 1
        self.ended = False
        self.more()
        self.buffer = self.buffer.removeprefix("\ufeff")

    def more(self) -> bool:
        """Read on, letting go of what has been taken."""
        if self.ended:
            return False
        piece = next(self.pieces, None)
        self.ended = piece is None
        more = self.decoder.decode(piece or b"", final=self.ended)
        self.buffer, self.at = self.buffer[self.at :] + more, 0
        return True

    def take(self, end: int) -> str:
        """The text up to `end`, which is then behind."""
        text = self.buffer[self.at : end]
        self.line += text.count("\n")
        self.at = end
        return text

    def skip_blanks(self) -> bool:
        """Go to the next character that is not blank; whether there is one."""
        while True:
            end = BLANKS.match(self.buffer, self.at)
            self.take(end.end() if end else self.at)
            if self.at < len(self.buffer):
                return True
            if not self.more():
                return False

    def decode(self) -> tuple[object, int | None]:
        """The document that begins here and where it ends; None if there is none.

        Reads on as long as there may be one.
        """
        while True:
            try:
                document, end = DECODER.raw_decode(self.buffer, self.at)
                # A number at the very end may go on in the next piece.
                if end < len(self.buffer) or self.ended:
                    return document, end
            except (ValueError, RecursionError):
                if len(self.buffer) - self.at > self.longest:
                    return None, None
            if not self.more():
                return None, None

    def skip_to_next_document(self) -> None:
        """Let go of text up to the next line that begins with a brace."""
        while not (found := NEXT_DOCUMENT.search(self.buffer, self.at)):
            # The line end may be the last character that was read.
            self.take(max(self.at, len(self.buffer) - 1))
            if not self.more():
                self.take(len(self.buffer))
                return
        self.take(found.start())


def _values(document: object, subscribers: tuple[str, ...]) -> dict[str, str | None]:
    if not isinstance(document, dict):
        raise _Unreadable("not a JSON object")
    variables = document.get("variables")
    if not isinstance(variables, dict):
        raise _Unreadable("variables: missing")

    def variable(name: str) -> str | None:
        return _text(variables, name)

    try:
        answered = _freeswitch.instant(variable, "answer")
        started = answered or _freeswitch.instant(variable, "start")
        duration = _freeswitch.seconds(variable)
    except _freeswitch.UnreadableLegError as error:
        raise _Unreadable(f"variables.{error}") from None
    if started is None:
        raise _Unreadable("variables.start_epoch: missing")
    outbound = "outbound" in (
        variable("direction"),
        _text(document.get("channel_data"), "direction"),
    )
    return {
        "record_id": variable("uuid"),
        "service": "voice",
        "direction": "originating",
        "subscriber": next(filter(None, map(variable, subscribers)), None),
        "other_party": _destination(document),
        "started_at": started,
        "duration_seconds": duration,
        "disposition": _freeswitch.disposition(
            variable, outbound=outbound, answered=answered is not None
        ),
    }


def _text(mapping: object, name: str) -> str | None:
    value = mapping.get(name) if isinstance(mapping, dict) else None
    return unquote(value) or None if isinstance(value, str) else None


def _destination(document: Mapping[str, object]) -> str | None:
    callflow = document.get("callflow")
    if isinstance(callflow, list) and callflow and isinstance(callflow[0], dict):
        return _text(callflow[0].get("caller_profile"), "destination_number")
    return None
