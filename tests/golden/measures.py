"""What a case expects, and how it is read: from the re-rater, or from a warehouse.

A measure is a name and a key; both sides answer it with a number (or text), so a case knows
nothing of either.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any, Protocol

from tests.rerater.mediation import key_of
from tests.rerater.pipeline import Pipeline
from tests.rerater.price import Part
from tests.rerater.runs import RunResult

Segments = tuple[tuple[str, int, int | None], ...]
"""Rate row (empty = not said), first unit, last unit (none = not said)."""
Value = Fraction | str | Segments


@dataclass(frozen=True)
class Expected:
    """One expectation of a case: `measure` of `key` in the run number `state` is `value`."""

    case_id: str
    field: str
    """Where it stands in the case: `usage.c1.amount`."""
    state: int
    measure: str
    key: tuple[str | date | None, ...]
    value: Value
    tolerance: Fraction = Fraction(0)

    def agrees(self, found: Value | None) -> bool:
        if isinstance(self.value, Fraction) and isinstance(found, Fraction):
            return abs(self.value - found) <= self.tolerance
        if isinstance(self.value, tuple) and isinstance(found, tuple):
            return len(self.value) == len(found) and all(
                wanted[0] in ("", got[0])
                and wanted[1] == got[1]
                and (wanted[2] is None or wanted[2] == got[2])
                for wanted, got in zip(self.value, found, strict=True)
            )
        return self.value == found


class Results(Protocol):
    """What one bill run came to. Every measure of `Expected` is a method.

    Keys: `event_*` a number of event ids; `allowance_left` account, allowance and the
    bill date of the period;
    `lines` account, subscription, charge kind, charge id, period start (none = any);
    `draft` account and column; `taxes` account, tax id (none = any) and column.
    """

    def event_amount(self, *event_ids: str) -> Fraction: ...

    def event_fees(self, event_id: str) -> Fraction: ...

    def event_billed(self, event_id: str) -> Fraction: ...

    def event_covered(self, *event_ids: str) -> Fraction: ...

    def event_tail(self, *event_ids: str) -> Fraction: ...

    def event_state(self, event_id: str) -> str: ...

    def event_segments(self, event_id: str) -> Segments: ...

    def allowance_left(self, account_id: str, allowance_id: str, bill_date: date) -> Fraction: ...

    def lines(
        self,
        account_id: str,
        subscription_id: str | None,
        charge_kind: str | None,
        charge_id: str | None,
        period_start: date | None,
    ) -> Fraction: ...

    def draft(self, account_id: str, column: str) -> Fraction: ...

    def taxes(self, account_id: str, tax_id: str | None, column: str) -> Fraction: ...


def measure(results: Results, expected: Expected) -> Value | None:
    """The value that `results` has for an expectation; none if it has nothing of the kind."""
    try:
        return getattr(results, expected.measure)(*expected.key)
    except KeyError:
        return None


def segments_of(parts: list[tuple[str, int]]) -> Segments:
    """Rate rows with the billed units from and to which they priced; nothing of none."""
    found: list[tuple[str, int, int]] = []
    at = 0
    for rate_id, units in parts:
        if units == 0:
            continue
        if found and found[-1][0] == rate_id:
            found[-1] = (rate_id, found[-1][1], at + units)
        else:
            found.append((rate_id, at, at + units))
        at += units
    return tuple(found)


class RerateResults:
    """The measures of one run of the re-rater."""

    def __init__(self, result: RunResult) -> None:
        self.result = result

    def parts(self, event_ids: tuple[str, ...]) -> list[Part]:
        return [part for event_id in event_ids for part in self.result.parts[event_id]]

    def event_amount(self, *event_ids: str) -> Fraction:
        return sum((part.amount for part in self.parts(event_ids)), Fraction(0))

    def event_fees(self, event_id: str) -> Fraction:
        return sum((part.fees for part in self.parts((event_id,))), Fraction(0))

    def event_billed(self, event_id: str) -> Fraction:
        return Fraction(sum(part.billed_quantity for part in self.parts((event_id,))))

    def event_covered(self, *event_ids: str) -> Fraction:
        parts = self.parts(event_ids)
        return Fraction(sum(part.quantity for part in parts if part.allowance_grant_id))

    def event_tail(self, *event_ids: str) -> Fraction:
        parts = self.parts(event_ids)
        return Fraction(sum(part.quantity for part in parts if not part.allowance_grant_id))

    def event_state(self, event_id: str) -> str:
        feed, record_id = event_id.split(":", 1)
        for record in self.result.records.values():
            if (record.feed, record.record_id) == (feed, record_id):
                return self.result.states[key_of(record)].state
        raise KeyError(event_id)

    def event_segments(self, event_id: str) -> Segments:
        return segments_of(
            [
                (part.rate_id, part.billed_quantity)
                for part in self.parts((event_id,))
                if not part.allowance_grant_id
            ]
        )

    def allowance_left(self, account_id: str, allowance_id: str, bill_date: date) -> Fraction:
        rows = [
            row
            for row in self.result.balances
            if (row.account_id, row.allowance_id, row.period.end)
            == (account_id, allowance_id, bill_date)
        ]
        return Fraction(sum(row.granted + row.carried_in - row.used for row in rows))

    def lines(
        self,
        account_id: str,
        subscription_id: str | None,
        charge_kind: str | None,
        charge_id: str | None,
        period_start: date | None,
    ) -> Fraction:
        wanted = (subscription_id, charge_kind, charge_id, period_start)
        total = Fraction(0)
        for line in self.result.drafts[account_id].lines:
            key = line.key
            found = (key.subscription_id, key.charge_kind, key.charge_id, key.period_start)
            if all(w is None or w == f for w, f in zip(wanted, found, strict=True)):
                total += line.amount_net
        return total

    def draft(self, account_id: str, column: str) -> Fraction:
        return getattr(self.result.drafts[account_id], column)

    def taxes(self, account_id: str, tax_id: str | None, column: str) -> Fraction:
        return sum(
            (
                getattr(row, column)
                for row in self.result.drafts[account_id].taxes
                if tax_id is None or row.tax_id == tax_id
            ),
            Fraction(0),
        )


class WarehouseResults:
    """The measures of the run whose drafts stand in a warehouse, read once.

    Without drafts only usage and balances are read: nothing beyond rating need be built.
    """

    def __init__(self, pipeline: Pipeline, bill_date: date, *, has_drafts: bool = True) -> None:
        self.parts: dict[str, list[dict[str, Any]]] = defaultdict(list)
        query = (
            "select usage_event_id, rate_id, quantity, allowance_grant_id, billed_quantity, fees, "
            "amount from rating.rated_usage "
            "order by usage_event_id nulls last, part_number nulls last"
        )
        for row in pipeline.rows(query):
            self.parts[row["usage_event_id"]].append(row)
        self.suspended = {
            f"{row['feed']}:{row['record_id']}"
            for row in pipeline.rows("select feed, record_id from mediation.suspended_usage")
        }
        self.balances = pipeline.rows("select * from rating.allowance_balances")

        def of_this_run(table: str) -> list[dict[str, Any]]:
            if not has_drafts:
                return []
            rows = pipeline.rows(f"select * from invoicing.{table}")
            return [row for row in rows if row["bill_date"] == bill_date]

        self.draft_lines = of_this_run("draft_invoice_lines")
        self.draft_taxes = of_this_run("draft_invoice_taxes")
        self.drafts = {row["account_id"]: row for row in of_this_run("draft_invoices")}

    def sum_of_parts(self, event_ids: tuple[str, ...], column: str) -> Fraction:
        found = [part for event_id in event_ids for part in self.parts.get(event_id, ())]
        if not all(event_id in self.parts for event_id in event_ids):
            raise KeyError(event_ids)
        return sum((Fraction(part[column]) for part in found), Fraction(0))

    def event_amount(self, *event_ids: str) -> Fraction:
        return self.sum_of_parts(event_ids, "amount")

    def event_fees(self, event_id: str) -> Fraction:
        return self.sum_of_parts((event_id,), "fees")

    def tail(self, event_id: str) -> list[dict[str, Any]]:
        if event_id not in self.parts:
            raise KeyError(event_id)
        return [part for part in self.parts[event_id] if not part["allowance_grant_id"]]

    def event_billed(self, event_id: str) -> Fraction:
        return Fraction(sum(int(part["billed_quantity"]) for part in self.tail(event_id)))

    def event_tail(self, *event_ids: str) -> Fraction:
        tails = [part for event_id in event_ids for part in self.tail(event_id)]
        return Fraction(sum(int(part["quantity"]) for part in tails))

    def event_covered(self, *event_ids: str) -> Fraction:
        return self.sum_of_parts(event_ids, "quantity") - self.event_tail(*event_ids)

    def event_state(self, event_id: str) -> str:
        if event_id in self.suspended:
            return "suspended"
        if event_id in self.parts:
            return "rated"
        raise KeyError(event_id)

    def event_segments(self, event_id: str) -> Segments:
        tail = self.tail(event_id)
        return segments_of([(part["rate_id"], int(part["billed_quantity"])) for part in tail])

    def allowance_left(self, account_id: str, allowance_id: str, bill_date: date) -> Fraction:
        return sum(
            (
                Fraction(row["granted"]) + Fraction(row["carried_in"]) - Fraction(row["used"])
                for row in self.balances
                if (row["account_id"], row["allowance_id"], row["bill_date"])
                == (account_id, allowance_id, bill_date)
            ),
            Fraction(0),
        )

    def lines(
        self,
        account_id: str,
        subscription_id: str | None,
        charge_kind: str | None,
        charge_id: str | None,
        period_start: date | None,
    ) -> Fraction:
        wanted = {
            "account_id": account_id,
            "subscription_id": subscription_id,
            "charge_kind": charge_kind,
            "charge_id": charge_id,
            "period_start": period_start,
        }
        return sum(
            (
                Fraction(row["amount_net"])
                for row in self.draft_lines
                if all(value is None or row[name] == value for name, value in wanted.items())
            ),
            Fraction(0),
        )

    def draft(self, account_id: str, column: str) -> Fraction:
        return Fraction(self.drafts[account_id][column])

    def taxes(self, account_id: str, tax_id: str | None, column: str) -> Fraction:
        return sum(
            (
                Fraction(row[column])
                for row in self.draft_taxes
                if row["account_id"] == account_id and tax_id in (None, row["tax_id"])
            ),
            Fraction(0),
        )
