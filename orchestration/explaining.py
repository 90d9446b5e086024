"""Where an amount comes from: document, line, charge, event, part, rate row, file and line (9.1).

Nothing is computed again here: each step is a select with a where on a public view or table, and
each row was written by the model that made the amount. docs/explain.md shows the same views to
those who ask with SQL.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import duckdb
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from orchestration import explained_text as text
from orchestration.summaries import Row, rows
from orchestration.warehouse import has_table

Fact = tuple[str, str]  # what it is, and what it says

LABEL_WIDTH_MAX = 20
# Of a call that parts make up these never bear the call (2.3).
NOT_CARRYING = ("merged", "duplicate")
OWN_FAULTS = ("conflicting_duplicate", "negative_quantity", "excessive_quantity")
SENTINELS = ("0001-01-01", "0001-01-01T00:00:00", "9999-12-31", "9999-12-31T00:00:00")


class AmbiguousIdentifier(Exception):
    """Several records answer to the identifier; `choices` names each so that it is one."""

    def __init__(self, choices: list[str]) -> None:
        super().__init__(", ".join(choices))
        self.choices = choices


@dataclass(frozen=True)
class Explanation:
    """One step of the chain: what it is, its row, and the steps that it comes from.

    `facts` put the row in words for people; programs read the row.
    """

    kind: str
    title: str
    row: Row
    facts: list[Fact] = field(default_factory=list)
    steps: list[Explanation] = field(default_factory=list)
    left_out: int = 0  # further steps, not read

    def as_json(self) -> Row:
        """As nested mappings. Since-ever and open ends are null."""
        result: Row = {"kind": self.kind}
        result |= {k: None if v in SENTINELS else v for k, v in self.row.items()}
        if self.steps:
            result["steps"] = [step.as_json() for step in self.steps]
        if self.left_out:
            result["left_out"] = self.left_out
        return result

    def as_tree(self) -> Tree:
        """As a tree for the terminal."""
        tree = Tree(Text(printable(self.title), style="bold"), guide_style="dim")
        self._grow(tree)
        return tree

    def _grow(self, tree: Tree) -> None:
        width = min(max((len(name) for name, _ in self.facts), default=0), LABEL_WIDTH_MAX)
        for name, said in self.facts:
            tree.add(_labelled(name, said, width))
        for step in self.steps:
            step._grow(tree.add(Text(printable(step.title))))
        if self.left_out:
            tree.add(Text(f"… {self.left_out:,} more (--limit)", style="dim"))


def _labelled(name: str, said: str, width: int) -> RenderableType:
    """A name and what it says in two columns, so that what does not fit goes on below itself."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(width=width, style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row(Text(name), Text(printable(said)))
    return grid


def printable(said: str) -> str:
    """Without control characters: what a file says must not steer the terminal."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in said)


@dataclass(frozen=True)
class Explainer:
    """Reads the chain. `limit`: how many usage events are shown under one charge."""

    con: duckdb.DuckDBPyConnection
    limit: int

    def explain(self, identifier: str) -> Explanation | None:
        """The chain behind whatever the identifier names; None if it names nothing.

        Asked in this order: document number, `<document number>:<line>`, charge key,
        `<feed>:<record_id>`, record_id, `<usage file>:<line>`. Raises AmbiguousIdentifier.
        """
        return (
            self._document(identifier)
            or self._line_by_number(identifier)
            or self._charge(identifier)
            or self._record(identifier)
        )

    def _select(self, table: str, columns: str, where: str, *values: Any) -> list[Row]:
        """Rows of one public table or view; none where it does not stand yet.

        `values` are those of the question marks in `columns`, then in `where`.
        """
        schema, _, name = table.partition(".")
        if not has_table(self.con, schema, name):
            return []
        return rows(self.con, f"select {columns} from {table} where {where}", list(values))

    # --- documents -------------------------------------------------------------------------------

    def _document(self, number: str) -> Explanation | None:
        found = self._select("invoicing.issued_documents", _DOCUMENT, "document_number = ?", number)
        if not found:
            return None
        row = found[0]
        currency = row["currency_code"]
        net, tax, total = (
            text.money(row[f"amount_{n}"], currency) for n in ("net", "tax", "total")
        )
        lines = self._select(
            "invoicing.explained_lines",
            _LINE,
            "document_number = ? order by line_number nulls first",
            number,
        )
        return Explanation(
            "document",
            f"{row['document_kind'].replace('_', ' ')} {number} of account {row['account_id']}: "
            f"{total}",
            row,
            [
                ("bill date", row["bill_date"]),
                ("amounts", f"net {net} + tax {tax} = {total}"),
                ("SHA-256", row["document_sha256"]),
            ],
            [*(self._line(line) for line in lines), *self._document_taxes(number)],
        )

    def _document_taxes(self, number: str) -> list[Explanation]:
        found = self._select(
            "invoicing.invoice_taxes",
            "tax_category, tax_id, name, rate_percent, taxable_amount, amount_tax, currency_code",
            "document_number = ? order by tax_category nulls last, tax_id nulls last, "
            "rate_percent nulls last",
            number,
        )
        return [
            Explanation(
                "tax",
                f"{row['name']}: {text.number(row['rate_percent'])} % of "
                f"{text.money(row['taxable_amount'], row['currency_code'])} = "
                f"{text.money(row['amount_tax'], row['currency_code'])}",
                row,
            )
            for row in found
        ]

    def _line_by_number(self, identifier: str) -> Explanation | None:
        """`<document number>:<line>`."""
        number, _, line = identifier.rpartition(":")
        if not number or not line.isdecimal() or len(line) > 9:
            return None
        found = self._select(
            "invoicing.explained_lines",
            _LINE,
            "document_number = ? and line_number = ?",
            number,
            int(line),
        )
        return self._line(found[0]) if found else None

    def _line(self, row: Row) -> Explanation:
        number = row["document_number"]
        charge = self._charge(row["charge_key"], with_documents=False)
        facts: list[Fact] = []
        if charge is None:  # a run that does not bill it any more has taken it out of owed_charges
            facts.append(("charge", f"{row['charge_key']}: no longer owed"))
        if row["is_correction"] or charge is None:
            facts += [("period", text.stretch_of(row)), ("quantity", text.charge_quantity(row))]
        if row["is_correction"]:
            earlier = self._documents_of(row["account_id"], row["charge_key"])
            others = ", ".join(
                f"{n}:{line}" for n, line in earlier if (n, line) != (number, row["line_number"])
            )
            facts.append(("correction", f"of what {others or 'an earlier document'} billed"))
        return Explanation(
            "line",
            f"{number}:{row['line_number']} {row['description']}: "
            f"{text.money(row['amount_net'], row['currency_code'])} net",
            row,
            facts,
            [*self._line_taxes(number, row["line_number"]), *([charge] if charge else [])],
        )

    def _line_taxes(self, number: str, line: int) -> list[Explanation]:
        found = self._select(
            "invoicing.line_taxes",
            "tax_id, name, rate_percent, jurisdiction, tax_file, tax_line",
            "document_number = ? and line_number = ? order by tax_id nulls last",
            number,
            line,
        )
        return [
            Explanation(
                "line_tax",
                f"tax {row['name']}: {text.number(row['rate_percent'])} %"
                + (f" ({text.place(row['tax_file'], row['tax_line'])})" if row["tax_line"] else ""),
                row,
            )
            for row in found
        ]

    def _documents_of(self, account_id: str, key: str) -> list[tuple[str, int]]:
        """Document and line of everything billed under a charge key, first billed first."""
        found = self._select(
            "invoicing.explained_lines",
            "document_number, line_number",
            "account_id = ? and charge_key = ? order by document_position, line_number",
            account_id,
            key,
        )
        return [(row["document_number"], row["line_number"]) for row in found]

    # --- charges ---------------------------------------------------------------------------------

    def _charge(self, key: str, *, with_documents: bool = True) -> Explanation | None:
        found = self._select("charging.explained_charges", "*", "charge_key = ?", key)
        if not found:
            return None
        row = found[0]
        currency = row["currency_code"]
        facts = [
            ("period", text.stretch_of(row)),
            ("quantity", text.charge_quantity(row)),
            *text.facts_of_charge(row),
            ("owed", f"{text.money(row['amount_net'], currency)} from {row['bill_date']} on"),
        ]
        if row["rounding"].strip("-0."):
            exact, took = (text.money(row[n], currency) for n in ("exact_amount", "rounding"))
            facts.append(("rounding", f"{exact} before it, {took} kept"))
        billed = self._billed(row) if with_documents else []
        if with_documents:
            facts += self._still_owed(row)
        events, left_out = self._events_of(row) if row["charge_kind"] == "usage" else ([], 0)
        return Explanation(
            "charge",
            f"charge {key}: {text.money(row['amount_net'], currency)}",
            row,
            facts,
            [*billed, *self._bases(row), *self._usage_totals(row), *events],
            left_out,
        )

    def _bases(self, charge: Row) -> list[Explanation]:
        """What a discount, cap credit, top-up or late fee was computed on (5.3 to 5.5)."""
        found = self._select(
            "charging.charge_bases",
            "base_key, amount, amount_counted, amount_taken, currency_code",
            "charge_key = ? order by base_key nulls first",
            charge["charge_key"],
        )
        return [Explanation("base", text.base_title(row), row) for row in found]

    def _still_owed(self, charge: Row) -> list[Fact]:
        """What documents billed of a charge, and the difference that is not billed yet."""
        billed, unbilled = self._billed_and_not(charge)
        currency = charge["currency_code"]
        said = f"{text.money(billed, currency)}, not yet billed {text.money(unbilled, currency)}"
        return [("billed", said)]

    def _billed_and_not(self, charge: Row) -> tuple[str, str]:
        """A charge's amount in issued documents, and what is owed beyond it (5.6)."""
        found = self._select(
            "invoicing.explained_lines",
            "cast(coalesce(sum(amount_charged), 0) as decimal(18, 3)) as billed, "
            "cast(cast(? as decimal(18, 3)) - coalesce(sum(amount_charged), 0) as decimal(18, 3)) "
            "as unbilled",
            "account_id = ? and charge_key = ?",
            charge["amount_net"],
            charge["account_id"],
            charge["charge_key"],
        )
        return (found[0]["billed"], found[0]["unbilled"]) if found else ("0", charge["amount_net"])

    def _billed(self, charge: Row) -> list[Explanation]:
        """The lines of documents that a charge stands in, and of the draft with the rest of it."""
        currency = charge["currency_code"]
        issued = self._select(
            "invoicing.explained_lines",
            "document_number, bill_date, line_number, amount_net, amount_charged, is_correction",
            "account_id = ? and charge_key = ? order by document_position, line_number",
            charge["account_id"],
            charge["charge_key"],
        )
        billed = [
            Explanation(
                "billed",
                f"billed on {row['document_number']}, line {row['line_number']}: "
                f"{text.money(row['amount_net'], currency)}"
                + (" (correction)" if row["is_correction"] else ""),
                row,
            )
            for row in issued
        ]
        return billed + self._drafted(charge)

    def _drafted(self, charge: Row) -> list[Explanation]:
        """The draft lines that propose what is not billed yet: those of the last bill date.

        Drafts stay where they are when they are issued; a charge that is billed in full has none.
        """
        _, unbilled = self._billed_and_not(charge)
        if not unbilled.strip("-0."):
            return []
        found = self._select(
            "invoicing.draft_invoice_lines",
            "bill_date, line_number, amount_net, is_correction",
            "account_id = ? and charge_key = ? and bill_date = ("
            "select max(bill_date) from invoicing.draft_invoice_lines "
            "where account_id = ? and charge_key = ?) order by line_number",
            *(charge["account_id"], charge["charge_key"]) * 2,
        )
        return [
            Explanation(
                "drafted",
                f"drafted for {row['bill_date']}, line {row['line_number']}: "
                f"{text.money(row['amount_net'], charge['currency_code'])}",
                row,
            )
            for row in found
        ]

    def _usage_totals(self, charge: Row) -> list[Explanation]:
        """A usage charge by rate row and allowance: what they bore of it."""
        if charge["charge_kind"] != "usage":
            return []
        found = self._select(
            "rating.explained_usage",
            _TOTALS,
            f"{_OF_CHARGE} group by all order by allowance_grant_id nulls last, "
            "min(rate_file) nulls last, min(rate_line) nulls last, tier_from nulls last, "
            "price nulls last, per nulls last, unit nulls last",
            *_values_of(charge),
        )
        return [Explanation("usage_total", _total_title(row), row) for row in found]

    def _events_of(self, charge: Row) -> tuple[list[Explanation], int]:
        """The usage events of a usage charge, by start, as many as are asked for."""
        found = self._select(
            "rating.explained_usage",
            _EVENT_OF_CHARGE,
            f"{_OF_CHARGE} group by all order by started_at, usage_event_id limit ?",
            *_values_of(charge),
            self.limit,
        )
        in_all = found[0]["events_in_all"] if found else 0
        for row in found:
            del row["events_in_all"]
        events = [Explanation("charged_event", _event_title(row), row) for row in found]
        return events, in_all - len(found)

    # --- usage -----------------------------------------------------------------------------------

    def _record(self, identifier: str) -> Explanation | None:
        copies = self._copies(identifier)
        if copies:
            return self._explained_record(copies[0], copies)
        return self._record_at(identifier)

    def _copies(self, identifier: str) -> list[Row]:
        """The records of `<feed>:<record_id>` or of a record_id that one feed alone has."""
        feed, _, record_id = identifier.rpartition(":")
        order = "order by event_key"
        view = "mediation.explained_records"
        if feed:
            found = self._select(
                view, "*", f"feed = ? and record_id = ? {order}", feed, record_id
            ) or self._feed_with_colon(identifier)
            if found:
                return found
        found = self._select(view, "*", f"record_id = ? {order}", identifier)
        feeds = sorted({row["feed"] for row in found})
        if len(feeds) > 1:
            raise AmbiguousIdentifier([f"{name}:{identifier}" for name in feeds])
        return found

    def _feed_with_colon(self, identifier: str) -> list[Row]:
        """`<feed>:<record_id>` where the record_id itself holds colons."""
        feed, _, record_id = identifier.partition(":")
        if ":" not in record_id:
            return []
        return self._select(
            "mediation.explained_records",
            "*",
            "feed = ? and record_id = ? order by event_key",
            feed,
            record_id,
        )

    def _record_at(self, identifier: str) -> Explanation | None:
        """`<usage file>:<line>`, which also names a line that cannot be read."""
        file_name, _, line = identifier.rpartition(":")
        if not file_name or not line.isdecimal() or len(line) > 18:
            return None
        files = self._select("raw.usage_files", "file_id", "file_name = ?", file_name)
        for file in files:
            found = self._select(
                "mediation.explained_records",
                "*",
                "file_id = ? and line_number = ?",
                file["file_id"],
                int(line),
            )
            if found:
                record = found[0]
                copies = self._copies(f"{record['feed']}:{record['record_id']}")
                return self._explained_record(record, copies or found)
        return None

    def _explained_record(self, record: Row, copies: list[Row]) -> Explanation:
        facts = [
            (
                "file",
                f"{text.place(record['file_name'], record['line_number'])}, feed {record['feed']}, "
                f"loaded {record['loaded_at'].replace('T', ' ')} UTC",
            ),
            ("says", text.what_the_record_says(record)),
            ("state", text.state_of(record)),
        ]
        if record["state"] == "suspended":
            facts.append(("detail", record["detail"] or "none"))
        if record["remedy"]:
            facts.append(("mended by", record["remedy"]))
        parts = self._parts_of_call(record)
        bearer = self._bearer(record, copies, parts)
        steps = [*_copy_steps(record, copies), *_call_steps(record, parts)]
        if bearer is not None:
            steps += self._event(bearer)
        name = f"line {text.place(record['file_name'], record['line_number'])}"
        if record["record_id"]:
            name = f"record {record['feed']}:{record['record_id']}"
        return Explanation("record", f"{name}: {text.state_of(record)}", record, facts, steps)

    def _parts_of_call(self, record: Row) -> list[Row]:
        """The records that make one call with this one (2.3); none if it is a call of its own."""
        if record["service"] != "voice" or None in (record["charging_id"], record["sequence"]):
            return []
        found = self._select(
            "mediation.explained_records",
            "*",
            "feed = ? and charging_id = ? and subscriber = ? and service = 'voice' "
            "and sequence is not null order by sequence, event_key",
            record["feed"],
            record["charging_id"],
            record["subscriber"],
        )
        return found if len(found) > 1 else []

    def _bearer(self, record: Row, copies: list[Row], parts: list[Row]) -> int | None:
        """The key of the event that the record is counted in."""
        if record["state"] == "rated":
            return record["event_key"]
        if record["state"] == "duplicate":
            return self._bearer(copies[0], copies[:1], self._parts_of_call(copies[0]))
        if record["state"] == "merged":
            for part in parts:
                if part["state"] not in NOT_CARRYING and part["reason"] not in OWN_FAULTS:
                    return part["event_key"]
        return None

    def _event(self, event_key: int) -> list[Explanation]:
        """The event of a record: how it was placed, what it drew and cost, where it is billed."""
        found = self._select("mediation.explained_events", _EVENT, "event_key = ?", event_key)
        if not found:
            return []
        event = found[0]
        of_event = (event["account_id"], event["bill_date"], event_key)
        parts = self._select(
            "rating.explained_usage", _PART, f"{_OF_EVENT} order by part_number", *of_event
        )
        event["amount"] = parts[0]["event_amount"] if parts else None
        event["currency_code"] = parts[0]["currency_code"] if parts else None
        for part in parts:
            del part["event_amount"]
        grants = self._select(
            "rating.asked_allowances",
            _GRANT,
            f"{_OF_EVENT} and outcome <> 'not_needed' order by turn",
            *of_event,
        )
        facts = [
            ("subscription", text.subscription_of(event)),
            ("called", text.called_number_of(event)),
            ("network", text.network_of(event)),
            ("period", f"bill date {event['bill_date']}"),
        ]
        charges = dict.fromkeys(part["charge_key"] for part in parts)
        return [
            Explanation(
                "usage_event",
                _event_title(event),
                event,
                facts,
                [
                    *(_grant_step(grant, event["unit"]) for grant in grants),
                    *(_part_step(part) for part in parts),
                    *(self._charge_of_usage(key) for key in charges),
                ],
            )
        ]

    def _charge_of_usage(self, key: str) -> Explanation:
        """The charge that an event stands in, with its documents, without its other events."""
        found = self._select("charging.explained_charges", "*", "charge_key = ?", key)
        if not found:
            to_come = f"charge {key}: no bill run of its period yet"
            return Explanation("charge_to_come", to_come, {"charge_key": key})
        row = found[0]
        return Explanation(
            "charge",
            f"charge {key}: {text.money(row['amount_net'], row['currency_code'])}",
            row,
            self._still_owed(row),
            self._billed(row),
        )


def _values_of(charge: Row) -> tuple[Any, ...]:
    """What _OF_CHARGE asks for."""
    return charge["account_id"], charge["period_end"], charge["charge_key"]


def _copy_steps(record: Row, copies: list[Row]) -> list[Explanation]:
    """The other records of the same feed and record_id (2.2)."""
    first = copies[0]["event_key"]
    return [
        Explanation(
            "copy",
            ("came first" if copy["event_key"] == first else "came again")
            + f": {text.place(copy['file_name'], copy['line_number'])}: {text.state_of(copy)}",
            copy,
        )
        for copy in copies
        if copy["event_key"] != record["event_key"]
    ]


def _call_steps(record: Row, parts: list[Row]) -> list[Explanation]:
    """The parts of the call, in their sequence."""
    return [
        Explanation(
            "call_part",
            f"part {part['sequence']} of call {part['charging_id']}: "
            f"{text.place(part['file_name'], part['line_number'])} "
            f"({part['feed']}:{part['record_id']}), {text.number(part['duration_seconds'])} s, "
            f"{text.state_of(part)}" + (" ← this record" if _is_same(part, record) else ""),
            part,
        )
        for part in parts
    ]


def _is_same(one: Row, other: Row) -> bool:
    return one["event_key"] == other["event_key"]


def _event_title(event: Row) -> str:
    """One event in one line."""
    toward = "from" if event["direction"] == "terminating" else "to"
    other = f" {toward} {event['other_party']}" if event["other_party"] else ""
    amount = ""
    if event["amount"] is not None:
        amount = f": {text.money(event['amount'], event['currency_code'])}"
    start = text.instant(event["local_started_at"], event["started_at"])
    return (
        f"{start} {event['service']}{other}, "
        f"{text.quantity(event['quantity'], event['unit'])}{amount} "
        f"({event['usage_event_id']}, {text.place(event['file_name'], event['line_number'])})"
    )


def _total_title(row: Row) -> str:
    """What one rate row, or one grant, bore of a usage charge."""
    unit, currency = row["unit"], row["currency_code"]
    events = text.counted(row["events"], "event")
    if row["allowance_grant_id"] is not None:
        return (
            f"{row['allowance_name'] or row['allowance_grant_id']}: {events}, "
            f"{text.quantity(row['quantity'], unit)} included"
        )
    fees = f", fees {text.money(row['fees'], currency)}" if row["fees"].strip("-0.") else ""
    billed = text.quantity(row["billed_quantity"], unit)
    return (
        f"{text.money(row['price'], currency)} per {text.per_units(row['per'], unit)} "
        f"({text.place(row['rate_file'], row['rate_line'])}): {events}, "
        f"{text.quantity(row['quantity'], unit)} billed as {billed}{fees}: "
        f"{text.money(row['amount'], currency)}"
    )


def _grant_step(grant: Row, unit: str) -> Explanation:
    name = grant["allowance_name"] or grant["allowance_id"]
    empty = ", nothing left" if grant["outcome"] == "empty" else ""
    return Explanation(
        "allowance",
        f"allowance {grant['turn']}: {name}{empty}",
        grant,
        [
            (
                "grant",
                f"{grant['allowance_grant_id']}"
                f" ({text.place(grant['allowance_file'], grant['allowance_line'])})",
            ),
            ("level", text.level_of(grant, unit)),
        ],
    )


def _part_step(part: Row) -> Explanation:
    facts = [("band", text.band_of(part)), ("rate", text.rate_of(part))]
    if part["allowance_grant_id"] is None:
        facts += [("increments", text.increments_of(part)), ("price", text.price_of(part))]
        tier = text.tier_of(part)
        facts += [("tier", tier)] if tier else []
        facts += text.fees_of(part)
    return Explanation("part", text.part_title(part), part, facts)


# --- what is selected ----------------------------------------------------------------------------

# Named one by one: what `--json` gives is these columns, whatever else the views come to hold.
_DOCUMENT = """
    document_number, document_kind, account_id, bill_date, document_sha256, position,
    json_extract_string(document, '$.currency_code') as currency_code,
    json_extract_string(document, '$.amounts.net') as amount_net,
    json_extract_string(document, '$.amounts.tax') as amount_tax,
    json_extract_string(document, '$.amounts.total') as amount_total
"""

_LINE = """
    document_number, account_id, bill_date, line_number, charge_key, subscription_id, charge_kind,
    charge_id, description, period_start, period_end, charged_from, charged_to, quantity, unit,
    tax_category, amount_net, amount_charged, is_correction, currency_code
"""

# Account and bill date first: the views find their rows by them.
_OF_CHARGE = "account_id = ? and bill_date = ? and charge_key = ?"
_OF_EVENT = "account_id = ? and bill_date = ? and event_key = ?"

_TOTALS = """
    allowance_grant_id, allowance_name,
    case when allowance_grant_id is null then rate_id end as rate_id,
    case when allowance_grant_id is null then rate_file end as rate_file,
    case when allowance_grant_id is null then rate_line end as rate_line,
    price, per, tier_from, count(distinct event_key) as events,
    cast(sum(quantity) as bigint) as quantity,
    cast(sum(billed_quantity) as bigint) as billed_quantity, unit,
    cast(sum(fees) as decimal(38, 6)) as fees, cast(sum(amount) as decimal(38, 6)) as amount,
    currency_code
"""

_EVENT_OF_CHARGE = """
    usage_event_id, file_name, line_number, started_at, local_started_at, service, direction,
    other_party, zone, destination, visited_zone, event_quantity as quantity, unit,
    cast(sum(amount) as decimal(38, 6)) as amount, currency_code, count(*) over () as events_in_all
"""

_EVENT = """
    usage_event_id, feed, record_id, file_name, line_number, account_id, subscription_id, bill_date,
    service, direction, subscriber, subscriber_kind, identifier, identifier_valid_from,
    identifier_valid_to, identifier_file, identifier_line, other_party, called_digits, prefix,
    is_short_code, prefix_file, prefix_line, zone, destination, serving_network, network,
    network_country, network_file, network_line, visited_zone, started_at, local_started_at,
    holiday, quantity, unit
"""

_GRANT = """
    turn, outcome, allowance_grant_id, allowance_id, allowance_name, allowance_file, allowance_line,
    is_shared, is_unlimited, increment, granted, carried_in, used_before, covered, drawn, rest
"""

_PART = """
    part_number, charge_key, charge_name, tax_category, part_started_at, local_part_started_at,
    holiday, band, band_file, band_line, product_id, product_kind, product_file, product_line,
    rate_id, rate_card_id, rate_file, rate_line, rate_direction, rate_visited_zone, rate_zone,
    rate_band, rate_valid_from, rate_valid_to, is_rate_as_priced, allowance_grant_id,
    allowance_name, allowance_used_before, allowance_drawn, allowance_left, part_offset, quantity,
    unit, first_increment, next_increment, billed_quantity, price, per, step_from, tier_from,
    tier_mode, tier_counted_before, tier_counted_after, usage_amount, connection_fee, tier_fee,
    minimum_charge, maximum_charge, minimum_top_up, maximum_cut, other_fees, fees, amount,
    currency_code, cast(sum(amount) over () as decimal(38, 6)) as event_amount
"""


def explain(con: duckdb.DuckDBPyConnection, identifier: str, *, limit: int) -> Explanation | None:
    """The chain behind a document, one of its lines, a charge or a usage record.

    `limit` is how many usage events are shown under one charge. Raises AmbiguousIdentifier.
    """
    return Explainer(con, limit).explain(identifier)
