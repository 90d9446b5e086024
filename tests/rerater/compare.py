"""A run of the re-rater against the warehouse of the pipeline, table by table.

The columns are those of the public tables. Differences come in the order of the pipeline, so the
first one is the one to look at. Usage that starts after the bill date is left out: it is owed
later, and what stands of it now is nobody's figure.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from . import calendar
from .mediation import RecordKey
from .pipeline import Pipeline
from .price import Part
from .reader import Account, Folder
from .runs import RunResult

Key = tuple[Any, ...]
Rows = dict[Key, tuple[Any, ...]]


@dataclass(frozen=True)
class Difference:
    table: str
    key: Key
    rerater: tuple[Any, ...] | None
    pipeline: tuple[Any, ...] | None

    def __str__(self) -> str:
        return f"{self.table} {self.key}: re-rater {self.rerater}, pipeline {self.pipeline}"


def plain(value: Any) -> Any:
    """A value in the one form in which both sides are compared."""
    if isinstance(value, Decimal | Fraction):
        exact = Fraction(value)
        return str(exact.numerator) if exact.denominator == 1 else str(Decimal(str(float(exact))))
    if isinstance(value, bool) or value is None:
        return value if value is not None else ""
    if isinstance(value, int):
        return str(value)
    if isinstance(value, datetime):
        moment = value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
        return moment.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return value


def exact(value: Any) -> str:
    """Money and quantities: compared as fractions, written as such."""
    return str(Fraction(value if value is not None else 0))


def busy(rows: list[tuple[str, ...]]) -> tuple[tuple[str, ...], ...]:
    """Balances in order, without those in which nothing is or was."""
    return tuple(sorted(row for row in rows if set(row) != {"0"}))


class Comparison:
    """One run of both sides."""

    def __init__(self, folder: Folder, result: RunResult, pipeline: Pipeline) -> None:
        self.folder = folder
        self.result = result
        self.pipeline = pipeline
        self.named_rates = {rate.rate_id for rate in folder.rates if rate.rate_id}
        self.compared: list[str] = []
        """Rated events that both sides were asked about."""
        self.accounts: dict[str, Account] = {
            row.account_id: row for row in folder.accounts if row.cycle_day == result.bill_date.day
        }
        self.found: list[Difference] = []

    def window_start(self, account_id: str) -> date:
        operator = self.folder.operator
        return calendar.window_start(
            self.result.bill_date,
            self.accounts[account_id].cycle_day,
            lookback_periods=operator.lookback_periods,
            first_period=operator.first_period,
        )

    def differ(self, table: str, ours: Mapping[Key, Any], theirs: Mapping[Key, Any]) -> None:
        """Note every key on which the two sides are not equal."""
        for key in sorted(set(ours) | set(theirs), key=str):
            if ours.get(key) != theirs.get(key):
                self.found.append(Difference(table, key, ours.get(key), theirs.get(key)))

    def rows(self, query: str) -> list[dict[str, Any]]:
        return self.pipeline.rows(query)

    def compare(self) -> list[Difference]:
        """All differences, in the order of the pipeline."""
        self.compare_usage()
        self.owed_charges()
        self.draft_invoice_lines()
        self.draft_invoice_taxes()
        self.draft_invoices()
        return self.found

    def compare_usage(self) -> list[Difference]:
        """Differences up to rated usage and balances: mediation and rating alone."""
        self.usage_states()
        self.suspended_usage()
        self.usage_events()
        self.rated_usage()
        self.usage_totals()
        self.allowance_balances()
        return self.found

    def usage_states(self) -> None:
        """Per file, how many records ended in which state (2.1).

        Records before the window may bear an old state: their files are held to the sum alone.
        """
        old = {key[0] for key in self.result.records if self.lies_before_the_window(key)}

        def name(file_id: str, state: str) -> Key:
            return file_id, "any" if file_id in old else state

        ours = Counter(name(key[0], state.state) for key, state in self.result.states.items())
        theirs: Counter[Key] = Counter()
        for row in self.rows("select file_id, state, records from assurance.usage_accounting"):
            theirs[name(row["file_id"], row["state"])] += int(row["records"])
        self.differ(
            "assurance.usage_accounting",
            {key: (number,) for key, number in ours.items()},
            {key: (number,) for key, number in theirs.items()},
        )

    def suspended_usage(self) -> None:
        ours = {
            key: (state.reason,)
            for key, state in self.result.states.items()
            if state.state == "suspended"
        }
        query = "select file_id, line_number, reason from mediation.suspended_usage"
        theirs = {(r["file_id"], r["line_number"]): (r["reason"],) for r in self.rows(query)}
        self.differ(
            "mediation.suspended_usage",
            {key: row for key, row in ours.items() if not self.lies_before_the_window(key)},
            {key: row for key, row in theirs.items() if not self.lies_before_the_window(key)},
        )

    def lies_before_the_window(self, key: RecordKey) -> bool:
        """There a record may bear its old reason or `too_old`: it is never rated any more."""
        operator = self.folder.operator
        started = calendar.local_date(self.result.records[key].started_at, operator.zone)
        start = calendar.window_start(
            self.result.bill_date,
            self.result.bill_date.day,
            lookback_periods=operator.lookback_periods,
            first_period=operator.first_period,
        )
        return started < start

    def usage_events(self) -> None:
        ours = {}
        for event in self.result.events.values():
            ours[(event.event_id,)] = (
                event.account_id,
                event.subscription_id,
                event.zone,
                event.visited_zone,
                plain(event.started_at),
                plain(event.quantity),
            )
        columns = "account_id, subscription_id, zone, visited_zone, started_at, quantity"
        query = f"select usage_event_id, {columns} from mediation.usage_events"
        theirs = {
            (row["usage_event_id"],): tuple(plain(row[c]) for c in columns.split(", "))
            for row in self.rows(query)
        }
        self.differ("mediation.usage_events", ours, theirs)

    def is_compared(self, event_id: str) -> bool:
        event = self.result.events.get(event_id)
        return (
            event is not None
            and event.account_id in self.accounts
            and event.start_date < self.result.bill_date
        )

    def rated_usage(self) -> None:
        """Per event, what it costs, then every part of it in order."""
        ours = {
            (event_id,): self.parts_of(parts)
            for event_id, parts in self.result.parts.items()
            if self.is_compared(event_id)
        }
        self.compared = [event_id for (event_id,) in ours]
        found: dict[str, list[dict[str, Any]]] = defaultdict(list)
        query = (
            "select parts.*, grants.allowance_id, grants.subscribed_product_id, "
            "grants.bill_date as granted_at "
            "from rating.rated_usage as parts left join rating.allowance_grants as grants "
            "on parts.allowance_grant_id = grants.allowance_grant_id "
            "order by parts.usage_event_id nulls last, parts.part_number nulls last"
        )
        for row in self.rows(query):
            if self.is_compared(row["usage_event_id"]):
                found[row["usage_event_id"]].append(row)
        theirs = {(event_id,): self.rows_of(rows) for event_id, rows in found.items()}
        self.differ("rating.rated_usage", ours, theirs)
        self.differ(
            "rating.rated_usage, whose it is",
            {
                (event_id,): (event.account_id, event.subscription_id, event.service, event.zone)
                for (event_id,) in ours
                if (event := self.result.events.get(event_id)) is not None
            },
            {
                (event_id,): (
                    row["account_id"],
                    row["subscription_id"],
                    row["service"],
                    row["zone"] or "",
                )
                for event_id, rows in found.items()
                if event_id in self.result.events
                for row in rows
            },
        )

    def usage_totals(self) -> None:
        """What the parts add up to, for all that bills and their checks read (6.1)."""
        ours: dict[Key, list[Fraction]] = {}
        for event_id, parts in self.result.parts.items():
            event = self.result.events.get(event_id)
            if event is None or not self.is_compared(event_id):
                continue
            period = calendar.period_of(event.start_date, self.accounts[event.account_id].cycle_day)
            if period.end <= self.window_start(event.account_id):
                continue
            for part in parts:
                key = (event.account_id, event.subscription_id, str(period.end), event.service)
                key += (part.charge_name, part.tax_category)
                total = ours.setdefault(key, [Fraction(0)] * 5)
                is_drawn = bool(part.allowance_grant_id)
                figures = (
                    part is parts[0],
                    part.quantity,
                    part.quantity if is_drawn else 0,
                    0 if is_drawn else part.billed_quantity,
                    part.amount,
                )
                for place, figure in enumerate(figures):
                    total[place] += Fraction(figure)
        columns = "events, quantity, included_quantity, billed_quantity, amount"
        query = (
            "select account_id, subscription_id, bill_date, service, charge_name, tax_category, "
            f"{columns} from rating.int_usage_totals"
        )
        theirs: Rows = {}
        for row in self.rows(query):
            account_id = row["account_id"]
            if account_id not in self.accounts:
                continue
            if not self.window_start(account_id) < row["bill_date"] <= self.result.bill_date:
                continue
            key = (account_id, row["subscription_id"], str(row["bill_date"]), row["service"])
            key += (row["charge_name"], row["tax_category"] or "")
            theirs[key] = tuple(exact(row[name]) for name in columns.split(", "))
        self.differ(
            "rating.int_usage_totals",
            {key: tuple(map(exact, total)) for key, total in ours.items()},
            theirs,
        )

    def grant_name(self, part: Part) -> Key:
        """A grant by what it is of; its id is a name of the pipeline's own."""
        subscribed_product_id, allowance_id, start = part.allowance_grant_id.split("/")
        cycle_day = self.accounts[part.account_id].cycle_day
        period = calendar.period_of(date.fromisoformat(start), cycle_day)
        return subscribed_product_id, allowance_id, str(period.end)

    def parts_of(self, parts: list[Part]) -> tuple[Any, ...]:
        rows: list[Key] = []
        for part in parts:
            amounts = tuple(map(exact, (part.quantity, part.fees, part.amount)))
            if part.allowance_grant_id:
                what = ("grant", *self.grant_name(part), exact(part.drawn))
            else:
                rate = (self.rate_name(part.rate_id), part.tier_from)
                price = (exact(part.price), exact(part.per))
                what = self.priced(part.billed_quantity, part.band, *rate, *price)
                what += (part.tax_category,)
            rows.append((*what, part.charge_name, *amounts))
        return (exact(sum((part.amount for part in parts), Fraction(0))), *rows)

    def rows_of(self, found: list[dict[str, Any]]) -> tuple[Any, ...]:
        rows: list[Key] = []
        for row in found:
            amounts = tuple(exact(row[name]) for name in ("quantity", "fees", "amount"))
            if row["allowance_grant_id"]:
                grant = (row["subscribed_product_id"], row["allowance_id"], str(row["granted_at"]))
                what = ("grant", *grant, exact(row["billed_quantity"]))
            else:
                rate = (self.rate_name(row["rate_id"]), row["tier_from"])
                price = (exact(row["price"]), exact(row["per"]))
                what = self.priced(row["billed_quantity"], row["band"], *rate, *price)
                what += (row["tax_category"] or "",)
            rows.append((*what, row["charge_name"], *amounts))
        return (exact(sum((Fraction(row["amount"]) for row in found), Fraction(0))), *rows)

    def priced(self, units: int, band: str, *price: object) -> Key:
        """A part's band, units and price; a part without units lies in no tier and has no price."""
        return ("rate", band, exact(units), *(price if units else ()))

    def rate_name(self, rate_id: str) -> str:
        """A rate row by its id; where the folder gives none, either side makes up its own."""
        return rate_id if rate_id in self.named_rates else ""

    def allowance_balances(self) -> None:
        """Per allowance, holder and period: the grants' figures, sorted (their ids are names)."""
        ours: dict[Key, list[Any]] = defaultdict(list)
        for row in self.result.balances:
            if row.period.end > self.window_start(row.account_id) and not row.is_unlimited:
                key = (row.account_id, row.subscription_id, row.allowance_id, str(row.period.end))
                ours[key].append(
                    tuple(
                        exact(value)
                        for value in (
                            row.granted,
                            row.carried_in,
                            row.used,
                            row.expired,
                            row.carried_out,
                        )
                    )
                )
        unlimited = {row.allowance_id for row in self.folder.allowances if row.quantity is None}
        theirs: dict[Key, list[Any]] = defaultdict(list)
        query = (
            "select account_id, subscription_id, allowance_id, bill_date, granted, carried_in, "
            "used, expired, carried_out from rating.allowance_balances"
        )
        for row in self.rows(query):
            account_id = row["account_id"]
            if account_id not in self.accounts or row["allowance_id"] in unlimited:
                continue
            if not self.window_start(account_id) < row["bill_date"] <= self.result.bill_date:
                continue
            key = (
                account_id,
                row["subscription_id"] or "",
                row["allowance_id"],
                str(row["bill_date"]),
            )
            names = ("granted", "carried_in", "used", "expired", "carried_out")
            theirs[key].append(tuple(exact(row[name]) for name in names))
        self.differ("rating.allowance_balances", {}, self.repeated_balances())
        self.differ(
            "rating.allowance_balances",
            {key: busy(rows) for key, rows in ours.items() if busy(rows)},
            {key: busy(rows) for key, rows in theirs.items() if busy(rows)},
        )

    def repeated_balances(self) -> Rows:
        """Grants with two balances in one period; also before the window, on which it opens."""
        query = (
            "select allowance_grant_id, bill_date, count(*) as number "
            "from rating.allowance_balances group by allowance_grant_id, bill_date "
            "having count(*) > 1"
        )
        return {
            (row["allowance_grant_id"], str(row["bill_date"])): (row["number"],)
            for row in self.rows(query)
        }

    def owed_charges(self) -> None:
        """Charges of 0 are compared too, but one side may leave them out."""
        ours = {
            (
                key.account_id,
                key.subscription_id,
                key.charge_kind,
                key.charge_id,
                str(key.period_start),
                str(key.period_end),
                key.tax_category,
            ): (exact(charge.amount), exact(charge.rounding))
            for key, charge in self.result.charges.items()
            if charge.amount != 0
        }
        query = (
            "select account_id, subscription_id, charge_kind, charge_id, period_start, "
            "period_end, tax_category, amount_net, rounding from charging.owed_charges"
        )
        theirs = {}
        for row in self.rows(query):
            account_id = row["account_id"]
            if account_id not in self.accounts or row["amount_net"] == 0:
                continue
            if row["period_end"] <= self.window_start(account_id):
                continue
            key = (
                account_id,
                row["subscription_id"] or "",
                row["charge_kind"],
                row["charge_id"],
                str(row["period_start"]),
                str(row["period_end"]),
                row["tax_category"] or "",
            )
            theirs[key] = (exact(row["amount_net"]), exact(row["rounding"]))
        self.differ("charging.owed_charges", ours, theirs)

    def of_this_run(self, table: str, columns: str) -> list[dict[str, Any]]:
        return [
            row
            for row in self.rows(f"select {columns} from invoicing.{table}")
            if row["bill_date"] == self.result.bill_date and row["account_id"] in self.accounts
        ]

    def draft_invoice_lines(self) -> None:
        ours = {
            (
                line.key.account_id,
                line.key.subscription_id,
                line.key.charge_kind,
                line.key.charge_id,
                str(line.key.period_start),
                line.key.tax_category,
            ): (exact(line.amount_net), line.is_correction)
            for draft in self.result.drafts.values()
            for line in draft.lines
        }
        columns = (
            "account_id, bill_date, subscription_id, charge_kind, charge_id, period_start, "
            "tax_category, amount_net, is_correction"
        )
        theirs: dict[Key, tuple[Any, ...]] = {}
        for row in self.of_this_run("draft_invoice_lines", columns):
            key = (
                row["account_id"],
                row["subscription_id"] or "",
                row["charge_kind"],
                row["charge_id"],
                str(row["period_start"]),
                row["tax_category"] or "",
            )
            before = Fraction(theirs[key][0]) if key in theirs else Fraction(0)
            theirs[key] = (exact(before + Fraction(row["amount_net"])), row["is_correction"])
        self.differ("invoicing.draft_invoice_lines", ours, theirs)

    def draft_invoice_taxes(self) -> None:
        """Lines of no tax (outside tax, exempt) are left out."""
        ours = {
            (draft.account_id, line.tax_category, line.tax_id, exact(line.rate_percent)): (
                exact(line.taxable_amount),
                exact(line.amount_tax),
            )
            for draft in self.result.drafts.values()
            for line in draft.taxes
        }
        columns = (
            "account_id, bill_date, tax_category, tax_id, rate_percent, taxable_amount, amount_tax"
        )
        theirs = {
            (
                row["account_id"],
                row["tax_category"] or "",
                row["tax_id"],
                exact(row["rate_percent"]),
            ): (exact(row["taxable_amount"]), exact(row["amount_tax"]))
            for row in self.of_this_run("draft_invoice_taxes", columns)
            if row["tax_id"] and row["tax_id"] != "exempt"
        }
        self.differ("invoicing.draft_invoice_taxes", ours, theirs)

    def draft_invoices(self) -> None:
        names = ("amount_net", "amount_tax", "amount_total", "balance_forward", "amount_due")
        suspects = self.pipeline.suspects(self.result.bill_date)
        ours = {
            (draft.account_id,): (
                "held" if draft.account_id in suspects else draft.status,
                *(exact(getattr(draft, name)) for name in names),
            )
            for draft in self.result.drafts.values()
        }
        columns = f"account_id, bill_date, status, {', '.join(names)}"
        theirs = {
            (row["account_id"],): (row["status"], *(exact(row[name]) for name in names))
            for row in self.of_this_run("draft_invoices", columns)
        }
        self.differ("invoicing.draft_invoices", ours, theirs)
