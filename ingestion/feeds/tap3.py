"""The `tap3` format: roaming usage in TAP files of release 3.12 (GSMA TD.57), encoded in BER.

A file is a transfer batch, whose events are usage, or a notification that there was none. An event
counts as one line, numbered by its position in the file. Elements are known by the numbers of their
tags; a file need not be read with any text of the specification.

    record_id         sender-fileSequenceNumber-position, as in DEUD2-00042-7
    service           mobileOriginatedCall, mobileTerminatedCall: sms for teleservice 21 and 22,
                      else voice (the first service used decides); gprsCall: data
    direction         terminating for mobileTerminatedCall, else originating
    subscriber        IMSI, or MSISDN with option `subscriber: msisdn`
    subscriber_kind   imsi or msisdn, as the subscriber
    other_party       originating: calledNumber, else dialledDigits; of an SMS sMSDestinationNumber
                      first. Terminating: callingNumber, of an SMS sMSOriginator first. A number of
                      7 digits or more is international and gets a `+`; dialled digits stay as they
                      were dialled in the visited country
    started_at        callEventStartTimeStamp: local time and utcTimeOffsetCode, which the file's
                      own table turns into an offset: an exact instant
    duration_seconds  totalCallEventDuration of calls and data
    bytes_uplink      dataVolumeOutgoing (from the subscriber)
    bytes_downlink    dataVolumeIncoming (to the subscriber)
    messages          empty: 1
    serving_network   option `networks` gives MCC+MNC of a TADIG code: that of the event's
                      servingNetwork where it has one, else of the file's sender
    charging_id       chargingId of gprsCall, unless 0
    is_final          partialTypeIndicator of gprsCall: true for L, false for F and I, else empty
    disposition       `unsuccessful` for causeForTerm 3, else empty
    sequence          empty: partial data is rated each on its own, TAP numbers no parts

What becomes of events of other kinds: supplServiceEvent, serviceCentreUsage, contentTransaction,
locationService, messagingEvent and mobileSession are rejected line by line ("not read"), so are
calls of a subscriber without IMSI; all stay in raw.rejected_lines and are part of the file's
control totals. The partner's charges are not billed: usage is priced by the operator's own rates.

A file is refused whole, with the reason and both figures, if
  * its audit control totals do not match: the number of events; totalCharge (charges of chargeType
    00, of messaging events, and CAMEL invocation fees, without refunds); totalChargeRefund;
    totalTaxValue and totalTaxRefund; totalDiscountValue and totalDiscountRefund. A total left out
    is 0, but for totalCharge and the number of events, which must be there;
  * it is a test file (fileTypeIndicator T), which is never billed;
  * it is another release, an NRTRDE file, whose first tag is that of TAP, or a RAP file;
  * option `recipient` names another one than the file does;
  * `networks` lacks a TADIG code that is needed: add it, and the next load takes the file;
  * it is damaged, goes on after its end, is nested deeper than 32 elements, is larger than 256 MiB
    or holds more than 5 million events.

The file is held in memory as it is, and of its events one at a time.

What bites: sender, recipient and fileSequenceNumber stand beside the file in raw.usage_files and
raw.refused_files; a series must have no hole (assurance `usage_file_gaps`). A file sent again with
the same number and other content has the record_ids of the first: both are suspended as
conflicting_duplicate, nothing of either is billed; have the sender send it under a new number.
earliestCallTimeStamp and latestCallTimeStamp are not checked. Test files are numbered in a series
of their own.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields

from ingestion.decoding import (
    BATCH_SCHEMA,
    CONTENT_LENGTH_MAX,
    Batch,
    Feed,
    FileNumber,
    OptionFault,
    Record,
    RefusedFileError,
    RejectedLine,
    Source,
    UsageFormat,
    in_batches,
)
from ingestion.faults import shown
from ingestion.feeds import _options
from ingestion.feeds._ber import BerError, BerReader, Element
from ingestion.feeds._times import in_utc

MAX_BYTES = 256 << 20
MAX_EVENTS = 5_000_000
RELEASE = (3, 12)
SMS_SERVICES = ("21", "22")
UNSUCCESSFUL = 3
# Shorter numbers are short codes, which have no international form.
INTERNATIONAL_DIGITS = 7

# Tags of class application. First the files and their sections.
TRANSFER_BATCH = 1
NOTIFICATION = 2
OTHER_FILES = {534: "a RAP file (returned events)", 535: "a RAP file (acknowledgement)"}
NRTRDE_VERSION = 41
CALL_EVENT_DETAILS = 3
BATCH_CONTROL_INFO = 4
NETWORK_INFO = 6
AUDIT_CONTROL_INFO = 15

SENDER = 196
RECIPIENT = 182
FILE_SEQUENCE_NUMBER = 109
FILE_TYPE_INDICATOR = 110
SPECIFICATION_VERSION = 201
RELEASE_VERSION = 189

UTC_TIME_OFFSETS = 234
UTC_TIME_OFFSET_INFO = 233
UTC_TIME_OFFSET_CODE = 232
UTC_TIME_OFFSET = 231

MOBILE_ORIGINATED_CALL = 9
MOBILE_TERMINATED_CALL = 10
GPRS_CALL = 14
CONTENT_SERVICE_USED = 352
MESSAGING_EVENT = 433
EVENTS = {
    MOBILE_ORIGINATED_CALL: "mobileOriginatedCall",
    MOBILE_TERMINATED_CALL: "mobileTerminatedCall",
    11: "supplServiceEvent",
    12: "serviceCentreUsage",
    GPRS_CALL: "gprsCall",
    17: "contentTransaction",
    297: "locationService",
    MESSAGING_EVENT: "messagingEvent",
    434: "mobileSession",
}

# What stands in events.
BASIC_INFORMATION = {MOBILE_ORIGINATED_CALL: 147, MOBILE_TERMINATED_CALL: 153, GPRS_CALL: 114}
LOCATION = {MOBILE_ORIGINATED_CALL: 138, MOBILE_TERMINATED_CALL: 138, GPRS_CALL: 117}
GPRS_CHARGEABLE_SUBSCRIBER = 115
SIM_SUBSCRIBER = (427, 199)
IMSI = 129
MSISDN = 152
DESTINATION = 89
CALLED_NUMBER = 407
DIALLED_DIGITS = 279
SMS_DESTINATION_NUMBER = 419
ORIGINATOR = 41
CALLING_NUMBER = 405
SMS_ORIGINATOR = 425
START_TIME = 44
LOCAL_TIME = 16
DURATION = 223
CAUSE_FOR_TERMINATION = 58
GEOGRAPHICAL_LOCATION = 113
SERVING_NETWORK = 195
SERVICES_USED = (38, 39)
SERVICE_CODE = (36, 426)
TELESERVICE = 218
BEARER_SERVICE = 40
GPRS_SERVICE_USED = 121
VOLUME_INCOMING = 250
VOLUME_OUTGOING = 251
CHARGING_ID = 72
PARTIAL_TYPE = 166

# What control totals are made of.
CHARGE_DETAIL = 63
CHARGE_TYPE = 71
CHARGE = 62
TOTAL_CHARGE_TYPE = b"00"
CAMEL_FEE = 422
TAX_INFORMATION = 213
TAX_VALUE = 397
DISCOUNT_INFORMATION = 96
DISCOUNT = 412
REFUND_INDICATOR = 344
EVENT_COUNT = 43
TOTALS = {
    "charge": (415, "totalCharge"),
    "tax": (226, "totalTaxValue"),
    "discount": (225, "totalDiscountValue"),
    "charge_refund": (355, "totalChargeRefund"),
    "tax_refund": (353, "totalTaxRefund"),
    "discount_refund": (354, "totalDiscountRefund"),
}
MANDATORY_TOTALS = ("charge",)

TADIG = re.compile(r"[A-Z0-9]{5}")
FILE_NUMBER = re.compile(r"(?!00000)[0-9]{5}")
NETWORK = re.compile(r"[0-9]{5,6}")
OFFSET = re.compile(r"([+-])([01][0-9])([0-5][0-9])")
STAMP = re.compile(r"[0-9]{14}")
BCD_CHARACTERS = str.maketrans("ab", "*#")


def decode(source: Source, feed: Feed) -> Iterator[Batch]:
    """Batches of the file's events. RefusedFileError, at the latest after the last one, if the file
    is not what it should be.
    """
    file = _TapFile(_content(source), feed)
    is_empty = True
    for batch in in_batches(file.items()):
        batch.file_number = file.number
        is_empty = False
        yield batch
    if is_empty:
        yield Batch(BATCH_SCHEMA.empty_table(), 0, [], lambda lines: {}, file_number=file.number)


def _check(options: Mapping[str, object]) -> Iterator[OptionFault]:
    networks = options.get("networks")
    for tadig, network in networks.items() if isinstance(networks, dict) else ():
        if not TADIG.fullmatch(tadig):
            yield OptionFault(("networks", tadig), "not the network of a TADIG code (as in FRAF1)")
        elif not NETWORK.fullmatch(network):
            yield OptionFault(("networks", tadig), "not MCC+MNC (5 or 6 digits)")


FORMAT = UsageFormat(
    "tap3",
    decode,
    options={
        "networks": _options.mapping_of_texts,
        "subscriber": _options.one_of("imsi", "msisdn"),
        "recipient": _options.text,
    },
    required_options=("networks",),
    check=_check,
)


class _Unreadable(Exception):
    pass


def _content(source: Source) -> bytes:
    content = bytearray()
    for piece in source.pieces():
        content += piece
        if len(content) > MAX_BYTES:
            raise RefusedFileError(f"larger than {MAX_BYTES} bytes")
    return bytes(content)


@dataclass
class _Totals:
    """Sums over events, in the file's smallest unit of money."""

    charge: int = 0
    tax: int = 0
    discount: int = 0
    charge_refund: int = 0
    tax_refund: int = 0
    discount_refund: int = 0

    def add(self, element: Element, is_refund: bool = False) -> None:
        """Add what an event, or a part of one, holds."""
        if element.tag == CONTENT_SERVICE_USED:
            is_refund = element.integer(REFUND_INDICATOR) == 1
        is_total = element.tag == CHARGE_DETAIL and element.octets(CHARGE_TYPE) == TOTAL_CHARGE_TYPE
        if is_total or element.tag == MESSAGING_EVENT:
            self._add("charge", element.integer(CHARGE), is_refund)
        elif element.tag == TAX_INFORMATION:
            self._add("tax", element.integer(TAX_VALUE), is_refund)
        elif element.tag == DISCOUNT_INFORMATION:
            self._add("discount", element.integer(DISCOUNT), is_refund)
        self._add("charge", element.integer(CAMEL_FEE), is_refund)
        for inner in element.content if isinstance(element.content, list) else ():
            self.add(inner, is_refund)

    def _add(self, name: str, amount: int | None, is_refund: bool) -> None:
        name += "_refund" if is_refund else ""
        setattr(self, name, getattr(self, name) + (amount or 0))


@dataclass
class _TapFile:
    """One file, read from its beginning to its end."""

    data: bytes
    feed: Feed
    number: FileNumber | None = None
    sender: str = ""
    sequence: str = ""
    offsets: dict[int, dt.tzinfo] = field(default_factory=dict)
    totals: _Totals = field(default_factory=_Totals)
    events: int = 0

    def items(self) -> Iterator[Record | RejectedLine]:
        """The file's events; RefusedFileError names the file's number as soon as it is known."""
        try:
            yield from self._file(BerReader(self.data))
        except BerError as error:
            raise self._refused(f"damaged: {error}") from None

    def _refused(self, reason: str) -> RefusedFileError:
        return RefusedFileError(reason, self.number)

    def _file(self, reader: BerReader) -> Iterator[Record | RejectedLine]:
        tag = reader.next_tag()
        if tag == TRANSFER_BATCH:
            reader.enter()
            yield from self._transfer_batch(reader)
        elif tag == NOTIFICATION:
            self._read_control(reader.element(), "notification")
            self._check_end(reader)
        elif tag is None:
            raise self._refused("not a TAP file: it is empty")
        else:
            raise self._refused(f"not a TAP file: {OTHER_FILES.get(tag, 'it begins otherwise')}")

    def _check_end(self, reader: BerReader) -> None:
        if reader.at < len(self.data):
            rest = len(self.data) - reader.at
            raise self._refused(f"goes on after its end: {rest} bytes more")

    def _transfer_batch(self, reader: BerReader) -> Iterator[Record | RejectedLine]:
        sections: set[int] = set()
        audit: Element | None = None
        while (tag := reader.next_tag()) is not None:
            if tag in sections:
                raise self._refused("not a TAP file: a section stands twice")
            if not sections and tag == NRTRDE_VERSION:
                raise self._refused("not a TAP file: an NRTRDE file (fraud alarms, never billed)")
            if not sections and tag != BATCH_CONTROL_INFO:
                raise self._refused("batchControlInfo: missing at the beginning")
            sections.add(tag)
            if tag == BATCH_CONTROL_INFO:
                self._read_control(reader.element(), "batchControlInfo")
            elif tag == NETWORK_INFO:
                self._read_offsets(reader.element())
            elif tag == CALL_EVENT_DETAILS:
                reader.enter()
                yield from self._events(reader)
            elif tag == AUDIT_CONTROL_INFO:
                audit = reader.element()
            else:
                reader.element()
        if not sections:
            raise self._refused("batchControlInfo: missing at the beginning")
        self._check_end(reader)
        self._check_audit(audit)

    # ------------------------------------------------------------------------------ what it is

    def _read_control(self, control: Element, name: str) -> None:
        try:
            sender = _ascii(control.octets(SENDER)) or "none"
            recipient = _ascii(control.octets(RECIPIENT)) or "none"
            sequence = _ascii(control.octets(FILE_SEQUENCE_NUMBER)) or "none"
            kind = _ascii(control.octets(FILE_TYPE_INDICATOR))
            release = (control.integer(SPECIFICATION_VERSION), control.integer(RELEASE_VERSION))
        except ValueError as error:
            raise self._refused(f"{name}: can not be read ({error})") from None
        if not TADIG.fullmatch(sender):
            raise self._refused(f"sender: not a TADIG code: {shown(sender)}")
        if not TADIG.fullmatch(recipient):
            raise self._refused(f"recipient: not a TADIG code: {shown(recipient)}")
        if kind == "T":
            raise self._refused("a test file (fileTypeIndicator T): never billed")
        if kind:
            raise self._refused(f"fileTypeIndicator is not known: {shown(kind)}")
        if not FILE_NUMBER.fullmatch(sequence):
            raise self._refused(f"fileSequenceNumber: not 00001 to 99999: {shown(sequence)}")
        wanted = self.feed.options.get("recipient")
        if wanted and wanted != recipient:
            raise self._refused(f"addressed to {recipient}, not to {wanted}")
        self.sender, self.sequence = sender, sequence
        self.number = FileNumber(sender, recipient, int(sequence))
        # A notification says the same in every release.
        if release[0] != RELEASE[0] or (name != "notification" and release != RELEASE):
            found = ".".join("?" if part is None else str(part) for part in release)
            raise self._refused(f"release {found}: only 3.12 is read")

    def _read_offsets(self, network_info: Element) -> None:
        table = network_info.find(UTC_TIME_OFFSETS)
        for entry in table.all(UTC_TIME_OFFSET_INFO) if table else ():
            try:
                code = entry.integer(UTC_TIME_OFFSET_CODE)
                text = _ascii(entry.octets(UTC_TIME_OFFSET)) or ""
            except ValueError as error:
                raise self._refused(f"utcTimeOffsetInfo: can not be read ({error})") from None
            found = OFFSET.fullmatch(text)
            if code is None or not found:
                raise self._refused(f"utcTimeOffset: not an offset such as +0200: {shown(text)}")
            if code in self.offsets:
                raise self._refused(f"utcTimeOffsetCode stands twice: {code}")
            minutes = int(found[2]) * 60 + int(found[3])
            signed = -minutes if found[1] == "-" else minutes
            self.offsets[code] = dt.timezone(dt.timedelta(minutes=signed))

    def _check_audit(self, audit: Element | None) -> None:
        if audit is None:
            raise self._refused("auditControlInfo: missing")
        try:
            count = audit.integer(EVENT_COUNT)
            stated = {name: audit.integer(tag) for name, (tag, _) in TOTALS.items()}
        except ValueError as error:
            raise self._refused(f"auditControlInfo: can not be read ({error})") from None
        if count is None:
            raise self._refused("callEventDetailsCount: missing")
        wrong: list[str] = []
        if count != self.events:
            wrong.append(f"callEventDetailsCount is {count}, the file holds {self.events} events")
        for total in fields(self.totals):
            label = TOTALS[total.name][1]
            amount = stated[total.name]
            if amount is None and total.name in MANDATORY_TOTALS:
                raise self._refused(f"{label}: missing")
            found = getattr(self.totals, total.name)
            if (amount or 0) != found:
                wrong.append(f"{label} is {amount or 0}, the events come to {found}")
        if wrong:
            raise self._refused("control totals do not match: " + "; ".join(wrong))

    # ------------------------------------------------------------------------------ its events

    def _events(self, reader: BerReader) -> Iterator[Record | RejectedLine]:
        while reader.next_tag() is not None:
            self.events += 1
            if self.events > MAX_EVENTS:
                raise self._refused(f"more than {MAX_EVENTS} events")
            begun = reader.at
            event = reader.element()
            try:
                self.totals.add(event)
            except ValueError as error:
                reason = f"event {self.events}: an amount can not be read ({error})"
                raise self._refused(reason) from None
            content = self._shown(event, begun, reader.at)
            try:
                yield Record(self.events, self._values(event), content)
            except _Unreadable as error:
                yield RejectedLine(self.events, str(error), content)

    def _shown(self, event: Element, begun: int, end: int) -> str:
        name = EVENTS.get(event.tag, "event")
        return f"{name} {self.data[begun : min(end, begun + 250)].hex()}"[:CONTENT_LENGTH_MAX]

    def _values(self, event: Element) -> dict[str, str | None]:
        if event.tag not in BASIC_INFORMATION:
            raise _Unreadable(f"{EVENTS.get(event.tag, 'an event of unknown kind')}: not read")
        basic = event.find(BASIC_INFORMATION[event.tag])
        if basic is None:
            raise _Unreadable("basic call information: missing")
        kind = str(self.feed.options.get("subscriber") or "imsi")
        values: dict[str, str | None] = {
            "record_id": f"{self.sender}-{self.sequence}-{self.events}",
            "direction": "terminating" if event.tag == MOBILE_TERMINATED_CALL else "originating",
            "subscriber": _subscriber(event, basic, kind),
            "subscriber_kind": kind,
            "started_at": self._instant(basic),
            "serving_network": self._serving_network(event),
            "disposition": "unsuccessful"
            if _integer(basic, "causeForTerm", CAUSE_FOR_TERMINATION) == UNSUCCESSFUL
            else None,
        }
        return values | (_data(event, basic) if event.tag == GPRS_CALL else _call(event, basic))

    def _instant(self, basic: Element) -> str:
        text = _text(basic, "localTimeStamp", START_TIME, LOCAL_TIME)
        if text is None:
            raise _Unreadable("callEventStartTimeStamp: missing")
        code = _integer(basic, "utcTimeOffsetCode", START_TIME, UTC_TIME_OFFSET_CODE)
        offset = self.offsets.get(code) if code is not None else None
        if offset is None:
            raise _Unreadable(f"utcTimeOffsetCode: not in the file's table: {code}")
        try:
            if not STAMP.fullmatch(text):
                raise ValueError
            parts = [int(text[:4]), *(int(text[n : n + 2]) for n in range(4, 14, 2))]
            return in_utc(dt.datetime(*parts, tzinfo=offset))
        except ValueError:
            raise _Unreadable(f"localTimeStamp: no such time: {text[:20]}") from None

    def _serving_network(self, event: Element) -> str:
        """MCC+MNC. A code that `networks` lacks refuses the file: no network would be home."""
        path = (LOCATION[event.tag], GEOGRAPHICAL_LOCATION, SERVING_NETWORK)
        tadig = _text(event, "servingNetwork", *path) or self.sender
        networks = self.feed.options.get("networks")
        network = networks.get(tadig) if isinstance(networks, dict) else None
        if not isinstance(network, str):
            raise self._refused(f"option networks has no MCC+MNC of TADIG code {shown(tadig)}")
        return network


def _subscriber(event: Element, basic: Element, kind: str) -> str | None:
    path = (*SIM_SUBSCRIBER, IMSI if kind == "imsi" else MSISDN)
    if event.tag == GPRS_CALL:
        path = (GPRS_CHARGEABLE_SUBSCRIBER, *path)
    digits = _digits(basic, kind, *path)
    if digits is None:
        raise _Unreadable(f"{kind}: missing")
    if not digits.isdigit():
        raise _Unreadable(f"{kind}: not digits: {digits[:40]}")
    return digits


def _call(event: Element, basic: Element) -> dict[str, str | None]:
    code = _service_code(event)
    is_sms = code in SMS_SERVICES
    if event.tag == MOBILE_TERMINATED_CALL:
        sms = _text(basic, "sMSOriginator", ORIGINATOR, SMS_ORIGINATOR) if is_sms else None
        other_party = _international(
            sms or _digits(basic, "callingNumber", ORIGINATOR, CALLING_NUMBER)
        )
    else:
        path = (DESTINATION, SMS_DESTINATION_NUMBER)
        sms = _text(basic, "sMSDestinationNumber", *path) if is_sms else None
        called = sms or _digits(basic, "calledNumber", DESTINATION, CALLED_NUMBER)
        dialled = _text(basic, "dialledDigits", DESTINATION, DIALLED_DIGITS)
        other_party = _international(called) or dialled
    duration = _integer(basic, "totalCallEventDuration", DURATION)
    return {
        "service": "sms" if is_sms else "voice",
        "other_party": other_party,
        "duration_seconds": None if is_sms or duration is None else str(duration),
    }


def _service_code(event: Element) -> str:
    """The teleservice; of a bearer service an empty text."""
    used = event.find(*SERVICES_USED)
    if used is not None:
        teleservice = _text(used, "teleServiceCode", *SERVICE_CODE, TELESERVICE)
        if teleservice:
            return teleservice
        if used.find(*SERVICE_CODE, BEARER_SERVICE):
            return ""
    raise _Unreadable("serviceCode: missing")


def _data(event: Element, basic: Element) -> dict[str, str | None]:
    uplink = _integer(event, "dataVolumeOutgoing", GPRS_SERVICE_USED, VOLUME_OUTGOING)
    downlink = _integer(event, "dataVolumeIncoming", GPRS_SERVICE_USED, VOLUME_INCOMING)
    duration = _integer(basic, "totalCallEventDuration", DURATION)
    charging_id = _integer(basic, "chargingId", CHARGING_ID)
    part = _text(basic, "partialTypeIndicator", PARTIAL_TYPE)
    if part not in (None, "F", "I", "L"):
        raise _Unreadable(f"partialTypeIndicator: not one of F, I, L: {part[:20]}")
    return {
        "service": "data",
        "duration_seconds": None if duration is None else str(duration),
        "bytes_uplink": None if uplink is None else str(uplink),
        "bytes_downlink": None if downlink is None else str(downlink),
        "charging_id": str(charging_id) if charging_id else None,
        "is_final": None if part is None else str(part == "L").lower(),
    }


# ------------------------------------------------------------------------------ single values


def _integer(element: Element, name: str, *path: int) -> int | None:
    try:
        return element.integer(*path)
    except ValueError as error:
        raise _Unreadable(f"{name}: {error}") from None


def _text(element: Element, name: str, *path: int) -> str | None:
    try:
        return _ascii(element.octets(*path))
    except ValueError as error:
        raise _Unreadable(f"{name}: {error}") from None


def _digits(element: Element, name: str, *path: int) -> str | None:
    """Digits packed two to a byte, in their order, filled up with F."""
    try:
        octets = element.octets(*path)
    except ValueError as error:
        raise _Unreadable(f"{name}: {error}") from None
    return octets.hex().rstrip("f").translate(BCD_CHARACTERS) or None if octets else None


def _ascii(octets: bytes | None) -> str | None:
    if octets is None:
        return None
    try:
        return octets.decode("ascii").strip() or None
    except UnicodeDecodeError:
        raise ValueError("not ASCII") from None


def _international(number: str | None) -> str | None:
    if number and number.isdigit() and len(number) >= INTERNATIONAL_DIGITS:
        return f"+{number}"
    return number
