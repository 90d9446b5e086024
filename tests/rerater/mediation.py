"""Every record ends in exactly one state (2)."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from fractions import Fraction
from math import ceil

from . import calendar
from .classify import Card, Classifier, Event, identifier_key
from .reader import (
    Account,
    Folder,
    Identifier,
    Product,
    SubscribedDiscount,
    SubscribedProduct,
    Subscription,
    UsageRecord,
)

REJECTED = "rejected"
DUPLICATE = "duplicate"
MERGED = "merged"
NOT_BILLABLE = "not_billable"
SUSPENDED = "suspended"
RATED = "rated"

RecordKey = tuple[str, int]
"""File and line."""


@dataclass(frozen=True)
class State:
    """How a record ended; `reason` for suspended ones, `event_id` for rated and merged ones."""

    state: str
    reason: str = ""
    event_id: str = ""


@dataclass(frozen=True)
class FileSeen:
    """When a file was loaded, and by which bill run it was seen first (1.3, 2.4)."""

    file_id: str
    file_number: int
    loaded_at: datetime
    first_bill_date: date


@dataclass(frozen=True)
class Call:
    """One record, or the parts of one call: `first` carries it (2.3)."""

    first: UsageRecord
    others: tuple[UsageRecord, ...]
    started_at: datetime
    duration_seconds: Fraction


def key_of(record: UsageRecord) -> RecordKey:
    return record.file_id, record.line_number


def quantity(service: str, record: UsageRecord, duration: Fraction) -> int:
    """Seconds (a started second counts), bytes both ways, or messages (3.4)."""
    if service == "voice":
        return ceil(duration)
    if service == "data":
        return record.bytes_uplink + record.bytes_downlink
    return record.messages


def is_negative(record: UsageRecord) -> bool:
    """2.4 `negative_quantity`."""
    if record.service == "voice":
        return record.duration_seconds < 0
    if record.service == "data":
        return record.bytes_uplink < 0 or record.bytes_downlink < 0
    return record.messages < 0


def is_partial(record: UsageRecord) -> bool:
    """A partial voice record shares its `charging_id` and has a place in the sequence (2.3)."""
    return record.service == "voice" and bool(record.charging_id) and record.sequence is not None


def find_duplicates(
    records: Iterable[UsageRecord], files: dict[str, FileSeen]
) -> dict[RecordKey, State]:
    """The same (feed, record_id) again: equal content, or a conflict for all of them (2.2)."""
    groups: dict[tuple[str, str], list[UsageRecord]] = defaultdict(list)
    for record in records:
        groups[record.feed, record.record_id].append(record)
    states = {}
    for group in groups.values():
        if len({record.content for record in group}) > 1:
            for record in group:
                states[key_of(record)] = State(SUSPENDED, "conflicting_duplicate")
            continue
        group.sort(key=lambda record: (files[record.file_id].file_number, record.line_number))
        for record in group[1:]:
            states[key_of(record)] = State(DUPLICATE)
    return states


def join_partials(
    records: Iterable[UsageRecord], bill_moment: datetime
) -> tuple[list[Call], dict[RecordKey, State]]:
    """Partial voice records of one `charging_id` become one call, or wait (2.3)."""
    calls: list[Call] = []
    states: dict[RecordKey, State] = {}
    sessions: dict[tuple[str, str, str], list[UsageRecord]] = defaultdict(list)
    for record in records:
        if is_partial(record):
            sessions[record.feed, record.charging_id, record.subscriber].append(record)
        else:
            calls.append(Call(record, (), record.started_at, record.duration_seconds))
    for parts in sessions.values():
        parts.sort(key=lambda part: (part.sequence or 0, part.record_id))
        whole = [part.sequence for part in parts] == list(range(1, len(parts) + 1))
        ends = max(part.started_at + to_timedelta(part.duration_seconds) for part in parts)
        closed = any(part.is_final for part in parts) or ends <= bill_moment - timedelta(hours=24)
        if not (whole and closed):
            for part in parts:
                states[key_of(part)] = State(SUSPENDED, "incomplete_session")
            continue
        calls.append(
            Call(
                first=parts[0],
                others=tuple(parts[1:]),
                started_at=min(part.started_at for part in parts),
                duration_seconds=sum((part.duration_seconds for part in parts), Fraction(0)),
            )
        )
    return calls, states


def to_timedelta(seconds: Fraction) -> timedelta:
    return timedelta(microseconds=int(seconds * 10**6))


class Mediation:
    """The customers and the catalogue of one folder, asked by one bill run."""

    def __init__(self, folder: Folder, classifier: Classifier, bill_date: date) -> None:
        self.operator = folder.operator
        self.classifier = classifier
        self.bill_date = bill_date
        self.accounts: dict[str, Account] = {row.account_id: row for row in folder.accounts}
        self.subscriptions: dict[str, Subscription] = {
            row.subscription_id: row for row in folder.subscriptions
        }
        self.identifiers: dict[tuple[str, str], list[Identifier]] = defaultdict(list)
        for row in folder.identifiers:
            self.identifiers[identifier_key(row.kind, row.identifier, self.operator)].append(row)
        self.products: dict[str, list[Product]] = defaultdict(list)
        for product in folder.products:
            self.products[product.product_id].append(product)
        self.held: dict[tuple[str, str], list[SubscribedProduct]] = defaultdict(list)
        self.held_by_account: dict[str, list[SubscribedProduct]] = defaultdict(list)
        for held in folder.subscribed_products:
            self.held[held.account_id, held.subscription_id].append(held)
            self.held_by_account[held.account_id].append(held)
        self.discounts_by_account: dict[str, list[SubscribedDiscount]] = defaultdict(list)
        for discount in folder.subscribed_discounts:
            self.discounts_by_account[discount.account_id].append(discount)

    def product_on(self, product_id: str, day: date) -> Product | None:
        """The catalogue row in force on a day."""
        for row in self.products[product_id]:
            if row.valid_from <= day < row.valid_to:
                return row
        return None

    def claimants(self, kind: str, identifier: str, moment: datetime) -> list[str]:
        """The subscriptions that hold an identifier at an instant (2.4)."""
        rows = self.identifiers.get(identifier_key(kind, identifier, self.operator), ())
        return sorted(
            {
                row.subscription_id
                for row in rows
                if (row.valid_from is None or row.valid_from <= moment)
                and (row.valid_to is None or moment < row.valid_to)
            }
        )

    def cards(self, subscription: Subscription, day: date) -> tuple[Card, ...] | None:
        """The rate cards at the start: options by id, then the plan; none without plan (3.2)."""
        own = self.held[subscription.account_id, subscription.subscription_id]
        shared = self.held[subscription.account_id, ""]
        options: list[tuple[str, Card]] = []
        plan: Card | None = None
        for held in [*own, *shared]:
            if not held.valid_from <= day < held.valid_to:
                continue
            product = self.product_on(held.product_id, day)
            if product is None:
                continue
            card = Card(product.rate_card_id, product.product_id, product.tax_category)
            if product.kind == "plan":
                if held.subscription_id:
                    plan = card
            elif product.rate_card_id:
                options.append((held.subscribed_product_id, card))
        if plan is None:
            return None
        return (*(card for _, card in sorted(options)), plan)

    def account_window(self, account: Account, bill_date: date) -> date:
        """The first day of the account's window at a run (1.2)."""
        return calendar.window_start(
            bill_date,
            account.cycle_day,
            lookback_periods=self.operator.lookback_periods,
            first_period=self.operator.first_period,
        )

    def window(self, kind: str, identifier: str, moment: datetime, bill_date: date) -> date:
        """The window that a record is held against: its account's, else the run's (2.4)."""
        found = self.claimants(kind, identifier, moment)
        if len(found) == 1 and found[0] in self.subscriptions:
            account = self.accounts[self.subscriptions[found[0]].account_id]
            return self.account_window(account, bill_date)
        return max(
            calendar.add_months(bill_date, -(self.operator.lookback_periods + 1)),
            self.operator.first_period,
        )

    def early_reason(self, record: UsageRecord, seen: FileSeen) -> str:
        """The reasons that need no customer, first that applies (2.4)."""
        if is_negative(record):
            return "negative_quantity"
        if record.service == "voice" and record.duration_seconds > self.operator.max_voice_seconds:
            return "excessive_quantity"
        if (
            record.service == "data"
            and record.bytes_uplink + record.bytes_downlink > self.operator.max_data_bytes
        ):
            return "excessive_quantity"
        if record.started_at > seen.loaded_at + timedelta(hours=1):
            return "starts_in_future"
        if not is_partial(record) and self.is_too_old(record, record.started_at, seen):
            return "too_old"
        return ""

    def is_too_old(self, record: UsageRecord, started_at: datetime, seen: FileSeen) -> bool:
        """2.4 `too_old`, at the first bill date that sees the file; a call is held by its start."""
        day = calendar.local_date(started_at, self.operator.zone)
        oldest = max(
            self.window(
                record.subscriber_kind, record.subscriber, started_at, seen.first_bill_date
            ),
            seen.first_bill_date - timedelta(days=self.operator.late_usage_max_days),
        )
        return day < oldest

    def guide(self, call: Call) -> Event | State:
        """Identifier to subscription, plan, network, destination (2.4, 3.1); not yet the price."""
        record = call.first
        moment = call.started_at
        found = self.claimants(record.subscriber_kind, record.subscriber, moment)
        if not found:
            return State(SUSPENDED, "unknown_subscriber")
        if len(found) > 1:
            return State(SUSPENDED, "ambiguous_subscriber")
        subscription = self.subscriptions[found[0]]
        if (subscription.activated_at is not None and moment < subscription.activated_at) or (
            subscription.terminated_at is not None and moment >= subscription.terminated_at
        ):
            return State(SUSPENDED, "subscription_not_active")
        local = calendar.local_time(moment, self.operator.zone)
        cards = self.cards(subscription, local.date())
        if cards is None:
            return State(SUSPENDED, "no_plan")
        visited_zone = self.classifier.visited_zone(record, local.date())
        if visited_zone is None:
            return State(SUSPENDED, "unknown_network")
        zone, destination = "", ""
        if record.direction == "originating" and record.service != "data":
            prefix = self.classifier.destination(record, local.date())
            if prefix is None:
                return State(SUSPENDED, "unknown_destination")
            zone, destination = prefix.zone, prefix.destination
        return Event(
            event_id=f"{record.feed}:{record.record_id}",
            feed=record.feed,
            record_id=record.record_id,
            service=record.service,
            direction=record.direction,
            account_id=subscription.account_id,
            subscription_id=subscription.subscription_id,
            other_party=record.other_party,
            started_at=moment,
            local_started_at=local,
            quantity=quantity(record.service, record, call.duration_seconds),
            zone=zone,
            destination=destination,
            visited_zone=visited_zone,
            cards=cards,
        )

    def mediate(
        self, records: Sequence[UsageRecord], files: dict[str, FileSeen]
    ) -> tuple[dict[RecordKey, State], dict[str, Event]]:
        """The state of every record, and the events that have a price (2)."""
        states = find_duplicates(records, files)
        kept: list[UsageRecord] = []
        for record in records:
            if key_of(record) in states:
                continue
            if record.disposition not in ("", "answered"):
                states[key_of(record)] = State(NOT_BILLABLE)
            elif reason := self.early_reason(record, files[record.file_id]):
                states[key_of(record)] = State(SUSPENDED, reason)
            else:
                kept.append(record)
        bill_moment = calendar.midnight(self.bill_date, self.operator.zone)
        calls, waiting = join_partials(kept, bill_moment)
        states.update(waiting)
        for record in kept:
            if key_of(record) in waiting and self.is_too_old(
                record, record.started_at, files[record.file_id]
            ):
                states[key_of(record)] = State(SUSPENDED, "too_old")
        events: dict[str, Event] = {}
        for call in calls:
            event_id = f"{call.first.feed}:{call.first.record_id}"
            seen = files[call.first.file_id]
            if is_partial(call.first) and self.is_too_old(call.first, call.started_at, seen):
                state = State(SUSPENDED, "too_old")
            else:
                state = self.settle(call, events)
            states[key_of(call.first)] = replace(state, event_id=event_id)
            for part in call.others:
                states[key_of(part)] = State(MERGED, event_id=event_id)
        return states, events

    def settle(self, call: Call, events: dict[str, Event]) -> State:
        """The state of a call: guided, then priced at every moment (2.4, 3.2)."""
        event = self.guide(call)
        if isinstance(event, State):
            return event
        if self.classifier.segments(event) is None:
            if event.direction == "terminating" and not self.classifier.has_price(event):
                return State(NOT_BILLABLE)
            return State(SUSPENDED, "no_rate")
        events[event.event_id] = event
        return State(RATED)
