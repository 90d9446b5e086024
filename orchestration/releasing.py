"""Held drafts, let go by name and on record (7.1)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

import duckdb

from orchestration.warehouse import has_table


def not_held(
    con: duckdb.DuckDBPyConnection, bill_date: date, account_ids: Sequence[str]
) -> list[str]:
    """Those of the accounts that have no held draft of this bill date."""
    if not has_table(con, "invoicing", "draft_invoices"):
        return list(account_ids)
    held = {
        account
        for (account,) in con.execute(
            "select account_id from invoicing.draft_invoices "
            "where bill_date = ? and status = 'held'",
            [bill_date],
        ).fetchall()
    }
    return [account for account in account_ids if account not in held]


def release(
    con: duckdb.DuckDBPyConnection,
    bill_date: date,
    account_ids: Sequence[str],
    *,
    reason: str,
    released_at: datetime,
) -> None:
    """Put on record that these drafts may go; the next draft of the bill date is not held."""
    con.execute("begin transaction")
    for account in account_ids:
        con.execute(
            "insert into raw.draft_releases (bill_date, account_id, reason, released_at) "
            "values (?, ?, ?, ?)",
            [bill_date, account, reason, released_at.replace(tzinfo=None)],
        )
    con.execute("commit")
