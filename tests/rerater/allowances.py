"""Allowance grants: given, drawn, rolled over (4.1 to 4.4)."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from math import ceil

from . import calendar
from .calendar import Stretch
from .classify import Event
from .money import ceil_div
from .reader import ANY, Allowance, Operator, SubscribedProduct


@dataclass
class Grant:
    """One grant: what it is, and what is left of it. Base units; `left` none = unlimited."""

    grant_id: str
    allowance: Allowance
    account_id: str
    subscription_id: str
    """The holder; empty at account level."""
    subscribed_product_id: str
    granted_in: date
    """Start of the period of the grant."""
    usable: Stretch
    """Days on which events may draw: while the product is held (4.1)."""
    usable_until: datetime | None
    """The instant of its holder's termination, on that day."""
    expires: date
    granted: int | None
    left: int | None


@dataclass(frozen=True)
class Balance:
    """Per grant and period: granted + carried_in = used + expired + carried_out (4.4)."""

    grant_id: str
    allowance_id: str
    account_id: str
    subscription_id: str
    period: Stretch
    granted: int
    carried_in: int
    used: int
    expired: int
    carried_out: int
    is_unlimited: bool


@dataclass(frozen=True)
class Draw:
    """What one event took from one grant: `drawn` in whole increments, `covered` of the event."""

    grant: Grant
    offset: int
    covered: int
    drawn: int


@dataclass
class Pool:
    """The grants of one account in one period."""

    period: Stretch
    grants: list[Grant]
    opening: dict[str, int] = field(default_factory=dict)
    """Carried in, per grant."""
    used: dict[str, int] = field(default_factory=dict)


def new_grant(
    allowance: Allowance,
    held: SubscribedProduct,
    active: Stretch,
    period: Stretch,
    operator: Operator,
    usable_until: datetime | None,
) -> Grant | None:
    """The grant of a subscribed product in a period (4.1).

    Allowance quantity x product quantity, by days if `prorate`, rounded up to a base unit.
    `usable_until`: the instant at which the holder is terminated, if it is. A product is held no
    longer than its subscription is active.
    """
    stretch = period.overlap(Stretch(held.valid_from, held.valid_to))
    charged = stretch.overlap(active) if stretch else None
    if stretch is None or charged is None:
        return None
    granted = None
    if allowance.quantity is not None:
        exact = allowance.quantity * held.quantity
        if allowance.prorate:
            exact *= calendar.share_of_period(charged, period, operator.day_count)
        granted = ceil(exact)
    last = calendar.add_months(period.end, allowance.rollover_periods)
    return Grant(
        grant_id=f"{held.subscribed_product_id}/{allowance.allowance_id}/{period.start}",
        allowance=allowance,
        account_id=held.account_id,
        subscription_id=held.subscription_id,
        subscribed_product_id=held.subscribed_product_id,
        granted_in=period.start,
        usable=Stretch(max(held.valid_from, active.start), held.valid_to),
        usable_until=usable_until,
        expires=min(last, held.valid_to, active.end),
        granted=granted,
        left=granted,
    )


def allowance_on(allowances: Iterable[Allowance], product_id: str, day: date) -> list[Allowance]:
    """The allowances of a product by the catalogue of a day (4.1)."""
    return [
        row
        for row in allowances
        if row.product_id == product_id and row.valid_from <= day < row.valid_to
    ]


def is_eligible(grant: Grant, event: Event) -> bool:
    """Whether an event may draw on a grant: whose, when, and for what (4.1 to 4.3)."""
    allowance = grant.allowance
    shared = not grant.subscription_id or allowance.scope == "account"
    return (
        (shared or grant.subscription_id == event.subscription_id)
        and event.start_date in grant.usable
        and (grant.usable_until is None or event.started_at < grant.usable_until)
        and allowance.service == event.service
        and bool(allowance.zones & {ANY, event.zone})
        and bool(allowance.visited_zones & {ANY, event.visited_zone})
    )


def draw_order(grant: Grant) -> tuple[int, date, str, str, date]:
    """Priority, earliest expiry, allowance, subscribed product; the older grant first (4.2)."""
    return (
        grant.allowance.priority,
        grant.expires,
        grant.allowance.allowance_id,
        grant.subscribed_product_id,
        grant.granted_in,
    )


def draw(event: Event, pool: Pool) -> list[Draw]:
    """What an event draws: whole increments, as many as the grant still holds (4.2)."""
    draws: list[Draw] = []
    offset = 0
    for grant in sorted((g for g in pool.grants if is_eligible(g, event)), key=draw_order):
        rest = event.quantity - offset
        if rest <= 0:
            break
        step = grant.allowance.increment
        drawn = ceil_div(rest, step) * step
        if grant.left is not None:
            drawn = min(drawn, grant.left // step * step)
            grant.left -= drawn
        if drawn == 0:
            continue
        covered = min(rest, drawn)
        draws.append(Draw(grant, offset, covered, drawn))
        pool.used[grant.grant_id] = pool.used.get(grant.grant_id, 0) + drawn
        offset += covered
    return draws


def carried_out(grant: Grant, period: Stretch) -> int:
    """What of a grant rolls into the next period (4.4)."""
    if grant.left is None or grant.expires <= period.end:
        return 0
    if grant.allowance.rollover_max is None:
        return grant.left
    return min(grant.left, ceil(grant.allowance.rollover_max))


def close(pool: Pool) -> tuple[list[Balance], list[Grant]]:
    """The balances of a period that is over, and the grants that roll into the next (4.4)."""
    balances, rolled = [], []
    for grant in pool.grants:
        used = pool.used.get(grant.grant_id, 0)
        carried_in = pool.opening.get(grant.grant_id, 0)
        granted = grant.granted or 0
        if grant.granted is None:
            granted = used
        if grant.granted_in != pool.period.start:
            granted = 0
        out = carried_out(grant, pool.period)
        balances.append(
            Balance(
                grant_id=grant.grant_id,
                allowance_id=grant.allowance.allowance_id,
                account_id=grant.account_id,
                subscription_id=grant.subscription_id,
                period=pool.period,
                granted=granted,
                carried_in=carried_in,
                used=used,
                expired=granted + carried_in - used - out,
                carried_out=out,
                is_unlimited=grant.granted is None,
            )
        )
        if out > 0:
            grant.left = out
            rolled.append(grant)
    return balances, rolled
