"""`billhouse close`: the month's pack, from the tables of `finance`, with what must tie out.

The figures are SQL's (dbt_project/models/finance); here they are chosen for the month, put beside
each other and handed to the renderer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from orchestration import archive, issuing
from orchestration.warehouse import has_table
from renderers import month_end
from renderers.month_end import Bars, Pack, Section, Stack, TieOut

ROWS_SHOWN = 25
MONTHS_SHOWN = 12
ZERO = Decimal(0)

Row = dict[str, Any]


class NothingToClose(Exception):
    """The ledger has nothing of the month yet, or no books stand."""


@dataclass(frozen=True, kw_only=True)
class CloseReport:
    """The files of a month's pack, and the tie-outs that do not hold."""

    page: Path
    tables: list[Path]
    tie_outs: int
    faults: list[str]


def close(
    con: duckdb.DuckDBPyConnection, month: date, documents: Path, *, archive_folder: Path
) -> CloseReport:
    """Write the pack of a calendar month (given by its first day) into `documents`/finance.

    Raises NothingToClose.
    """
    pack = build(con, month, archive_folder=archive_folder)
    folder = documents / "finance" / f"{month:%Y-%m}"
    folder.mkdir(parents=True, exist_ok=True)
    tables = []
    for section in pack.sections:
        path = folder / f"{section.name}.csv"
        path.write_bytes(month_end.csv_text(section).encode("utf-8-sig"))
        tables.append(path)
    page = folder / f"month-end-{month:%Y-%m}.html"
    page.write_text(month_end.page(pack), encoding="utf-8")
    return CloseReport(
        page=page,
        tables=tables,
        tie_outs=sum(len(section.tie_outs) for section in pack.sections),
        faults=pack.faults,
    )


def build(con: duckdb.DuckDBPyConnection, month: date, *, archive_folder: Path) -> Pack:
    """The pack of a month, from the books as they stand. Raises NothingToClose."""
    if not has_table(con, "finance", "receivable_movements"):
        raise NothingToClose("no books stand yet; `billhouse issue` builds them")
    books = _Books(con, month)
    if books.ledger_date < month:
        raise NothingToClose(f"{month:%Y-%m}: the ledger ends on {books.ledger_date}")
    sections = [
        _revenue(books),
        _usage_to_bill(books),
        _usage_left_out(books),
        _receivables(books),
        _ageing(books),
        _deferred(books),
        _taxes(books),
        _collections(books),
        _numbers(books),
        _unbilled(books),
        _zones(books),
        _decisions(books),
        _reperformance(books, archive_folder),
    ]
    return Pack(
        operator=books.operator,
        month=month,
        ledger_date=books.ledger_date,
        currency_code=books.currency,
        figures=_figures(books),
        sections=sections,
        language=books.language,
        country=books.country,
    )


class _Books:
    """The warehouse's tables, for one month."""

    def __init__(self, con: duckdb.DuckDBPyConnection, month: date) -> None:
        self.con = con
        self.month = month
        self.next_month = (month.replace(day=28) + timedelta(days=4)).replace(day=1)
        row = con.execute(
            "select legal_name, currency_code, minor_units, language, country from raw.operator"
        ).fetchone()
        ledger = con.execute("select max(ledger_date) from finance.int_ledger_date").fetchone()
        if row is None or ledger is None or ledger[0] is None:
            raise NothingToClose("no books stand yet; `billhouse issue` builds them")
        self.operator, self.currency, self.minor_units, self.language, self.country = row
        self.ledger_date: date = ledger[0]

    def rows(self, sql: str, **parameters: Any) -> list[Row]:
        """The rows of a query; amounts with the digits of the currency, rated ones as they are."""
        known = {"month": self.month, "next_month": self.next_month} | parameters
        used = {name: value for name, value in known.items() if f"${name}" in sql}
        result = self.con.execute(sql, used)
        names = [column[0] for column in result.description or ()]
        return [
            {name: self._shown(value) for name, value in zip(names, row, strict=True)}
            for row in result.fetchall()
        ]

    def _shown(self, value: Any) -> Any:
        if isinstance(value, Decimal):
            digits = -int(value.as_tuple().exponent)
            if digits == 3:  # billed money, kept with three decimals whatever the currency
                return self.money(value)
        return value

    def one(self, sql: str, **parameters: Any) -> Any:
        rows = self.rows(sql, **parameters)
        return next(iter(rows[0].values())) if rows else None

    def money(self, value: Decimal | None) -> Decimal:
        """An amount with the digits of the currency, or more where it has more."""
        exact, unit = value or ZERO, Decimal(1).scaleb(-self.minor_units)
        rounded = exact.quantize(unit)
        return rounded if rounded == exact else exact


def _figures(books: _Books) -> list[tuple[str, Decimal, int]]:
    billed = books.rows(
        "select coalesce(sum(amount_net), 0) as net, count(*) as documents from invoicing.invoices "
        "where bill_date >= $month and bill_date < $next_month"
    )[0]
    paid = books.one(
        "select coalesce(sum(amount), 0) from finance.payments where is_booked and "
        "method <> 'write_off' and received_on >= $month and received_on < $next_month"
    )
    earned = books.one(
        "select coalesce(sum(amount_earned), 0) from finance.revenue where month = $month"
    )
    closing = _last(
        books.rows(
            "select closing from finance.receivable_movements where month <= $month order by month"
        ),
        "closing",
    )
    return [
        ("billed", books.money(billed["net"]), billed["documents"]),
        ("earned", books.money(earned), 0),
        ("received", books.money(paid), 0),
        ("owed", books.money(closing), 0),
    ]


def _last(rows: Sequence[Row], column: str) -> Decimal:
    return (rows[-1][column] if rows else ZERO) or ZERO


def _section(name: str, columns: Sequence[str], rows: Sequence[Row], **more: Any) -> Section:
    return Section(name, columns, rows, left_out=max(len(rows) - ROWS_SHOWN, 0), **more)


def _revenue(books: _Books) -> Section:
    rows = books.rows(
        "select charge_kind, product_id, charge_name, amount_billed, amount_earned, currency_code "
        "from finance.revenue where month = $month order by abs(amount_earned) desc nulls last, "
        "charge_kind nulls last, product_id nulls last, charge_name nulls last"
    )
    shape = books.rows(
        "select month, charge_kind, sum(amount_earned) as earned from finance.revenue "
        "where month <= $month group by month, charge_kind "
        "order by month nulls last, charge_kind nulls last"
    )
    months = sorted({row["month"] for row in shape})[-MONTHS_SHOWN:]
    totals: dict[str, Decimal] = {}
    for row in shape:
        totals[row["charge_kind"]] = totals.get(row["charge_kind"], ZERO) + abs(row["earned"])
    kinds = sorted(totals, key=lambda kind: (-totals[kind], kind))[: len(month_end.SHADES)]
    earned = {(row["month"], row["charge_kind"]): row["earned"] for row in shape}
    chart = Stack(
        months, {kind: [earned.get((month, kind), ZERO) for month in months] for kind in kinds}
    )
    in_ledger = books.one(
        "select coalesce(sum(credit - debit), 0) from finance.journal_entries where "
        "posting like 'revenue_%' and entry_date >= $month and entry_date < $next_month"
    )
    total = books.one(
        "select coalesce(sum(amount_earned), 0) from finance.revenue where month = $month"
    )
    return _section(
        "revenue",
        ("charge_kind", "product_id", "charge_name", "amount_billed", "amount_earned"),
        rows,
        coded=["charge_kind"],
        chart=chart if months else None,
        tie_outs=[TieOut("revenue", books.money(total), books.money(in_ledger))],
    )


def _usage_to_bill(books: _Books) -> Section:
    rows = books.rows("select * from finance.usage_to_bill order by bill_date nulls last")
    # each by itself: what one period has too much must not make up for another
    difference = sum((abs(row["difference"]) for row in rows), ZERO)
    on_documents = books.one(
        "select coalesce(sum(amount_net), 0) from invoicing.invoice_lines "
        "where charge_kind = 'usage' and bill_date >= $month and bill_date < $next_month"
    )
    in_ledger = books.one(
        "select coalesce(sum(credit - debit), 0) from finance.journal_entries where "
        "posting = 'revenue_usage' and entry_date >= $month and entry_date < $next_month"
    )
    return _section(
        "usage_to_bill",
        (
            "bill_date",
            "events",
            "rated_amount",
            "rounding",
            "owed_amount",
            "billed_amount",
            "unbilled_amount",
        ),
        rows,
        tie_outs=[
            TieOut("rated", difference.normalize() + 0, 0),
            TieOut("usage_in_ledger", books.money(on_documents), books.money(in_ledger)),
        ],
    )


def _usage_left_out(books: _Books) -> Section:
    rows = books.rows(
        "select * from finance.usage_left_out "
        "order by records desc nulls last, feed nulls last, state nulls last, reason nulls last"
    )
    states = books.rows(
        "select state, cast(sum(records) as bigint) as records from assurance.usage_accounting "
        "group by state order by records desc nulls last, state nulls last"
    )
    received = books.one(
        "select cast(coalesce(sum(records + rejected), 0) as bigint) from raw.usage_files"
    )
    counted = sum(row["records"] for row in states)
    chart = Bars([(row["state"], row["records"]) for row in states])
    return _section(
        "usage_left_out",
        ("feed", "state", "reason", "records", "waiting_since"),
        rows,
        coded=["state", "reason"],
        chart=chart if states else None,
        tie_outs=[TieOut("records", received, counted)],
    )


def _receivables(books: _Books) -> Section:
    rows = books.rows("select * from finance.receivable_movements order by month nulls last")
    ties = [
        TieOut(
            "receivables",
            books.money(row["closing"]),
            books.money(row["open_documents"]),
        )
        for row in rows
        if row["open_documents"] is not None
    ]
    return _section(
        "receivables",
        (
            "month",
            "opening",
            "invoiced",
            "credited",
            "paid",
            "given_back",
            "written_off",
            "closing",
        ),
        [row for row in rows if row["month"] <= books.month],
        tie_outs=ties,
    )


AGES = ("not_due", "days_1_30", "days_31_60", "days_61_90", "days_91_plus")


def _ageing(books: _Books) -> Section:
    sums = ", ".join(f"coalesce(sum({bucket}), 0) as {bucket}" for bucket in AGES)
    total = books.rows(f"select {sums}, coalesce(sum(total), 0) as total from finance.ageing")[0]
    rows = books.rows(
        "select * from finance.ageing where total <> 0 order by total desc nulls last, "
        "account_id nulls last"
    )
    receivable = books.one(
        "select coalesce(sum(debit - credit), 0) from finance.journal_entries "
        "where posting = 'receivable'"
    )
    chart = Bars([(age, total[age]) for age in AGES])
    return _section(
        "ageing",
        ("account_id", *AGES, "total"),
        rows,
        chart=chart,
        tie_outs=[
            TieOut(
                "ageing",
                books.money(total["total"]),
                books.money(receivable),
            )
        ],
    )


def _deferred(books: _Books) -> Section:
    rows = books.rows(
        "select * from finance.deferred_revenue_movements where month <= $month "
        "order by month nulls last"
    )
    return _section(
        "deferred_revenue",
        ("month", "opening", "deferred", "earned", "closing"),
        rows,
        tie_outs=[
            TieOut(
                "deferred",
                books.money(_last(rows, "closing")),
                books.money(_last(rows, "unearned")),
            )
        ],
    )


def _taxes(books: _Books) -> Section:
    rows = books.rows(
        "select * from finance.tax_by_rate where month = $month order by jurisdiction nulls last, "
        "tax_category nulls last, tax_id nulls last, rate_percent nulls last, name nulls last"
    )
    for row in rows:
        row["rate_percent"] = row["rate_percent"].normalize() + 0
    collected = sum((row["amount_tax"] for row in rows), ZERO)
    ledger = books.one(
        "select coalesce(sum(credit - debit), 0) from finance.journal_entries where "
        "posting = 'tax_collected' and entry_date >= $month and entry_date < $next_month"
    )
    return _section(
        "tax",
        (
            "jurisdiction",
            "name",
            "tax_category",
            "rate_percent",
            "documents",
            "taxable_amount",
            "amount_tax",
        ),
        rows,
        tie_outs=[TieOut("tax", books.money(collected), books.money(ledger))],
    )


def _collections(books: _Books) -> Section:
    rows = books.rows(
        "select * from finance.collections where month = $month order by method nulls last"
    )
    received = sum((row["amount_received"] for row in rows), ZERO)
    ledger = books.one(
        "select coalesce(sum(debit - credit), 0) from finance.journal_entries where "
        "posting like 'payment_%' and entry_date >= $month and entry_date < $next_month"
    )
    return _section(
        "collections",
        ("method", "documents", "amount_billed", "sent_to_stripe", "payments", "amount_received"),
        rows,
        coded=["method"],
        tie_outs=[
            TieOut(
                "collections",
                books.money(received),
                books.money(ledger),
            )
        ],
    )


def _numbers(books: _Books) -> Section:
    rows = books.rows("select * from finance.number_series order by series nulls last")
    wrong = sum(row["missing"] + row["doubled"] for row in rows)
    return _section(
        "numbers",
        (
            "series",
            "first_sequence",
            "last_sequence",
            "documents",
            "missing",
            "doubled",
            "last_bill_date",
        ),
        rows,
        tie_outs=[TieOut("numbers", wrong, 0)],
    )


def _unbilled(books: _Books) -> Section:
    rows = books.rows(
        "select * from finance.unbilled_usage where month = $month order by bill_date nulls last, "
        "amount desc nulls last, service nulls last, charge_name nulls last"
    )
    return _section(
        "unbilled_usage",
        ("bill_date", "service", "charge_name", "events", "quantity", "amount"),
        rows,
        coded=["service"],
    )


def _zones(books: _Books) -> Section:
    rows = books.rows(
        "select bill_date, product_id, service, direction, visited_zone, zone, events, quantity, "
        "included_quantity, amount, currency_code from finance.usage_by_zone "
        "where bill_date >= $month and bill_date < $next_month "
        "order by amount desc nulls last, events desc nulls last, product_id nulls last, "
        "service nulls last, direction nulls last, visited_zone nulls last, zone nulls last, "
        "bill_date nulls last"
    )
    return _section(
        "usage_by_zone",
        (
            "bill_date",
            "product_id",
            "service",
            "visited_zone",
            "zone",
            "events",
            "quantity",
            "included_quantity",
            "amount",
        ),
        rows,
        coded=["service", "visited_zone"],
    )


def _decisions(books: _Books) -> Section:
    rows = books.rows(
        "select * from finance.manual_decisions where decided_on >= $month and "
        "decided_on < $next_month order by decision nulls last, decided_on nulls last, "
        "decision_id nulls last"
    )
    return _section(
        "manual_decisions",
        (
            "decision",
            "account_id",
            "decided_on",
            "document_number",
            "amount",
            "reason",
            "decided_by",
        ),
        rows,
        coded=["decision"],
    )


def _reperformance(books: _Books, archive_folder: Path) -> Section:
    count = books.one("select count(*) from invoicing.issued_documents")
    broken = [
        {"document_number": number, "fault": what}
        for number, what in [
            *issuing.broken_links(books.con),
            *archive.differences(books.con, archive_folder),
        ]
    ]
    sound = count - len({row["document_number"] for row in broken})
    return _section(
        "documents",
        ("document_number", "fault"),
        broken,
        tie_outs=[TieOut("documents", sound, count)],
        remark=None if archive_folder.is_dir() else "no_archive",
    )
