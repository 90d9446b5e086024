"""Writes small TAP files for tests, from the numbers of tags alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

INDEFINITE_END = b"\0\0"


def length(size: int) -> bytes:
    if size < 0x80:
        return bytes([size])
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([0x80 | len(octets)]) + octets


def tag_octets(tag: int, *, constructed: bool) -> bytes:
    first = 0x40 | (0x20 if constructed else 0)
    if tag < 0x1F:
        return bytes([first | tag])
    groups = [tag & 0x7F]
    while tag := tag >> 7:
        groups.append(0x80 | tag & 0x7F)
    return bytes([first | 0x1F, *reversed(groups)])


def group(tag: int, *inner: bytes | None, indefinite: bool = False) -> bytes:
    """An element that holds others; None is left out."""
    content = b"".join(element for element in inner if element)
    head = tag_octets(tag, constructed=True)
    if indefinite:
        return head + b"\x80" + content + INDEFINITE_END
    return head + length(len(content)) + content


def octets(tag: int, value: bytes | None) -> bytes | None:
    if value is None:
        return None
    return tag_octets(tag, constructed=False) + length(len(value)) + value


def text(tag: int, value: str | None) -> bytes | None:
    return octets(tag, None if value is None else value.encode())


def digits(tag: int, value: str | None) -> bytes | None:
    if value is None:
        return None
    return octets(tag, bytes.fromhex(value + "f" * (len(value) % 2)))


def number(tag: int, value: int | None) -> bytes | None:
    if value is None:
        return None
    return octets(tag, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


@dataclass(frozen=True)
class Event:
    """An event and what it adds to the control totals."""

    content: bytes
    charge: int = 0
    tax: int = 0
    charge_refund: int = 0


def stamp(tag: int, local: str | None, code: int | None) -> bytes:
    return group(tag, text(16, local), number(232, code))


def charges(charge: int, tax: int) -> bytes:
    """A charge in all (type 00) and a part of it (type 01), which is no further charge."""
    details = [
        group(63, text(71, kind), number(62, amount))
        for kind, amount in (("00", charge), ("01", charge // 2))
    ]
    taxes = group(214, group(213, number(212, 1), number(397, tax))) if tax else None
    return group(70, group(69, text(66, "D"), group(64, *details), taxes))


def sim(imsi: str | None, msisdn: str | None) -> bytes:
    return group(427, group(199, digits(129, imsi), digits(152, msisdn)))


def location(serving_network: str | None, *, of_data: bool = False) -> bytes:
    here = group(113, text(195, serving_network)) if serving_network else None
    if of_data:
        return group(117, group(118, group(185, number(184, 1))), here)
    return group(138, group(156, number(184, 1)), here)


def call(
    *,
    terminating: bool = False,
    imsi: str | None = "208010000000001",
    msisdn: str | None = "33600000001",
    other: str | None = "4930123456",
    dialled: str | None = None,
    sms_other: str | None = None,
    start: str | None = "20260110100000",
    offset_code: int | None = 1,
    duration: int | None = 61,
    cause: int | None = None,
    teleservice: str | None = "11",
    bearer: str | None = None,
    serving_network: str | None = None,
    charge: int = 1500,
    tax: int = 0,
    camel_fee: int | None = None,
) -> Event:
    """A mobileOriginatedCall, or with `terminating` a mobileTerminatedCall."""
    if terminating:
        party = group(41, digits(405, other), text(425, sms_other))
    else:
        party = group(89, digits(407, other), text(279, dialled), text(419, sms_other))
    basic = group(
        153 if terminating else 147,
        sim(imsi, msisdn),
        party,
        stamp(44, start, offset_code),
        number(223, duration),
        number(58, cause),
    )
    code = group(426, text(218, teleservice), text(40, bearer))
    used = group(38, group(39, group(36, code), charges(charge, tax)))
    camel = group(57, number(422, camel_fee)) if camel_fee else None
    content = group(10 if terminating else 9, basic, location(serving_network), used, camel)
    return Event(content, charge + (camel_fee or 0), tax)


def data(
    *,
    imsi: str | None = "208010000000001",
    uplink: int | None = 1000,
    downlink: int | None = 2_000_000_000,
    charging_id: int | None = 77,
    part: str | None = None,
    start: str = "20260110100000",
    serving_network: str | None = None,
    charge: int = 700,
) -> Event:
    """A gprsCall."""
    basic = group(
        114,
        group(115, sim(imsi, None)),
        stamp(44, start, 1),
        number(223, 500),
        text(166, part),
        number(72, charging_id),
    )
    used = group(121, number(250, downlink), number(251, uplink), charges(charge, 0))
    return Event(group(14, basic, location(serving_network, of_data=True), used), charge)


def content_transaction(charge: int, *, refund: bool) -> Event:
    used = group(352, number(344, 1 if refund else None), charges(charge, 0))
    event = group(17, group(285, used))
    return Event(event, charge_refund=charge) if refund else Event(event, charge)


def messaging_event(charge: int) -> Event:
    return Event(group(433, number(439, 1), number(62, charge)), charge)


def supplementary_service() -> Event:
    return Event(group(11, group(206, text(209, "2B"))))


@dataclass
class TapFile:
    """A transfer batch; what is not said is right."""

    events: Sequence[Event] = ()
    sender: str = "DEUD2"
    recipient: str = "FRAF1"
    sequence: str = "00042"
    release: tuple[int, int] = (3, 12)
    file_type: str | None = None
    offsets: dict[int, str] = field(default_factory=lambda: {1: "+0100", 2: "-0330"})
    count: int | None = None
    charge: int | None = None
    tax: int | None = None
    charge_refund: int | None = None
    has_audit: bool = True
    indefinite: bool = False

    def control(self, tag: int = 4) -> bytes:
        return group(
            tag,
            text(196, self.sender),
            text(182, self.recipient),
            text(109, self.sequence),
            number(201, self.release[0]),
            number(189, self.release[1]),
            text(110, self.file_type),
        )

    def audit(self) -> bytes:
        totals = {
            name: sum(getattr(event, name) for event in self.events) if stated is None else stated
            for name, stated in (
                ("charge", self.charge),
                ("tax", self.tax),
                ("charge_refund", self.charge_refund),
            )
        }
        return group(
            15,
            number(415, totals["charge"]),
            number(355, totals["charge_refund"] or None),
            number(226, totals["tax"]),
            number(225, 0),
            number(43, len(self.events) if self.count is None else self.count),
        )

    def content(self) -> bytes:
        entries = [
            group(233, number(232, code), text(231, offset))
            for code, offset in self.offsets.items()
        ]
        events = (event.content for event in self.events)
        return group(
            1,
            self.control(),
            group(5, text(135, "EUR"), number(244, 3)),
            group(6, group(234, *entries)),
            group(3, *events, indefinite=self.indefinite),
            self.audit() if self.has_audit else None,
            indefinite=self.indefinite,
        )

    def notification(self) -> bytes:
        return self.control(2)
