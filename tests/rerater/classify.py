"""Where a number, a network, a moment and a price belong (3.1, 3.2, 3.5)."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from . import calendar
from .reader import ANY, Band, Folder, Network, Operator, Prefix, Rate, UsageRecord

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
STANDARD = "standard"
HOME = "home"
SEPARATORS = str.maketrans("", "", " -./()")


class Card(NamedTuple):
    """A rate card that prices a subscription's usage, and the product that brings it."""

    rate_card_id: str
    product_id: str
    tax_category: str


@dataclass(frozen=True)
class Event:
    """A billable event: one record, or one call made of several (2.3)."""

    event_id: str
    feed: str
    record_id: str
    service: str
    direction: str
    account_id: str
    subscription_id: str
    other_party: str
    started_at: datetime
    local_started_at: datetime
    quantity: int
    zone: str
    destination: str
    visited_zone: str
    cards: tuple[Card, ...]

    @property
    def order(self) -> tuple[datetime, str, str]:
        """The order in which events draw on allowances and fill tiers (4.2, 4.5)."""
        return self.started_at, self.feed, self.record_id

    @property
    def start_date(self) -> date:
        return self.local_started_at.date()


@dataclass(frozen=True)
class Pricing:
    """The rate rows of one moment: the tiers of one price, and the card that has them."""

    card: Card
    tiers: tuple[Rate, ...]

    @property
    def base(self) -> Rate:
        """The row of the lowest tier: its increments, fee and limits count."""
        return self.tiers[0]

    @property
    def counter(self) -> tuple[str, str, str, str, str, str]:
        """What tiers count by, besides subscription and period (4.5)."""
        row = self.base
        return (
            row.rate_card_id,
            row.service,
            row.direction,
            row.visited_zone,
            row.zone,
            row.band,
        )


@dataclass(frozen=True)
class Segment:
    """A stretch of an event, in base units from its start, under one band and one price."""

    start: int
    end: int
    band: str
    pricing: Pricing


def e164_digits(number: str, operator: Operator) -> str:
    """The E.164 digits of a number by the operator's numbering (3.1)."""
    text = number.translate(SEPARATORS)
    if text.startswith("+"):
        return text[1:]
    if operator.international_prefix and text.startswith(operator.international_prefix):
        return text[len(operator.international_prefix) :]
    if operator.national_prefix and text.startswith(operator.national_prefix):
        return operator.country_code + text[len(operator.national_prefix) :]
    return text


def identifier_key(kind: str, identifier: str, operator: Operator) -> tuple[str, str]:
    """An identifier as it is compared: a msisdn in the form of called numbers (3.1)."""
    return kind, e164_digits(identifier, operator) if kind == "msisdn" else identifier


def in_force(row: Prefix | Network, day: date) -> bool:
    return row.valid_from <= day < row.valid_to


class Classifier:
    """The reference data of one folder, arranged for asking."""

    def __init__(self, folder: Folder) -> None:
        self.operator = folder.operator
        self.holidays = folder.holidays
        self.bands = folder.bands
        self.short_codes: dict[str, list[Prefix]] = defaultdict(list)
        self.prefixes: dict[str, list[Prefix]] = defaultdict(list)
        for prefix in folder.prefixes:
            (self.short_codes if prefix.exact else self.prefixes)[prefix.prefix].append(prefix)
        self.networks: dict[str, list[Network]] = defaultdict(list)
        for network in folder.networks:
            self.networks[network.network].append(network)
        self.rates: dict[tuple[str, str, str], list[Rate]] = defaultdict(list)
        for rate in folder.rates:
            self.rates[rate.rate_card_id, rate.service, rate.direction].append(rate)
        self.pricing_at = lru_cache(maxsize=None)(self._pricing_at)
        self.bands_of = lru_cache(maxsize=None)(self._bands_of)
        self.band_edges = lru_cache(maxsize=None)(self._band_edges)

    def destination(self, record: UsageRecord, day: date) -> Prefix | None:
        """The prefix of a called number: short code as dialled, else the longest (3.1)."""
        dialled = record.other_party.translate(SEPARATORS)
        for row in self.short_codes.get(dialled, ()):
            if in_force(row, day):
                return row
        digits = e164_digits(record.other_party, self.operator)
        for length in range(len(digits), 0, -1):
            for row in self.prefixes.get(digits[:length], ()):
                if in_force(row, day):
                    return row
        return None

    def visited_zone(self, record: UsageRecord, day: date) -> str | None:
        """The zone of the serving network; empty is home; MCC+MNC before MCC (3.1)."""
        if not record.serving_network:
            return HOME
        for code in (record.serving_network, record.serving_network[:3]):
            for row in self.networks.get(code, ()):
                if in_force(row, day):
                    return row.visited_zone
        return None

    def _bands_of(self, day: date) -> tuple[Band, ...]:
        """The band rows of a local day, the one that wins first; a holiday is also its weekday."""
        days = {WEEKDAYS[day.weekday()]} | ({"holiday"} if day in self.holidays else set())
        rows = [row for row in self.bands if row.days & days]
        return tuple(sorted(rows, key=lambda row: -row.priority))

    def band_at(self, instant: datetime) -> str:
        """The band of a moment by the operator's local clock (3.5)."""
        local = instant.astimezone(self.operator.zone)
        second = local.hour * 3600 + local.minute * 60 + local.second
        for row in self.bands_of(local.date()):
            if row.from_second <= second < row.to_second:
                return row.band
        return STANDARD

    def _band_edges(self, day: date) -> tuple[datetime, ...]:
        """Every instant of a local day at which a band may begin or end, and its midnight.

        A local time that comes twice gives two instants, one that never comes gives instants
        that do no harm: an edge is only a candidate.
        """
        seconds = {0} | {s for row in self.bands_of(day) for s in (row.from_second, row.to_second)}
        naive = datetime.combine(day, datetime.min.time())
        edges = set()
        for second in seconds:
            wall = naive + timedelta(seconds=second)
            for fold in (0, 1):
                edges.add(wall.replace(tzinfo=self.operator.zone, fold=fold).astimezone(UTC))
        return tuple(sorted(edges))

    def _pricing_at(
        self,
        cards: tuple[Card, ...],
        service: str,
        direction: str,
        visited_zone: str,
        zone: str,
        band: str,
        day: date,
        offset: int,
    ) -> Pricing | None:
        """The price of a moment (3.2): first card with a row; visited zone, zone, band exact.

        `offset` is what has elapsed of the event: among rows that differ only in `starts_at`
        the greatest one reached holds.
        """
        for card in cards:
            rows = [
                row
                for row in self.rates[card.rate_card_id, service, direction]
                if row.visited_zone in (ANY, visited_zone)
                and row.zone in (ANY, zone)
                and row.band in (ANY, band)
                and row.valid_from <= day < row.valid_to
                and row.starts_at <= offset
            ]
            if not rows:
                continue

            def rank(row: Rate) -> tuple[bool, bool, bool, int]:
                return row.visited_zone != ANY, row.zone != ANY, row.band != ANY, row.starts_at

            best = max(rank(row) for row in rows)
            tiers = sorted((row for row in rows if rank(row) == best), key=lambda r: r.tier_from)
            return Pricing(card, tuple(tiers))
        return None

    def price_steps(self, event: Event) -> set[int]:
        """The offsets at which a price step may begin (3.5)."""
        return {
            row.starts_at
            for card in event.cards
            for row in self.rates[card.rate_card_id, event.service, event.direction]
        }

    def clock_cuts(self, event: Event) -> set[int]:
        """The offsets at which the band or the validity of a rate may change (3.5).

        Only time passes during a call: other services lie at one instant. A second belongs to
        the band in which it begins.
        """
        if event.service != "voice" or self.operator.band_crossing == "start":
            return set()
        start = event.started_at
        end = start + timedelta(seconds=event.quantity)
        instants = set(calendar.clock_changes(start, end, self.operator.zone))
        day, last = event.start_date, calendar.local_date(end, self.operator.zone)
        while day <= last:
            instants.update(self.band_edges(day))
            day += calendar.DAY
        return {
            -((start - instant) // timedelta(seconds=1))
            for instant in instants
            if start < instant < end
        }

    def segments(self, event: Event) -> list[Segment] | None:
        """The event cut where band, rate row or price step change; none without a price (3.2, 3.5).

        No rate at some moment of the event leaves all of it without one.
        """
        moving = event.service == "voice" and self.operator.band_crossing == "split"
        cuts = {0} | self.clock_cuts(event) | self.price_steps(event)
        starts = sorted(cut for cut in cuts if cut == 0 or cut < event.quantity)
        result: list[Segment] = []
        for start, end in zip(starts, [*starts[1:], event.quantity], strict=True):
            moment = event.started_at
            if moving:
                moment += timedelta(seconds=start)
            band = self.band_at(moment)
            pricing = self.pricing_at(
                event.cards,
                event.service,
                event.direction,
                event.visited_zone,
                event.zone,
                band,
                calendar.local_date(moment, self.operator.zone),
                start,
            )
            if pricing is None:
                return None
            last = result[-1] if result else None
            if last is not None and last.band == band and last.pricing == pricing:
                result[-1] = Segment(last.start, end, band, pricing)
            else:
                result.append(Segment(start, end, band, pricing))
        return result

    def has_price(self, event: Event) -> bool:
        """Whether any moment of the event has a price: decides `not_billable` (2.1)."""
        return any(
            self.pricing_at(
                event.cards,
                event.service,
                event.direction,
                event.visited_zone,
                event.zone,
                self.band_at(event.started_at + timedelta(seconds=offset)),
                calendar.local_date(
                    event.started_at + timedelta(seconds=offset), self.operator.zone
                ),
                offset,
            )
            for offset in {0} | self.clock_cuts(event)
        )
