"""Issuing: the legal moment of a bill run, one transaction that appends numbered documents.

Everything that a document says was worked out in SQL (invoicing.int_documents_to_issue); here its
number is checked to continue its series without a gap, its content is chained by SHA-256 to the
document before, and both are appended (7.2). Issued rows are never edited (7.3).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

import duckdb
import pyarrow as pa

# Owned by this module and created before the first dbt run; dbt declares them as sources.
TABLES = """
create schema if not exists invoicing;

create table if not exists invoicing.issued_documents (
    document_number varchar not null primary key,
    document_kind varchar not null check (document_kind in ('invoice', 'credit_note')),
    account_id varchar not null,
    bill_date date not null,
    issued_at timestamp not null,
    document varchar not null,
    document_sha256 varchar not null,
    previous_sha256 varchar not null,
    series varchar not null,
    sequence bigint not null check (sequence >= 1),
    position bigint not null unique check (position >= 1),
    unique (series, sequence)
);

create table if not exists invoicing.issued_usage (
    document_number varchar not null,
    account_id varchar not null,
    subscription_id varchar not null,
    usage_event_id varchar not null,
    position bigint not null,
    service varchar not null,
    direction varchar not null,
    other_party varchar,
    destination varchar,
    zone varchar,
    visited_zone varchar,
    charge_name varchar,
    local_started_at timestamp not null,
    quantity bigint not null,
    included_quantity bigint not null,
    billed_quantity bigint not null,
    amount decimal(18, 6) not null,
    primary key (document_number, position)
);
"""

USAGE_COLUMNS = (
    "document_number, account_id, subscription_id, usage_event_id, position, service, direction, "
    "other_party, destination, zone, visited_zone, charge_name, local_started_at, quantity, "
    "included_quantity, billed_quantity, amount"
)

BATCH = 1_000

CHAIN = pa.schema(
    [
        ("document_number", pa.string()),
        ("position", pa.int64()),
        ("document_sha256", pa.string()),
        ("previous_sha256", pa.string()),
    ]
)


class Connect(Protocol):
    """Opens a connection to the warehouse, on which the caller holds the lock."""

    def __call__(self) -> AbstractContextManager[duckdb.DuckDBPyConnection]: ...


class IssuingRefused(Exception):
    """The drafts may not be issued; nothing was changed. `objections` says why, one per line."""

    def __init__(self, objections: list[str]) -> None:
        super().__init__("\n".join(objections))
        self.objections = objections


@dataclass(frozen=True, kw_only=True)
class IssueReport:
    """What one call of `issue` did."""

    bill_date: date
    issued: int  # documents appended now
    already_issued: int  # of the drafts at hand, by an earlier call
    usage_rows: int  # itemised usage appended now
    numbers: list[str]  # of the documents appended now


@dataclass(frozen=True, kw_only=True)
class NewDocument:
    """One document that is to be appended by itself."""

    document_number: str
    document_kind: str
    account_id: str
    bill_date: date
    issued_at: datetime
    document: str  # canonical content
    series: str
    sequence: int


def nothing_to_issue(bill_date: date, *, already_issued: int = 0) -> IssueReport:
    """The report of a call that had nothing to append."""
    return IssueReport(
        bill_date=bill_date, issued=0, already_issued=already_issued, usage_rows=0, numbers=[]
    )


def prepare(con: duckdb.DuckDBPyConnection) -> None:
    """Create the issued tables, when they do not stand yet."""
    con.execute(TABLES)


def chained_sha256(previous_sha256: str, document: str) -> str:
    """Hash of a document's canonical content and of the hash before it; the first has ''."""
    return hashlib.sha256((previous_sha256 + document).encode()).hexdigest()


def issue(connect: Connect, bill_date: date) -> IssueReport:
    """Append the documents that the drafts of `bill_date` propose, all of them or none.

    Documents that an earlier call appended are left alone, so a call that is repeated changes
    nothing. Raises IssuingRefused when the drafts at hand do not fit what was issued.
    """
    with connect() as con:
        prepare(con)
        chain, already = _links(con, bill_date)
        if not chain.num_rows:
            return nothing_to_issue(bill_date, already_issued=already)
    numbers: list[str] = chain.column("document_number").to_pylist()
    usage_rows = _once(connect, chain, lambda con: _append(con, chain))
    return IssueReport(
        bill_date=bill_date,
        issued=len(numbers),
        already_issued=already,
        usage_rows=usage_rows,
        numbers=numbers,
    )


def append(connect: Connect, new: NewDocument, *, alongside: str = "select 1") -> None:
    """Append one document to the chain; `alongside` is SQL that holds with it or not at all.

    Raises IssuingRefused when its number does not continue its series.
    """
    with connect() as con:
        prepare(con)
        position, previous = _end_of_chain(con)
        expected = _last_sequences(con).get(new.series, 0) + 1
    if new.sequence != expected:
        raise IssuingRefused(
            [f"{new.document_number}: breaks series {new.series}, whose next number is {expected}"]
        )
    digest = chained_sha256(previous, new.document)
    chain = pa.table(
        {
            "document_number": [new.document_number],
            "position": [position + 1],
            "document_sha256": [digest],
            "previous_sha256": [previous],
        },
        schema=CHAIN,
    )

    def write(con: duckdb.DuckDBPyConnection) -> int:
        con.execute(
            "insert into invoicing.issued_documents values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                new.document_number,
                new.document_kind,
                new.account_id,
                new.bill_date,
                new.issued_at,
                new.document,
                digest,
                previous,
                new.series,
                new.sequence,
                position + 1,
            ],
        )
        con.execute(alongside)
        return 0

    _once(connect, chain, write)


def _once(
    connect: Connect, chain: pa.Table, write: Callable[[duckdb.DuckDBPyConnection], int]
) -> int:
    """Run `write` in one transaction; returns what it returns.

    An error at commit means "unknown", not "not done" (DuckDB may have written the transaction
    before it failed): the file is opened again and the answer is read from it.
    """
    unknown: duckdb.Error | None = None
    with connect() as con:
        con.execute("begin transaction")
        try:
            result = write(con)
        except BaseException:
            con.execute("rollback")
            raise
        try:
            con.execute("commit")
        except duckdb.Error as error:
            unknown = error
    if unknown is not None:
        with connect() as con:
            if not _stands(con, chain):
                raise unknown
    return result


def _end_of_chain(con: duckdb.DuckDBPyConnection) -> tuple[int, str]:
    """Position and hash of the last document; 0 and '' before the first."""
    last = con.execute(
        "select position, document_sha256 from invoicing.issued_documents "
        "order by position desc nulls last limit 1"
    ).fetchone()
    return last or (0, "")


def _last_sequences(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """The last number of every series."""
    return dict(
        con.execute(
            "select series, max(sequence) from invoicing.issued_documents group by series"
        ).fetchall()
    )


def _links(con: duckdb.DuckDBPyConnection, bill_date: date) -> tuple[pa.Table, int]:
    """The chain that continues what was issued: number, position and both hashes per new document.

    Also the number of drafts that were issued before. Raises IssuingRefused.
    """
    _refuse_older_bill_dates(con, bill_date)
    position, previous = _end_of_chain(con)
    sequences = _last_sequences(con)
    drafts = con.execute(
        """
        select
            drafts.document_number,
            drafts.series,
            drafts.sequence,
            drafts.bill_date,
            drafts.document,
            issued.document as issued_document
        from invoicing.int_documents_to_issue as drafts
        left join invoicing.issued_documents as issued
            on drafts.document_number = issued.document_number
        order by drafts.account_id nulls first, drafts.document_number nulls first
        """
    )
    objections: list[str] = []
    already = 0
    columns: dict[str, list[str | int]] = {
        name: [] for name in ("document_number", "position", "document_sha256", "previous_sha256")
    }
    while rows := drafts.fetchmany(BATCH):
        for number, series, sequence, of_date, document, issued_document in rows:
            if of_date != bill_date:
                objections.append(f"{number}: a draft of {of_date}, not of {bill_date}")
            elif issued_document is not None:
                already += 1
                if issued_document != document:
                    objections.append(
                        f"{number}: issued with other content; draft {bill_date} anew"
                    )
            elif sequence != sequences.get(series, 0) + 1:
                objections.append(
                    f"{number}: breaks series {series}, whose next number is "
                    f"{sequences.get(series, 0) + 1}; draft {bill_date} anew"
                )
            else:
                sequences[series] = sequence
                position += 1
                digest = chained_sha256(previous, document)
                for name, value in zip(columns, (number, position, digest, previous), strict=True):
                    columns[name].append(value)
                previous = digest
    if objections:
        raise IssuingRefused(objections)
    return pa.table(columns, schema=CHAIN), already


def _refuse_older_bill_dates(con: duckdb.DuckDBPyConnection, bill_date: date) -> None:
    """7.2: bill dates of one account are issued in ascending order."""
    later = con.execute(
        """
        select issued.account_id, max(issued.bill_date)
        from invoicing.issued_documents as issued
        inner join invoicing.int_documents_to_issue as drafts
            on issued.account_id = drafts.account_id
        where issued.bill_date > ?
            and drafts.document_number not in (
                select document_number from invoicing.issued_documents
            )
        group by issued.account_id
        order by issued.account_id nulls first
        """,
        [bill_date],
    ).fetchall()
    if later:
        raise IssuingRefused(
            [
                f"account {account}: {last} is issued, {bill_date} lies before it (7.2)"
                for account, last in later
            ]
        )


def _append(con: duckdb.DuckDBPyConnection, chain: pa.Table) -> int:
    """Insert the chain's documents and their itemised usage; returns the rows of usage."""
    con.register("new_links", chain)
    try:
        con.execute(
            """
            insert into invoicing.issued_documents (
                document_number, document_kind, account_id, bill_date, issued_at, document,
                document_sha256, previous_sha256, series, sequence, position
            )
            select
                drafts.document_number, drafts.document_kind, drafts.account_id, drafts.bill_date,
                drafts.issued_at, drafts.document, new_links.document_sha256,
                new_links.previous_sha256, drafts.series, drafts.sequence, new_links.position
            from invoicing.int_documents_to_issue as drafts
            inner join new_links
                on drafts.document_number = new_links.document_number
            """
        )
        row = con.execute(
            f"""
            insert into invoicing.issued_usage ({USAGE_COLUMNS})
            select {USAGE_COLUMNS}
            from invoicing.int_usage_to_issue
            where document_number in (select document_number from new_links)
            """
        ).fetchone()
    finally:
        con.unregister("new_links")
    return row[0] if row else 0


def _stands(con: duckdb.DuckDBPyConnection, chain: pa.Table) -> bool:
    """Whether every document of the chain is in the warehouse, as it was to be written."""
    con.register("new_links", chain)
    row = con.execute(
        """
        select count(*)
        from invoicing.issued_documents as issued
        inner join new_links
            on issued.document_number = new_links.document_number
            and issued.document_sha256 = new_links.document_sha256
        """
    ).fetchone()
    con.unregister("new_links")
    return row is not None and row[0] == chain.num_rows


def bill_date_of(con: duckdb.DuckDBPyConnection, document_number: str) -> date:
    """The bill date of an issued document. Raises KeyError when there is none of this number."""
    row = con.execute(
        "select bill_date from invoicing.issued_documents where document_number = ?",
        [document_number],
    ).fetchone()
    if row is None:
        raise KeyError(document_number)
    return row[0]


def broken_links(
    con: duckdb.DuckDBPyConnection, *, since_position: int = 0
) -> Iterator[tuple[str, str]]:
    """Documents whose stored content, hash, place or number is not what was issued (7.2, 7.3).

    Yields (document number, what is wrong). Reads from `since_position` on.
    """
    previous: str | None = None
    expected = since_position
    sequences: dict[str, int] = {}
    rows = con.execute(
        """
        select document_number, position, series, sequence, document, document_sha256,
            previous_sha256
        from invoicing.issued_documents
        where position >= ?
        order by position nulls first
        """,
        [since_position],
    )
    while batch := rows.fetchmany(BATCH):
        for number, position, series, sequence, document, digest, before in batch:
            if previous is None:
                expected = max(since_position, 1)
                previous = before if since_position > 1 else ""
            if position != expected:
                yield number, f"position {position} follows {expected - 1}: a document is missing"
            if before != previous:
                yield number, "its previous hash is not the hash of the document before"
            if chained_sha256(before, document) != digest:
                yield number, "its content does not hash to the hash that was issued"
            if series in sequences and sequence != sequences[series] + 1:
                yield number, f"number {sequence} of series {series} follows {sequences[series]}"
            elif series not in sequences and since_position <= 1 and sequence != 1:
                yield number, f"series {series} begins with {sequence}"
            sequences[series] = sequence
            previous = digest
            expected = position + 1
