"""One account's events, period by period: draw, count, price (3.3, 4)."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from fractions import Fraction

from . import allowances, calendar, price, tiers
from .allowances import Balance, Draw, Grant, Pool
from .calendar import Stretch
from .classify import Classifier, Event, Segment
from .mediation import Mediation
from .price import Part, Slice
from .reader import Account, Folder, SubscribedProduct


@dataclass
class AccountRating:
    """What the rating of an account's window comes to."""

    parts: dict[str, list[Part]] = field(default_factory=dict)
    balances: list[Balance] = field(default_factory=list)
    rolled: dict[date, list[Grant]] = field(default_factory=dict)
    """Grants that roll into the period that starts on a date."""


@dataclass(frozen=True)
class Drawn:
    """An event after its draws: what is left is the tail (3.3)."""

    event: Event
    segments: list[Segment]
    draws: list[Draw]
    slices: list[Slice]


def active_stretch(mediation: Mediation, held: SubscribedProduct) -> Stretch:
    """The days on which the holder is active: the first counts, that of the end does not (5.1)."""
    subscription = mediation.subscriptions.get(held.subscription_id)
    zone = mediation.operator.zone
    start, end = date.min, date.max
    if subscription is not None:
        if subscription.activated_at is not None:
            start = calendar.local_date(subscription.activated_at, zone)
        if subscription.terminated_at is not None:
            end = calendar.local_date(subscription.terminated_at, zone)
    return Stretch(start, max(start, end))


def terminated_at(mediation: Mediation, held: SubscribedProduct) -> datetime | None:
    """The instant at which the holder ends, and with it what its grants are good for (4.1)."""
    subscription = mediation.subscriptions.get(held.subscription_id)
    return subscription.terminated_at if subscription is not None else None


def new_grants(
    folder: Folder, mediation: Mediation, account: Account, period: Stretch
) -> list[Grant]:
    """The grants of a period, by the catalogue of each charged stretch's first day (4.1)."""
    grants = []
    for held in mediation.held_by_account[account.account_id]:
        active = active_stretch(mediation, held)
        stretch = period.overlap(Stretch(held.valid_from, held.valid_to))
        charged = stretch.overlap(active) if stretch else None
        if charged is None:
            continue
        for row in allowances.allowance_on(folder.allowances, held.product_id, charged.start):
            grant = allowances.new_grant(
                row, held, active, period, folder.operator, terminated_at(mediation, held)
            )
            if grant is not None:
                grants.append(grant)
    return grants


def draw_event(event: Event, pool: Pool, classifier: Classifier) -> Drawn:
    """Allowances first, then the tail (3.3)."""
    segments = classifier.segments(event)
    if segments is None:
        raise ValueError(f"{event.event_id} has no rate")
    draws = allowances.draw(event, pool)
    covered = sum(draw.covered for draw in draws)
    slices = []
    if covered < event.quantity or event.quantity == 0:
        slices = price.tail_slices(event, segments, covered)
    return Drawn(event, segments, draws, slices)


def counter_of(event: Event, piece: Slice) -> tiers.Counter:
    """Tiers count per subscription and rate (4.5)."""
    return (event.subscription_id, *piece.segment.pricing.counter)


def grant_part(drawn: Drawn, draw: Draw, number: int) -> Part:
    """A part that an allowance covers costs nothing (3.6)."""
    event, first = drawn.event, drawn.segments[0]
    base = first.pricing.base
    return Part(
        event_id=event.event_id,
        part_number=number,
        account_id=event.account_id,
        subscription_id=event.subscription_id,
        service=event.service,
        zone=event.zone,
        band=first.band,
        charge_name=price.charge_name(first.pricing, event),
        tax_category=first.pricing.card.tax_category,
        rate_id="",
        tier_from=None,
        offset=draw.offset,
        quantity=draw.covered,
        allowance_grant_id=draw.grant.grant_id,
        drawn=draw.drawn,
        billed_quantity=0,
        price=Fraction(0),
        per=base.per,
        fees=Fraction(0),
        amount=Fraction(0),
    )


def priced_parts(drawn: Drawn, counters: tiers.TierCounters, first_number: int) -> list[Part]:
    """The parts of the tail: one band, rate row, price step and tier each (3.5, 3.6, 4.5)."""
    event = drawn.event
    parts: list[Part] = []
    for piece_of in drawn.slices:
        pricing = piece_of.segment.pricing
        pieces = counters.count(counter_of(event, piece_of), pricing, piece_of.units)
        at = piece_of.start
        for position, piece in enumerate(pieces):
            last = position == len(pieces) - 1
            quantity = piece_of.end - at if last else min(piece.units, piece_of.end - at)
            parts.append(
                Part(
                    event_id=event.event_id,
                    part_number=first_number + len(parts),
                    account_id=event.account_id,
                    subscription_id=event.subscription_id,
                    service=event.service,
                    zone=event.zone,
                    band=piece_of.segment.band,
                    charge_name=price.charge_name(pricing, event),
                    tax_category=pricing.card.tax_category,
                    rate_id=piece.row.rate_id,
                    tier_from=piece.row.tier_from,
                    offset=at,
                    quantity=quantity,
                    allowance_grant_id="",
                    drawn=0,
                    billed_quantity=piece.units,
                    price=piece.row.price,
                    per=piece.row.per,
                    fees=piece.tier_fee,
                    amount=piece.amount + piece.tier_fee,
                )
            )
            at += quantity
    if not parts:
        return parts
    units = sum(part.billed_quantity for part in parts)
    total = sum((part.amount - part.fees for part in parts), Fraction(0))
    fees = price.limit_fees(drawn.segments[0].pricing.base, units, total)
    head = parts[0]
    parts[0] = replace(head, fees=head.fees + fees, amount=head.amount + fees)
    return parts


def rate_period(
    events: Iterable[Event], pool: Pool, classifier: Classifier
) -> dict[str, list[Part]]:
    """The rated parts of one account and period, events in order of start, feed, record (4.2)."""
    drawn = [
        draw_event(event, pool, classifier)
        for event in sorted(events, key=lambda event: event.order)
    ]
    counters = tiers.TierCounters(
        tiers.totals(
            (counter_of(one.event, piece), piece.units) for one in drawn for piece in one.slices
        )
    )
    parts: dict[str, list[Part]] = {}
    for one in drawn:
        covered = [grant_part(one, draw, number) for number, draw in enumerate(one.draws, start=1)]
        parts[one.event.event_id] = covered + priced_parts(one, counters, len(covered) + 1)
    return parts


def rate_account(
    folder: Folder,
    mediation: Mediation,
    account: Account,
    events: Iterable[Event],
    *,
    window_start: date,
    carried: Iterable[Grant],
    until: date,
) -> AccountRating:
    """Rate the periods of an account from its window's start to the one that holds `until`.

    `carried`: grants that rolled into the first period, as an earlier run left them (1.2).
    Balances are those of periods that are over on `until`.
    """
    by_period: dict[date, list[Event]] = defaultdict(list)
    last = until
    for event in events:
        start = calendar.boundary_at_or_before(event.start_date, account.cycle_day)
        if start >= window_start:
            by_period[start].append(event)
            last = max(last, start)
    result = AccountRating()
    rolled = [replace(grant) for grant in carried]
    period = calendar.period_of(window_start, account.cycle_day)
    while period.start <= last:
        grants = rolled + new_grants(folder, mediation, account, period)
        pool = Pool(
            period=period,
            grants=grants,
            opening={grant.grant_id: grant.left or 0 for grant in rolled},
        )
        result.rolled[period.start] = [replace(grant) for grant in rolled]
        result.parts.update(rate_period(by_period[period.start], pool, mediation.classifier))
        balances, rolled = allowances.close(pool)
        if period.end <= until:
            result.balances.extend(balances)
        period = calendar.period_of(period.end, account.cycle_day)
    return result
