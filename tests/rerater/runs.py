"""Bill runs over time, each on the folder as it is then and on what was issued (1.2, 1.3)."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

from . import calendar, drafts
from .allowances import Balance, Grant
from .charges import Charge, ChargeKey, Charging
from .classify import Classifier, Event
from .drafts import Draft, Ledger
from .mediation import REJECTED, FileSeen, Mediation, RecordKey, State, key_of
from .price import Part
from .rating import rate_account
from .reader import Account, Folder, UsageFile, UsageRecord, read_folder


@dataclass
class History:
    """What earlier runs leave behind: files loaded, what lies before a window, what was issued."""

    files: dict[str, FileSeen] = field(default_factory=dict)
    contents: dict[str, UsageFile] = field(default_factory=dict)
    states: dict[RecordKey, State] = field(default_factory=dict)
    events: dict[str, Event] = field(default_factory=dict)
    parts: dict[str, list[Part]] = field(default_factory=dict)
    rolled: dict[str, dict[date, list[Grant]]] = field(default_factory=lambda: defaultdict(dict))
    ledger: Ledger = field(default_factory=Ledger)


@dataclass
class RunResult:
    """What one bill run comes to."""

    bill_date: date
    states: dict[RecordKey, State]
    records: dict[RecordKey, UsageRecord]
    events: dict[str, Event]
    parts: dict[str, list[Part]]
    balances: list[Balance]
    charges: dict[ChargeKey, Charge]
    drafts: dict[str, Draft]


def load(history: History, folder: Folder, bill_date: date, loaded_at: datetime) -> None:
    """Load the usage files that are new, known by their content (2.2)."""
    for file in folder.usage_files:
        if file.file_id not in history.files:
            history.files[file.file_id] = FileSeen(
                file_id=file.file_id,
                file_number=len(history.files) + 1,
                loaded_at=loaded_at,
                first_bill_date=bill_date,
            )
            history.contents[file.file_id] = file


def keep_what_was(
    history: History,
    mediation: Mediation,
    states: dict[RecordKey, State],
    events: dict[str, Event],
    records: Iterable[UsageRecord],
) -> None:
    """What lies before the window stays as it was (1.2)."""
    for record in records:
        key = key_of(record)
        before = history.states.get(key)
        if before is None:
            continue
        was = history.events.get(before.event_id)
        if was is not None and was.account_id in mediation.accounts:
            account = mediation.accounts[was.account_id]
            start = mediation.account_window(account, mediation.bill_date)
            is_before = was.start_date < start
        else:
            start = mediation.window(
                record.subscriber_kind, record.subscriber, record.started_at, mediation.bill_date
            )
            day = calendar.local_date(record.started_at, mediation.operator.zone)
            is_before = day < start
        if is_before:
            now = states.get(key)
            if now is not None and now.event_id and now.event_id != before.event_id:
                events.pop(now.event_id, None)
            states[key] = before
            if was is not None:
                events[was.event_id] = was
            elif before.event_id:
                events.pop(before.event_id, None)


def run(
    history: History, folder: Folder, bill_date: date, *, loaded_at: datetime | None = None
) -> RunResult:
    """One bill run: load, mediate, rate, charge, draft. Nothing is issued (7.1).

    `loaded_at`: the instant at which files new to this run were loaded; by default the first
    moment of the bill date.
    """
    zone = folder.operator.zone
    load(history, folder, bill_date, loaded_at or calendar.midnight(bill_date, zone))
    classifier = Classifier(folder)
    mediation = Mediation(folder, classifier, bill_date)
    records = [record for file in history.contents.values() for record in file.records]
    states, events = mediation.mediate(records, history.files)
    for file in history.contents.values():
        for line in file.rejected:
            states[file.file_id, line] = State(REJECTED)
    keep_what_was(history, mediation, states, events, records)

    by_account: dict[str, list[Event]] = defaultdict(list)
    for event in events.values():
        by_account[event.account_id].append(event)
    result = RunResult(
        bill_date=bill_date,
        states=states,
        records={key_of(record): record for record in records},
        events=events,
        parts={},
        balances=[],
        charges={},
        drafts={},
    )
    for account in sorted(folder.accounts, key=lambda account: account.account_id):
        bill_account(history, folder, mediation, account, by_account[account.account_id], result)
    history.states, history.events = dict(states), dict(events)
    history.parts = dict(result.parts)
    return result


def bill_account(
    history: History,
    folder: Folder,
    mediation: Mediation,
    account: Account,
    events: list[Event],
    result: RunResult,
) -> None:
    """Rate one account; charge and draft it if the bill date is its cycle day (1.2)."""
    bill_date = result.bill_date
    start = mediation.account_window(account, bill_date)
    rolled = history.rolled[account.account_id]
    rating = rate_account(
        folder,
        mediation,
        account,
        [event for event in events if event.start_date >= start],
        window_start=start,
        carried=rolled.get(start, ()),
        until=bill_date,
    )
    rolled.update(rating.rolled)
    result.parts.update(rating.parts)
    for event in events:
        if event.start_date < start and event.event_id in history.parts:
            result.parts[event.event_id] = history.parts[event.event_id]
    if bill_date.day != account.cycle_day:
        return
    result.balances.extend(rating.balances)
    charging = Charging(folder, mediation, account, bill_date)
    owed = charging.owed(
        (
            (event.start_date, part)
            for event in events
            if event.start_date >= start
            for part in rating.parts[event.event_id]
        ),
        drafts.unpaid_past_due(history.ledger, folder, account, bill_date),
    )
    result.charges.update(owed)
    result.drafts[account.account_id] = drafts.draft(
        folder, account, bill_date, start, owed, history.ledger
    )


def issue(
    history: History, folder: Folder, result: RunResult, *, held: Collection[str] = ()
) -> list[drafts.Document]:
    """Issue the drafts of a run that are ready and not held as suspect (7.1, 7.2)."""
    return drafts.issue(history.ledger, folder, result.drafts.values(), held=held)


def rerate(
    states: Sequence[tuple[date, Path]],
    *,
    issued: bool = True,
    loading_delay: timedelta = timedelta(0),
) -> list[RunResult]:
    """One run per bill date, each with the folder in its state at that time, each issued."""
    history = History()
    results = []
    for bill_date, path in states:
        folder = read_folder(path)
        loaded_at = calendar.midnight(bill_date, folder.operator.zone) + loading_delay
        result = run(history, folder, bill_date, loaded_at=loaded_at)
        if issued:
            issue(history, folder, result)
        results.append(result)
    return results
