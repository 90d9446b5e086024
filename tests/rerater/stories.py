"""A difference told as a story: the records, who held what, and what each side made of it."""

from typing import Any

from .classify import Classifier, Event
from .compare import Difference
from .reader import Folder
from .runs import RunResult


def story(difference: Difference, folder: Folder, result: RunResult) -> str:
    """The difference in lines that a person can follow; plain if it is not about one event."""
    lines = [f"{difference.table}, {' / '.join(map(str, difference.key))}"]
    event = result.events.get(str(difference.key[0]))
    if event is not None:
        lines += [f"  {line}" for line in about(event, folder, result)]
    lines += side("re-rater", difference.rerater)
    lines += side("pipeline", difference.pipeline)
    return "\n".join(lines)


def side(name: str, values: tuple[Any, ...] | None) -> list[str]:
    """What one side says, a part per line."""
    if values is None:
        return [f"  {name}: nothing"]
    parts = [value for value in values if isinstance(value, tuple)]
    plain = [str(value) for value in values if not isinstance(value, tuple)]
    return [
        f"  {name}: {', '.join(plain)}",
        *(f"    {number}. {' '.join(map(str, part))}" for number, part in enumerate(parts, 1)),
    ]


def about(event: Event, folder: Folder, result: RunResult) -> list[str]:
    """The event, its records, the products held and the stretches of its price."""
    zone = f"to {event.zone}" if event.zone else "no zone"
    lines = [
        f"{event.service} {event.direction}, {event.quantity} units, {zone}, "
        f"visiting {event.visited_zone}, from {event.local_started_at.isoformat()}",
        f"subscription {event.subscription_id}, cards "
        + ", ".join(card.rate_card_id for card in event.cards),
    ]
    for key, state in result.states.items():
        if state.event_id == event.event_id and key in result.records:
            record = result.records[key]
            lines.append(f"record {record.feed}:{record.record_id} ({key[0][:8]} line {key[1]})")
    for held in folder.subscribed_products:
        if held.account_id == event.account_id:
            lines.append(
                f"holds {held.product_id} as {held.subscribed_product_id} for "
                f"{held.subscription_id or 'the account'}, {held.valid_from} to {held.valid_to}"
            )
    for segment in Classifier(folder).segments(event) or ():
        rows = ", ".join(
            f"{row.rate_id or 'unnamed'} at {row.price} per {row.per}"
            for row in segment.pricing.tiers
        )
        lines.append(f"units {segment.start} to {segment.end}, band {segment.band}: {rows}")
    return lines
