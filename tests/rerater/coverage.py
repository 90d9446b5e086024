"""What a generated operator makes happen, counted: a feature that never occurs is not tested.

The counts are of the re-rater's result, of events (or records) that were compared.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from datetime import timedelta
from fractions import Fraction
from itertools import pairwise

from . import calendar
from .allowances import Balance
from .classify import HOME, Classifier, Event, Segment
from .mediation import MERGED, NOT_BILLABLE, RATED, SUSPENDED, RecordKey, State
from .price import Part
from .reader import Folder, Rate
from .runs import RunResult

LONGER_NIGHT, SHORTER_NIGHT = timedelta(hours=-1), timedelta(hours=1)


def features(
    folder: Folder,
    result: RunResult,
    before: Mapping[RecordKey, State],
    event_ids: Collection[str],
) -> Counter[str]:
    """The features of one bill run: of these events, of the records new to it, of its balances.

    `before`: the states of the records as the run before left them.
    """
    found = Counter(of_the_operator(folder))
    holders = {row.subscribed_product_id: row.subscription_id for row in folder.subscribed_products}
    allowances = {row.allowance_id: row for row in folder.allowances}
    rates = {row.rate_id: row for row in folder.rates if row.rate_id}
    classifier = Classifier(folder)
    for event_id in event_ids:
        event, parts = result.events[event_id], result.parts[event_id]
        segments = classifier.segments(event) or []
        found.update(set(of_the_event(event, parts, segments)))
        found.update(set(of_the_clock(event, folder)))
        found.update(set(of_the_tiers(parts, segments, rates)))
        for part in parts:
            if part.allowance_grant_id:
                holding, allowance_id, start = part.allowance_grant_id.split("/")
                found.update(of_the_draw(event, part, holders[holding], start, folder))
                if allowances[allowance_id].prorate:
                    found["drawn: on a grant that is prorated"] += 1
    for key, state in result.states.items():
        found.update(of_the_record(state, before.get(key), key in result.records))
    for key, record in result.records.items():
        if result.states[key].state == RATED and record.duration_seconds.denominator > 1:
            found["rated: a started second counts"] += 1
    for balance in result.balances:
        found.update(of_the_balance(balance))
    found.update(of_the_numbers(folder, result, event_ids))
    for draft in result.drafts.values():
        found.update("billed: a correction" for line in draft.lines if line.is_correction)
        found.update("billed: taken back" for line in draft.lines if line.amount_net < 0)
    return found


def of_the_operator(folder: Folder) -> Iterator[str]:
    operator = folder.operator
    yield f"operator: bands {operator.band_crossing}"
    yield f"operator: days {operator.day_count}"
    yield f"operator: clock of {operator.zone.key}"
    yield f"operator: {operator.minor_units} decimals"
    yield f"operator: prices {'with' if operator.prices_include_tax else 'without'} tax"


def of_the_event(event: Event, parts: list[Part], segments: list[Segment]) -> Iterator[str]:
    """What an event is, and what its price took."""
    yield f"rated: {event.service}"
    if event.quantity == 0:
        yield "rated: of quantity zero"
    if event.visited_zone != HOME:
        yield f"roaming: {event.direction}"
    if event.zone == "SHORT":
        yield "rated: a short code"
    base = segments[0].pricing.base
    covered = [part for part in parts if part.allowance_grant_id]
    tail = [part for part in parts if not part.allowance_grant_id and part.billed_quantity]
    if covered:
        yield "drawn: in part" if tail else "drawn: in full"
    if len(covered) > 1:
        yield "drawn: on several grants"
    if not tail:
        return
    if any(segment.pricing.card != event.cards[-1] for segment in segments):
        yield "priced: by an option's card"
    if len({segment.pricing.card for segment in segments}) > 1:
        yield "priced: by two cards"
    if len({part.band for part in tail}) > 1:
        yield "priced: across bands"
    if any(part.billed_quantity == 0 < part.quantity for part in parts if not covered):
        yield "priced: a part swallowed by an increment"
    if sum(part.billed_quantity for part in tail) > sum(part.quantity for part in tail):
        yield "priced: in started increments"
    if base.first_increment != base.next_increment:
        yield "priced: by two increments"
    for one, other in pairwise(segment.pricing.base for segment in segments):
        same = (one.zone, one.band, one.visited_zone) == (
            other.zone,
            other.band,
            other.visited_zone,
        )
        if same and one.starts_at != other.starts_at:
            yield "priced: over a price step"
        if same and one.valid_from != other.valid_from:
            yield "priced: over a change of the rate"
    yield from of_the_fees(base, tail)


def of_the_fees(base: Rate, tail: list[Part]) -> Iterator[str]:
    """Connection fee, minimum and maximum; with tiers their fees stand beside them (3.6)."""
    if base.connection_fee:
        yield "fees: connection"
    if base.tier_from or base.tier_fee:
        return
    amounts = sum((part.amount - part.fees for part in tail), Fraction(0)) + base.connection_fee
    if base.minimum_charge is not None and amounts < base.minimum_charge:
        yield "fees: raised to the minimum"
    if base.maximum_charge is not None and amounts > base.maximum_charge:
        yield "fees: cut to the maximum"


def of_the_clock(event: Event, folder: Folder) -> Iterator[str]:
    """Calls through a night of 23 or 25 hours."""
    if event.service != "voice" or event.quantity == 0:
        return
    zone = folder.operator.zone
    end = event.started_at + timedelta(seconds=event.quantity)
    for change in calendar.clock_changes(event.started_at, end, zone):
        before = (change - timedelta(seconds=2)).astimezone(zone).utcoffset()
        after = (change + timedelta(seconds=2)).astimezone(zone).utcoffset()
        if before is not None and after is not None:
            if after - before == LONGER_NIGHT:
                yield "clock: through the night of 25 hours"
            if after - before == SHORTER_NIGHT:
                yield "clock: through the night of 23 hours"


def of_the_tiers(
    parts: list[Part], segments: list[Segment], rates: Mapping[str, Rate]
) -> Iterator[str]:
    """Tiers by mode: reached, crossed within one event, fees due on entering (4.5)."""
    base = segments[0].pricing.base
    has_other_fees = bool(base.connection_fee or base.minimum_charge or base.maximum_charge)
    reached: dict[str, set[int]] = {}
    for part in parts:
        row = rates.get(part.rate_id)
        if part.allowance_grant_id or row is None or not part.billed_quantity:
            continue
        if row.tier_from or row.tier_fee or row.tier_mode != "graduated":
            reached.setdefault(row.tier_mode, set()).add(row.tier_from)
        if row.tier_from and row.valid_from > base.valid_from:
            yield "tiers: one that came into force later"
        if row.tier_fee and part.fees and not has_other_fees:
            yield f"tiers: {row.tier_mode}, fee due"
        if row.tier_mode == "package" and not part.amount and row.price:
            yield "tiers: package opened by an earlier event"
    for mode, bounds in reached.items():
        if max(bounds) > 0:
            yield f"tiers: {mode}, above the lowest"
        if len(bounds) > 1:
            yield f"tiers: {mode}, two within one event"


def of_the_draw(
    event: Event, part: Part, holder: str, granted_on: str, folder: Folder
) -> Iterator[str]:
    """Whose grant an event drew on, and how."""
    if part.drawn > part.quantity:
        yield "drawn: a whole increment for less"
    if not holder:
        yield "drawn: on a grant of the account"
    elif holder != event.subscription_id:
        yield "drawn: on the grant of another line"
    cycle_day = next(a.cycle_day for a in folder.accounts if a.account_id == event.account_id)
    if str(calendar.boundary_at_or_before(event.start_date, cycle_day)) != granted_on:
        yield "drawn: on a grant rolled over"


def of_the_record(state: State, before: State | None, is_read: bool) -> Iterator[str]:
    """How a record ended that is new, or ended otherwise than in the run before."""
    if before is not None:
        if before.state == SUSPENDED and state.state == RATED:
            yield "recycled: suspended, then rated"
        if before.state == RATED and state.state == SUSPENDED:
            yield "recycled: rated, then suspended"
        return
    if state.state == SUSPENDED:
        yield f"suspended: {state.reason}"
    elif state.state in (MERGED, NOT_BILLABLE) or not is_read or state.state != RATED:
        yield f"state: {state.state}"


def of_the_balance(balance: Balance) -> Iterator[str]:
    """What became of a grant in a period (4.4)."""
    if balance.is_unlimited:
        if balance.used:
            yield "balance: unlimited, used"
        return
    if balance.carried_in:
        yield "balance: carried in"
    if balance.carried_out:
        yield (
            "balance: carried out, the rest expired" if balance.expired else "balance: carried out"
        )
    if balance.used and balance.used == balance.granted + balance.carried_in:
        yield "balance: used up"
    if balance.used and balance.expired:
        yield "balance: a rest expired"


def of_the_numbers(folder: Folder, result: RunResult, event_ids: Collection[str]) -> Iterator[str]:
    """Numbers that were ported: usage of one number, rated for two lines."""
    owners: dict[str, set[str]] = {}
    by_event = {
        state.event_id: result.records[key]
        for key, state in result.states.items()
        if state.state == RATED
    }
    claimed: dict[str, set[str]] = {}
    for row in folder.identifiers:
        claimed.setdefault(row.identifier.lstrip("+"), set()).add(row.subscription_id)
    for event_id in event_ids:
        record = by_event[event_id]
        digits = record.subscriber.lstrip("+0")[-9:]
        owners.setdefault(digits, set()).add(result.events[event_id].subscription_id)
    ported = {number[-9:] for number, lines in claimed.items() if len(lines) > 1}
    for number, lines in owners.items():
        if number in ported:
            yield (
                "numbers: ported, used by the one line"
                if len(lines) == 1
                else ("numbers: ported, used by both lines")
            )
