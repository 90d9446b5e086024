"""What remains of an event after allowances, in billed units and money (3.3 to 3.6)."""

from dataclasses import dataclass
from fractions import Fraction

from .classify import Event, Pricing, Segment
from .money import RATED_DIGITS, ceil_div, round_half_up
from .reader import ANY, Rate


@dataclass(frozen=True)
class Slice:
    """A stretch of an event's tail under one band and price, in billed units."""

    segment: Segment
    start: int
    end: int
    units: int


@dataclass(frozen=True)
class Part:
    """One row of rated usage: a part drawn from one grant, or a priced part of the tail."""

    event_id: str
    part_number: int
    account_id: str
    subscription_id: str
    service: str
    zone: str
    band: str
    charge_name: str
    tax_category: str
    rate_id: str
    tier_from: int | None
    offset: int
    """Base units from the event's start."""
    quantity: int
    allowance_grant_id: str
    drawn: int
    """Base units taken from the grant, whole increments (4.2)."""
    billed_quantity: int
    price: Fraction
    per: int
    fees: Fraction
    amount: Fraction


def billed_units(rest: int, first: int, following: int) -> int:
    """f(r): 0, else a, else a and whole b on top (3.4)."""
    if rest <= 0:
        return 0
    if rest <= first:
        return first
    return first + ceil_div(rest - first, following) * following


def tail_slices(event: Event, segments: list[Segment], drawn: int) -> list[Slice]:
    """The tail from offset `drawn`, cut at the segments: f(y - d) - f(x - d) units each (3.5).

    The increments are those of the event's start.
    """
    base = segments[0].pricing.base
    first, following = base.first_increment, base.next_increment
    slices = []
    for segment in segments:
        start, end = max(segment.start, drawn), segment.end
        if start >= end and event.quantity > 0:
            continue
        units = billed_units(end - drawn, first, following) - billed_units(
            start - drawn, first, following
        )
        slices.append(Slice(segment, start, end, units))
    return slices


def units_amount(units: int, price: Fraction, per: int) -> Fraction:
    """Units x price / per, to 6 decimals, half up (3.6)."""
    return round_half_up(units * price / per, RATED_DIGITS)


def limit_fees(base: Rate, units: int, total: Fraction) -> Fraction:
    """Connection fee, top-up and cut of an event whose parts come to `total` (3.6).

    Nothing when no unit is charged.
    """
    if units == 0:
        return Fraction(0)
    fee = round_half_up(base.connection_fee, RATED_DIGITS)
    event_total = total + fee
    if base.minimum_charge is not None:
        event_total = max(event_total, round_half_up(base.minimum_charge, RATED_DIGITS))
    if base.maximum_charge is not None:
        event_total = min(event_total, round_half_up(base.maximum_charge, RATED_DIGITS))
    return event_total - total


def charge_name(pricing: Pricing, event: Event) -> str:
    """What usage is called on the bill: the row's, by default its zone (rates.csv).

    Where the row prices any zone, it is that of the event, else the service (decision 0005).
    """
    row = pricing.base
    zone = event.zone or event.service
    return row.charge_name or (zone if row.zone == ANY else row.zone)
