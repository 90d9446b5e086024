"""What FreeSWITCH's channel variables mean, in whatever file they come."""

from __future__ import annotations

from collections.abc import Callable

from ingestion.feeds._times import instant_of_epoch

Variable = Callable[[str], str | None]
# By which name a leg's variable is an epoch, and how many of its units are a second.
EPOCHS = (("_uepoch", 1_000_000), ("_epoch", 1))


class UnreadableLegError(Exception):
    """A leg's variables can not be read. The message begins with the variable's name."""


def instant(variable: Variable, name: str) -> str | None:
    """The instant of `<name>_uepoch` or `<name>_epoch`; None if it never came (0)."""
    for suffix, per_second in EPOCHS:
        value = variable(name + suffix)
        if value is None:
            continue
        try:
            moment = instant_of_epoch(value, per_second)
        except ValueError:
            raise UnreadableLegError(f"{name}{suffix}: not an epoch: {value[:100]}") from None
        return None if int(value) < per_second else moment
    return None


def seconds(variable: Variable) -> str | None:
    """`billmsec` to the millisecond, else `billsec`."""
    milliseconds = variable("billmsec")
    if milliseconds is None:
        return variable("billsec")
    if not milliseconds.isdigit() or not milliseconds.isascii() or len(milliseconds) > 18:
        raise UnreadableLegError(f"billmsec: not a whole number: {milliseconds[:100]}")
    return f"{int(milliseconds) // 1000}.{int(milliseconds) % 1000:03d}"


def disposition(variable: Variable, *, outbound: bool, answered: bool) -> str:
    """answered, or why the leg is not billed."""
    if outbound:
        return "outbound_leg"
    if answered:
        return "answered"
    return (variable("hangup_cause") or "unanswered").lower()
