"""Where an amount comes from: document, charge, usage event, rated part, file and line (9.1).

Nothing is computed again here: every step is a row that the model which made the amount wrote.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

import duckdb
from rich.markup import escape
from rich.tree import Tree

from orchestration.summaries import Row, rows
from orchestration.warehouse import has_table

DRAFTS = ("invoicing", "draft_invoice_lines")
ISSUED = ("invoicing", "invoice_lines")


@dataclass(frozen=True)
class Explanation:
    """One step of the chain: what it is, its row, and the steps that it comes from."""

    kind: str
    title: str
    row: Row
    steps: list[Explanation] = field(default_factory=list)
    left_out: int = 0  # further steps, not read

    def as_json(self) -> Row:
        """As nested mappings."""
        result: Row = {"kind": self.kind, **self.row}
        if self.steps:
            result["steps"] = [step.as_json() for step in self.steps]
        if self.left_out:
            result["left_out"] = self.left_out
        return result

    def as_tree(self) -> Tree:
        """As a tree for the terminal."""
        tree = Tree(escape(self.title))
        self._grow(tree)
        return tree

    def _grow(self, tree: Tree) -> None:
        for step in self.steps:
            step._grow(tree.add(escape(step.title)))
        if self.left_out:
            tree.add(f"… {self.left_out:,} more; name the charge key, or use --events")


@dataclass(frozen=True)
class Explainer:
    """Reads the chain; `events` limits the usage events shown under one charge."""

    con: duckdb.DuckDBPyConnection
    events: int

    def explain(self, identifier: str) -> Explanation | None:
        """The chain of a document number, a charge key or a usage record; None if none is known."""
        return self._document(identifier) or self._charge_of(identifier) or self._record(identifier)

    # --- documents ---------------------------------------------------------------------------

    def _document(self, number: str) -> Explanation | None:
        if not has_table(self.con, "invoicing", "issued_documents"):
            return None
        found = rows(
            self.con,
            """
            select document_number, document_kind, account_id, bill_date, document_sha256, position,
                json_extract_string(document, '$.currency_code') as currency_code,
                json_extract_string(document, '$.amounts.net') as amount_net,
                json_extract_string(document, '$.amounts.tax') as amount_tax,
                json_extract_string(document, '$.amounts.total') as amount_total
            from invoicing.issued_documents
            where document_number = ?
            """,
            [number],
        )
        if not found:
            return None
        row = found[0]
        lines = [
            Explanation(
                "line",
                f"line {line['line_number']}: {line['description']}, {line['period_start']} to "
                f"{line['period_end']}: {line['amount_net']} {row['currency_code']}"
                + (" (correction)" if line["is_correction"] else ""),
                line,
                [charge] if (charge := self._charge(line["charge_key"])) else [],
            )
            for line in self._document_lines(number)
        ]
        taxes = [
            Explanation(
                "tax",
                f"{tax['name']} {tax['rate_percent']} % of {tax['taxable_amount']}: "
                f"{tax['amount_tax']} {row['currency_code']}",
                tax,
            )
            for tax in self._document_taxes(number)
        ]
        return Explanation(
            "document",
            f"{row['document_kind'].replace('_', ' ')} {number} of account {row['account_id']}, "
            f"{row['bill_date']}: {row['amount_net']} + {row['amount_tax']} tax = "
            f"{row['amount_total']} {row['currency_code']}",
            row,
            lines + taxes,
        )

    def _document_lines(self, number: str) -> list[Row]:
        """From the issued content itself, which nothing can change."""
        return rows(
            self.con,
            """
            with lines as (

                select unnest(cast(json_extract(document, '$.lines') as json[])) as line
                from invoicing.issued_documents
                where document_number = ?

            )

            select
                cast(json_extract_string(line, '$.line_number') as bigint) as line_number,
                json_extract_string(line, '$.charge_key') as charge_key,
                json_extract_string(line, '$.description') as description,
                json_extract_string(line, '$.period_start') as period_start,
                json_extract_string(line, '$.period_end') as period_end,
                json_extract_string(line, '$.quantity') as quantity,
                json_extract_string(line, '$.unit') as unit,
                json_extract_string(line, '$.amount_net') as amount_net,
                coalesce(json_extract_string(line, '$.is_correction') = 'true', false)
                    as is_correction
            from lines
            order by line_number nulls first
            """,
            [number],
        )

    def _document_taxes(self, number: str) -> list[Row]:
        return rows(
            self.con,
            """
            with taxes as (

                select unnest(cast(json_extract(document, '$.taxes') as json[])) as tax
                from invoicing.issued_documents
                where document_number = ?

            )

            select
                json_extract_string(tax, '$.tax_category') as tax_category,
                json_extract_string(tax, '$.tax_id') as tax_id,
                json_extract_string(tax, '$.name') as name,
                json_extract_string(tax, '$.rate_percent') as rate_percent,
                json_extract_string(tax, '$.taxable_amount') as taxable_amount,
                json_extract_string(tax, '$.amount_tax') as amount_tax
            from taxes
            """,
            [number],
        )

    # --- charges -----------------------------------------------------------------------------

    def _charge_of(self, key: str) -> Explanation | None:
        """A charge, with the documents that billed it."""
        charge = self._charge(key)
        if charge is None:
            return None
        return Explanation(
            charge.kind,
            charge.title,
            charge.row,
            self._billed_on(key) + charge.steps,
            charge.left_out,
        )

    def _charge(self, key: str) -> Explanation | None:
        if not has_table(self.con, "charging", "owed_charges"):
            return None
        found = rows(self.con, "select * from charging.owed_charges where charge_key = ?", [key])
        if not found:
            return None
        row = found[0]
        steps, left_out = self._events_of_charge(row) if row["charge_kind"] == "usage" else ([], 0)
        return Explanation(
            "charge",
            f"charge {key}: {row['charge_kind']} {row['charge_id']}, "
            f"{row['charged_from']} to {row['charged_to']}, {short(row['quantity'])} "
            f"{row['unit'] or ''}: {row['amount_net']} (rounding {short(row['rounding'])}) "
            f"{row['currency_code']}",
            row,
            steps,
            left_out,
        )

    def _billed_on(self, key: str) -> list[Explanation]:
        found: list[Explanation] = []
        if has_table(self.con, *ISSUED):
            found += [
                Explanation(
                    "billed",
                    f"billed on {row['document_number']}, line {row['line_number']}: "
                    f"{row['amount_net']}",
                    row,
                )
                for row in rows(
                    self.con,
                    """
                    select document_number, line_number, amount_net
                    from invoicing.invoice_lines
                    where charge_key = ?
                    order by document_number nulls first, line_number nulls first
                    """,
                    [key],
                )
            ]
        if has_table(self.con, *DRAFTS):
            found += [
                Explanation(
                    "drafted",
                    f"drafted for {row['bill_date']}, line {row['line_number']}: "
                    f"{row['amount_net']}",
                    row,
                )
                for row in rows(
                    self.con,
                    """
                    select bill_date, line_number, amount_net
                    from invoicing.draft_invoice_lines
                    where charge_key = ?
                    order by bill_date nulls first, line_number nulls first
                    """,
                    [key],
                )
            ]
        return found

    def _events_of_charge(self, charge: Row) -> tuple[list[Explanation], int]:
        """The usage events of a usage charge, by start, as many as are asked for."""
        found = rows(
            self.con,
            f"""
            with events as (

                select distinct usage_event_id
                from rating.rated_usage
                where account_id = ?
                    and subscription_id is not distinct from ?
                    and bill_date = ?
                    and coalesce(charge_name, service) = ?
                    and tax_category is not distinct from ?

            )

            select {_EVENT}, count(*) over () as events_in_all
            from events
            left join mediation.usage_events as usage_events
                on events.usage_event_id = usage_events.usage_event_id
            left join raw.usage_files as usage_files
                on usage_events.file_id = usage_files.file_id
            order by usage_events.started_at nulls first, events.usage_event_id nulls first
            limit ?
            """,
            [
                charge["account_id"],
                charge["subscription_id"],
                charge["period_end"],
                charge["charge_id"],
                charge["tax_category"],
                self.events,
            ],
        )
        in_all = found[0].pop("events_in_all") if found else 0
        for row in found[1:]:
            del row["events_in_all"]
        return [self._event(row) for row in found], in_all - len(found)

    # --- usage -------------------------------------------------------------------------------

    def _event(self, row: Row) -> Explanation:
        parts = rows(
            self.con,
            """
            select
                parts.*,
                rates.source_file as rate_file,
                rates.source_line as rate_line,
                allowances.name as allowance_name
            from rating.rated_usage as parts
            left join raw.rates as rates
                on parts.rate_id = rates.rate_id
            left join (
                select allowance_grant_id, min(allowance_id) as allowance_id
                from rating.allowance_grants
                group by allowance_grant_id
            ) as grants
                on parts.allowance_grant_id = grants.allowance_grant_id
            left join (
                select allowance_id, min(name) as name
                from raw.allowances
                group by allowance_id
            ) as allowances
                on grants.allowance_id = allowances.allowance_id
            where parts.usage_event_id = ?
            order by parts.part_number nulls first
            """,
            [row["usage_event_id"]],
        )
        steps = [Explanation("part", _part_title(part), part) for part in parts]
        steps.append(
            Explanation(
                "record",
                f"{row['file_name']}:{row['line_number']} ({row['feed']}:{row['record_id']})",
                {name: row[name] for name in ("file_name", "line_number", "feed", "record_id")},
            )
        )
        where = row["zone"] or row["visited_zone"] or ""
        return Explanation(
            "usage_event",
            f"{row['local_started_at']} {row['service']} {row['direction']} "
            f"{row['other_party'] or ''} {where}: {row['quantity']}",
            row,
            steps,
        )

    def _record(self, identifier: str) -> Explanation | None:
        """A usage record `feed:record_id` or `record_id`: its state, event, parts and charge."""
        if not has_table(self.con, "raw", "usage_records"):
            return None
        feed, _, record_id = identifier.rpartition(":")
        found = rows(
            self.con,
            """
            select records.*, usage_files.file_name
            from raw.usage_records as records
            left join raw.usage_files as usage_files
                on records.file_number = usage_files.file_number
            where (records.feed = ? and records.record_id = ?) or records.record_id = ?
            order by records.feed nulls first, records.file_number nulls first,
                records.line_number nulls first
            limit 100
            """,
            [feed, record_id, identifier],
        )
        if not found:
            return None
        described = [self._one_record(row) for row in found]
        if len(described) == 1:
            return described[0]
        return Explanation(
            "records", f"{len(described)} records {identifier}", {"id": identifier}, described
        )

    def _one_record(self, row: Row) -> Explanation:
        steps: list[Explanation] = []
        place = [row["file_id"], row["line_number"]]
        state = "loaded"
        if has_table(self.con, "mediation", "int_usage_states"):
            states = rows(
                self.con,
                "select state, reason from mediation.int_usage_states "
                "where file_id = ? and line_number = ?",
                place,
            )
            state = states[0]["state"] if states else "not yet rated"
            if states and states[0]["reason"]:
                state += f": {states[0]['reason']}"
        if has_table(self.con, "mediation", "suspended_usage"):
            steps += [
                Explanation(
                    "suspended",
                    f"{held['reason']} since {held['first_suspended_at']}: {held['detail'] or ''}",
                    held,
                )
                for held in rows(
                    self.con,
                    "select reason, detail, first_suspended_at from mediation.suspended_usage "
                    "where file_id = ? and line_number = ?",
                    place,
                )
            ]
        if has_table(self.con, "mediation", "usage_events") and has_table(
            self.con, "rating", "rated_usage"
        ):
            for event in rows(
                self.con,
                f"""
                select {_EVENT}
                from mediation.usage_events as usage_events
                left join raw.usage_files as usage_files
                    on usage_events.file_id = usage_files.file_id
                where usage_events.file_id = ? and usage_events.line_number = ?
                """,
                place,
            ):
                steps.append(self._event(event))
                steps += self._charges_of_event(event["usage_event_id"])
        return Explanation(
            "record",
            f"{row['file_name']}:{row['line_number']} ({row['feed']}:{row['record_id']}): {state}",
            {**row, "state": state},
            steps,
        )

    def _charges_of_event(self, usage_event_id: str) -> list[Explanation]:
        if not has_table(self.con, "charging", "owed_charges"):
            return []
        found = rows(
            self.con,
            """
            select distinct charges.charge_key, charges.amount_net, charges.currency_code
            from rating.rated_usage as parts
            inner join charging.owed_charges as charges
                on parts.account_id = charges.account_id
                and parts.subscription_id is not distinct from charges.subscription_id
                and parts.bill_date = charges.period_end
                and coalesce(parts.charge_name, parts.service) = charges.charge_id
                and parts.tax_category is not distinct from charges.tax_category
            where charges.charge_kind = 'usage' and parts.usage_event_id = ?
            order by charges.charge_key nulls first
            """,
            [usage_event_id],
        )
        return [
            Explanation(
                "charge",
                f"in charge {row['charge_key']}: {row['amount_net']} {row['currency_code']}",
                row,
                self._billed_on(row["charge_key"]),
            )
            for row in found
        ]


_EVENT = """
    usage_events.usage_event_id, usage_events.feed, usage_events.record_id, usage_events.file_id,
    usage_files.file_name, usage_events.line_number, usage_events.account_id,
    usage_events.subscription_id, usage_events.service, usage_events.direction,
    usage_events.subscriber, usage_events.other_party, usage_events.zone,
    usage_events.destination, usage_events.visited_zone, usage_events.started_at,
    usage_events.local_started_at, usage_events.quantity
"""


def _part_title(part: Row) -> str:
    """One rated part: drawn from an allowance, or priced."""
    if part["allowance_grant_id"]:
        name = part["allowance_name"] or part["allowance_grant_id"]
        return f"{part['quantity']} from allowance {name} ({part['allowance_grant_id']})"
    place = f" ({part['rate_file']}:{part['rate_line']})" if part["rate_file"] else ""
    tier = f", tier from {part['tier_from']}" if part["tier_from"] else ""
    fees = f", fees {short(part['fees'])}" if Decimal(part["fees"] or 0) else ""
    return (
        f"{part['quantity']} billed as {part['billed_quantity']} at {short(part['price'])} per "
        f"{part['per']}{tier}{fees}: {part['amount']} {part['currency_code']}, "
        f"rate {part['rate_id']}{place}"
    )


def short(number: str | None) -> str:
    """A number without the zeros that follow its last decimal."""
    if number is None or "." not in number:
        return number or ""
    return number.rstrip("0").rstrip(".")


def explain(con: duckdb.DuckDBPyConnection, identifier: str, *, events: int) -> Explanation | None:
    """The chain behind a document number, a charge key or a usage record."""
    return Explainer(con, events).explain(identifier)
