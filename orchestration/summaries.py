"""What a run came to, read from the warehouse's public tables. Money is text, never a float."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import duckdb

from orchestration import bill_runs
from orchestration.warehouse import has_table

Row = dict[str, Any]

HELD_SHOWN = 1_000


def rows(
    con: duckdb.DuckDBPyConnection, sql: str, parameters: list[Any] | None = None
) -> list[Row]:
    """The rows of a query as mappings that JSON can hold."""
    result = con.execute(sql, parameters or [])
    names = [column[0] for column in result.description or ()]
    return [
        {name: plain(value) for name, value in zip(names, row, strict=True)}
        for row in result.fetchall()
    ]


def plain(value: Any) -> Any:
    """A value as JSON holds it; decimals and dates as text."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value


def drafts(con: duckdb.DuckDBPyConnection, bill_date: date) -> Row:
    """The drafts of a bill date: totals and counts by status, what is held, usage by state."""
    result: Row = {"bill_date": bill_date.isoformat()}
    if has_table(con, "invoicing", "draft_invoices"):
        result["statuses"] = rows(
            con,
            """
            select
                drafts.status,
                drafts.currency_code,
                count(*) as invoices,
                cast(sum(drafts.amount_net) as decimal(38, 3)) as amount_net,
                cast(sum(drafts.amount_tax) as decimal(38, 3)) as amount_tax,
                cast(sum(drafts.amount_total) as decimal(38, 3)) as amount_total,
                cast(sum(drafts.amount_due) as decimal(38, 3)) as amount_due
            from invoicing.draft_invoices as drafts
            where drafts.bill_date = ?
            group by drafts.status, drafts.currency_code
            order by drafts.status nulls first, drafts.currency_code nulls first
            """,
            [bill_date],
        )
        for status in result["statuses"]:
            _in_currency(con, status)
        result["held"] = rows(
            con,
            """
            select account_id, amount_total, currency_code, hold_reason
            from invoicing.draft_invoices
            where bill_date = ? and status = 'held'
            order by account_id nulls first
            limit ?
            """,
            [bill_date, HELD_SHOWN],
        )
        for held in result["held"]:
            _in_currency(con, held)
    result["usage"] = usage_states(con)
    result["suspended"] = suspended(con)
    draft = bill_runs.standing(con)
    result["failed_checks"] = [str(check) for check in draft.failed_checks] if draft else []
    return result


def usage_states(con: duckdb.DuckDBPyConnection) -> list[Row]:
    """Every record that ever came in, by the state that it ended in (2.1)."""
    if not has_table(con, "assurance", "usage_accounting"):
        return []
    return rows(
        con,
        """
        select
            state,
            cast(sum(records) as bigint) as records,
            cast(sum(seconds) as bigint) as seconds,
            cast(sum(bytes) as bigint) as bytes,
            cast(sum(messages) as bigint) as messages
        from assurance.usage_accounting
        group by state
        order by state nulls first
        """,
    )


def suspended(con: duckdb.DuckDBPyConnection) -> list[Row]:
    """Suspended records by reason (2.4)."""
    if not has_table(con, "mediation", "suspended_usage"):
        return []
    return rows(
        con,
        """
        select reason, count(*) as records
        from mediation.suspended_usage
        group by reason
        order by records desc nulls last, reason nulls first
        """,
    )


def issued(con: duckdb.DuckDBPyConnection, bill_date: date) -> Row:
    """The documents of a bill date as they were issued: counts, totals, numbers."""
    result: Row = {"bill_date": bill_date.isoformat(), "documents": []}
    if has_table(con, "invoicing", "issued_documents"):
        result["documents"] = rows(
            con,
            """
            with documents as (

                select
                    document_kind,
                    document_number,
                    json_extract_string(document, '$.currency_code') as currency_code,
                    json_extract_string(document, '$.amounts.net') as amount_net,
                    json_extract_string(document, '$.amounts.tax') as amount_tax,
                    json_extract_string(document, '$.amounts.total') as amount_total
                from invoicing.issued_documents
                where bill_date = ?

            )

            select
                document_kind,
                currency_code,
                count(*) as documents,
                min(document_number) as first_number,
                max(document_number) as last_number,
                sum(cast(amount_net as decimal(18, 3))) as amount_net,
                sum(cast(amount_tax as decimal(18, 3))) as amount_tax,
                sum(cast(amount_total as decimal(18, 3))) as amount_total
            from documents
            group by document_kind, currency_code
            order by document_kind desc nulls last, currency_code nulls first
            """,
            [bill_date],
        )
        for kind in result["documents"]:
            _in_currency(con, kind)
    return result


def _in_currency(con: duckdb.DuckDBPyConnection, row: Row) -> None:
    """Write the row's amounts with the digits of the operator's currency."""
    found = con.execute("select minor_units from raw.operator").fetchone()
    digits = found[0] if found else 3
    for name, value in row.items():
        if name.startswith("amount_") and value is not None:
            row[name] = f"{Decimal(value).quantize(Decimal(1).scaleb(-digits)):f}"
