"""Fills the raw tables of a warehouse from an operator folder."""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import queue
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

import duckdb
import pyarrow as pa

from ingestion.cell_checks import literal, quoted
from ingestion.containers import DamagedFileError
from ingestion.decoding import BATCH_LINES, Batch, FileNumber, RefusedFileError, RejectedLine
from ingestion.faults import Fault, OperatorFolderError, in_reading_order
from ingestion.feeds import registered_formats
from ingestion.operator_folder import ReadFolder, read_folder
from ingestion.operator_yaml import operator_columns
from ingestion.table_reading import LINE
from ingestion.tables import TABLES, Table
from ingestion.usage_files import Memory, Stamp, UsageFile, has_changed, is_settled
from ingestion.usage_rows import COMPRESSION, RECORD_COLUMNS, insert_sql, rejected_sql

Progress = Callable[[str, int, int], None]

# A transaction holds whole files and ends with the file that passes one of these.
TRANSACTION_LINES = 2_000_000
TRANSACTION_FILES = 5_000

# Empty for formats that do not number their files.
FILE_NUMBER_COLUMNS = (
    ("sender", "varchar"),
    ("recipient", "varchar"),
    ("sequence_number", "bigint"),
)
USAGE_TABLES: dict[str, tuple[tuple[str, str], ...]] = {
    "usage_files": (
        ("file_id", "varchar"),
        ("file_number", "bigint"),
        ("feed", "varchar"),
        ("format", "varchar"),
        ("file_name", "varchar"),
        ("size_bytes", "bigint"),
        ("loaded_at", "timestamp"),
        ("lines", "bigint"),
        ("records", "bigint"),
        ("rejected", "bigint"),
        *FILE_NUMBER_COLUMNS,
    ),
    "usage_records": RECORD_COLUMNS,
    "rejected_lines": (
        ("file_number", "bigint"),
        ("file_id", "varchar"),
        ("feed", "varchar"),
        ("line_number", "bigint"),
        ("reason", "varchar"),
        ("content", "varchar"),
    ),
    "refused_files": (
        ("file_id", "varchar"),
        ("feed", "varchar"),
        ("file_name", "varchar"),
        ("reason", "varchar"),
        ("refused_at", "timestamp"),
        *FILE_NUMBER_COLUMNS,
    ),
}
# Where known files stand, so that a load need not read them again to know them.
PATH_COLUMNS = (
    ("file_name", "varchar"),
    ("file_id", "varchar"),
    ("size_bytes", "bigint"),
    ("modified_ns", "bigint"),
    ("changed_ns", "bigint"),
    ("inode", "ubigint"),
)
# The files of settings and tables as they were when a load found nothing to say of them, and the
# program that read them.
REFERENCE_PATH_COLUMNS = (
    ("file_name", "varchar"),
    ("size_bytes", "bigint"),
    ("modified_ns", "bigint"),
    ("changed_ns", "bigint"),
    ("inode", "ubigint"),
    ("program", "varchar"),
)
# Written by other parts, declared here so that every raw table exists before the first run.
OTHER_TABLES: dict[str, tuple[tuple[str, str], ...]] = {
    "stripe_objects": (
        ("document_number", "varchar"),
        ("object_kind", "varchar"),
        ("stripe_id", "varchar"),
        ("status", "varchar"),
        ("payload_sha256", "varchar"),
    ),
    "draft_releases": (
        ("bill_date", "date"),
        ("account_id", "varchar"),
        ("reason", "varchar"),
        ("released_at", "timestamp"),
    ),
}


@dataclass
class LoadReport:
    """What a load did. `refused`: files that a decoder refused whole, also those known before."""

    reference_changed: bool = False
    files_loaded: int = 0
    files_skipped: int = 0
    records: int = 0
    rejected: int = 0
    refused: int = 0
    warnings: list[Fault] = field(default_factory=list)


def raw_columns(table: Table) -> list[tuple[str, str]]:
    """Name and SQL type of each column of a table of the operator folder."""
    return [
        *((column.name, column.sql_type) for column in table.columns),
        ("source_file", "varchar"),
        (LINE, "bigint"),
    ]


def prepare(con: duckdb.DuckDBPyConnection) -> None:
    """Create schema raw and all its tables. Tables that stand already keep their rows.

    A column that a table of an earlier version lacks is added.
    """
    wanted: dict[str, list[tuple[str, str]]] = {table.name: raw_columns(table) for table in TABLES}
    wanted["operator"] = operator_columns()
    paths = {"usage_paths": PATH_COLUMNS, "reference_paths": REFERENCE_PATH_COLUMNS}
    for name, columns in (USAGE_TABLES | OTHER_TABLES | paths).items():
        wanted[name] = list(columns)
    con.execute("create schema if not exists raw")
    for name, columns in wanted.items():
        # DuckDB 2 chooses for itself and refuses the names
        is_told = name == "usage_records" and duckdb.__version__.startswith("1.")
        compression = COMPRESSION if is_told else {}
        declared = ", ".join(
            f"{quoted(column)} {sql_type}"
            + (f" using compression '{compression[column]}'" if column in compression else "")
            for column, sql_type in columns
        )
        con.execute(f"create table if not exists raw.{quoted(name)} ({declared})")
    standing: dict[str, set[str]] = {}
    for name, column in con.execute(
        "select table_name, column_name from information_schema.columns"
        " where table_schema = 'raw' and table_catalog = current_database()"
    ).fetchall():
        standing.setdefault(name, set()).add(column)
    for name, columns in wanted.items():
        for column, sql_type in columns:
            if column not in standing[name]:
                con.execute(
                    f"alter table raw.{quoted(name)} add column {quoted(column)} {sql_type}"
                )


def load(
    con: duckdb.DuckDBPyConnection,
    folder: Path,
    *,
    loaded_at: dt.datetime | None = None,
    progress: Progress | None = None,
) -> LoadReport:
    """Load what is new in the folder.

    Reference tables are replaced in one transaction if their content has changed; while none of
    their files has been touched they are not read again. Usage files are
    taken in the order of feed and name; one whose content is known is skipped, any other is loaded
    whole or not at all. `loaded_at` (default: now) is the one instant noted with all of them; a
    naive one is UTC. `progress(stage, done, total)`.

    Raises OperatorFolderError with every fault of the folder before anything has been changed.
    """
    moment = (loaded_at or dt.datetime.now(dt.UTC)).replace(microsecond=0)
    if moment.tzinfo is not None:
        moment = moment.astimezone(dt.UTC).replace(tzinfo=None)
    prepare(con)
    known = {row[0] for row in con.execute("select file_id from raw.usage_files").fetchall()}
    paths = {
        name: ((size, modified, changed, inode), file_id)
        for name, file_id, size, modified, changed, inode in con.execute(
            "select * from raw.usage_paths"
        ).fetchall()
    }
    report = LoadReport()
    begun_ns = time.time_ns()
    reference = _known_reference(con)
    with read_folder(
        folder,
        Memory(frozenset(known), paths),
        progress=progress,
        known_reference=reference,
    ) as read:
        if read.faults:
            raise OperatorFolderError(read.faults)
        report.warnings += read.warnings
        if not read.is_reference_known:
            report.reference_changed = _replace_reference(con, read, begun_ns)
        _UsageLoader(con, moment, known, report, progress).load(read.usage_files)
        settled = [file for file in read.usage_files if is_settled(file.stamp, begun_ns)]
        _remember_paths(con, paths, [file for file in settled if file.file_id in known])
    report.warnings = in_reading_order(report.warnings)
    return report


def _remember_paths(
    con: duckdb.DuckDBPyConnection,
    before: dict[str, tuple[Stamp, str]],
    files: list[UsageFile],
) -> None:
    now = {file.name: (file.stamp, file.file_id) for file in files}
    if now == before:
        return
    names = list(now)
    ids = [file_id for _, file_id in now.values()]
    stamps = zip(*(stamp for stamp, _ in now.values()), strict=True) if now else [()] * 4
    numbers = [pa.array(list(column), pa.uint64()) for column in stamps]
    columns = zip((name for name, _ in PATH_COLUMNS), (names, ids, *numbers), strict=True)
    con.execute("begin transaction")
    try:
        con.execute("delete from raw.usage_paths")
        con.register("incoming", pa.table(dict(columns)))
        con.execute("insert into raw.usage_paths by name select * from incoming")
        con.unregister("incoming")
        con.execute("commit")
    except BaseException:
        _rollback(con)
        raise


# --------------------------------------------------------------------------------------- reference


@lru_cache(maxsize=1)
def _program() -> str:
    """SHA-256 of what reads and checks the tables: another program may find other faults."""
    digest = hashlib.sha256()
    for file in sorted(Path(__file__).parent.rglob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _known_reference(con: duckdb.DuckDBPyConnection) -> dict[str, Stamp]:
    """The files of settings and tables that need not be read again while they are untouched."""
    return {
        name: (size, modified, changed, inode)
        for name, size, modified, changed, inode in con.execute(
            "select file_name, size_bytes, modified_ns, changed_ns, inode"
            " from raw.reference_paths where program = ?",
            [_program()],
        ).fetchall()
    }


def _remember_reference(con: duckdb.DuckDBPyConnection, read: ReadFolder, begun_ns: int) -> None:
    """Note the files, unless there is something to say of them, each time anew."""
    con.execute("delete from raw.reference_paths")
    if read.has_reference_warnings:
        return
    if all(is_settled(stamp, begun_ns) for stamp in read.reference.values()):
        con.executemany(
            "insert into raw.reference_paths values (?, ?, ?, ?, ?, ?)",
            [[name, *stamp, _program()] for name, stamp in read.reference.items()],
        )


def _replace_reference(con: duckdb.DuckDBPyConnection, read: ReadFolder, begun_ns: int) -> bool:
    """Replace the tables whose content differs, in one transaction; whether there were any."""
    assert read.con is not None
    changed: list[tuple[str, pa.Table]] = []
    for table in TABLES:
        rows = read.con.execute(_reference_sql(table, read.tables[table.name].file))
        changed.append((table.name, rows.to_arrow_table()))
    columns = operator_columns()
    values = [read.settings.row[name] for name, _ in columns]
    operator = read.con.execute(
        "select " + ", ".join(f"cast(? as {kind}) as {quoted(name)}" for name, kind in columns),
        values,
    ).to_arrow_table()
    changed.append(("operator", operator))
    changed = [(name, rows) for name, rows in changed if not _is_same(con, name, rows)]
    con.execute("begin transaction")
    try:
        for name, rows in changed:
            con.register("incoming", rows)
            con.execute(f"delete from raw.{quoted(name)}")
            con.execute(f"insert into raw.{quoted(name)} by name select * from incoming")
            con.unregister("incoming")
        _remember_reference(con, read, begun_ns)
        con.execute("commit")
    except BaseException:
        _rollback(con)
        raise
    return bool(changed)


def _reference_sql(table: Table, file: str) -> str:
    columns = {column.name: quoted(column.name) for column in table.columns}
    if table.name == "rates":
        columns["rate_id"] = f"coalesce(rate_id, {_RATE_ID}) as rate_id"
    return (
        f"select {', '.join(columns.values())}, {literal(file)} as source_file, {LINE}"
        f" from typed.{quoted(table.name)} order by {LINE}"
    )


# Readable, and unique because the key is: card/voice/originating/home/FR/peak@2026-01-01#0#0.
_RATE_ID = (
    "rate_card_id || '/' || service || '/' || coalesce(direction, 'originating')"
    " || '/' || coalesce(visited_zone, '*') || '/' || coalesce(zone, '*')"
    " || '/' || coalesce(band, '*') || coalesce('@' || cast(valid_from as varchar), '')"
    " || '#' || cast(coalesce(starts_at, 0) as varchar)"
    " || '#' || cast(coalesce(tier_from, 0) as varchar)"
)


def _is_same(con: duckdb.DuckDBPyConnection, name: str, rows: pa.Table) -> bool:
    """Whether the raw table holds these rows, compared by number and hashes."""
    columns = ", ".join(quoted(column) for column in rows.column_names)
    digest = (
        f"select count(*), bit_xor(hash({columns})), sum(cast(hash({columns}) as hugeint)) from"
    )
    con.register("incoming", rows)
    incoming = con.execute(f"{digest} incoming").fetchall()
    con.unregister("incoming")
    return incoming == con.execute(f"{digest} raw.{quoted(name)}").fetchall()


# ------------------------------------------------------------------------------------------- usage


@dataclass
class _OpenFile:
    """A file of the transaction that is under way."""

    file: UsageFile
    number: int
    lines: int = 0
    rejected: list[RejectedLine] = field(default_factory=list)
    written_rows: int = 0
    file_number: FileNumber | None = None


NO_ROWS = pa.table({"none": pa.nulls(0)})


class _Incoming:
    """A relation of one name whose rows change from one statement to the next.

    What is registered within a transaction is kept in memory until its end; this is registered
    once, before.
    """

    def __init__(self, con: duckdb.DuckDBPyConnection, name: str) -> None:
        self.con = con
        self.name = name
        self.rows = NO_ROWS

    def __enter__(self) -> _Incoming:
        self.con.register(self.name, self)
        return self

    def __exit__(self, *_: object) -> None:
        self.con.unregister(self.name)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self.rows.__arrow_c_stream__(requested_schema)


@contextlib.contextmanager
def _threads_given_back(con: duckdb.DuckDBPyConnection) -> Iterator[int]:
    """How many threads the connection may use, and has again at the end.

    To be left when no transaction is open: one that has failed takes no setting.
    """
    threads = con.execute("select current_setting('threads')").fetchall()[0][0]
    try:
        yield threads
    finally:
        con.execute(f"set threads = {threads}")


class _UsageLoader:
    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        loaded_at: dt.datetime,
        known: set[str],
        report: LoadReport,
        progress: Progress | None,
    ) -> None:
        self.con = con
        self.loaded_at = loaded_at
        self.known = known
        self.report = report
        self.progress = progress
        self.threads = 1
        self.next_number = 1
        # The transaction under way: files read to their end, and rows that wait to be written.
        self.files: list[_OpenFile] = []
        self.waiting: list[tuple[_OpenFile, Batch]] = []
        self.waiting_rows = 0
        self.refusals: list[tuple[UsageFile, RefusedFileError]] = []
        self.incoming = _Incoming(con, "incoming")
        self.incoming_files = _Incoming(con, "incoming_files")

    def load(self, files: list[UsageFile]) -> None:
        self.next_number = self.con.execute(
            "select coalesce(max(file_number), 0) + 1 from raw.usage_files"
        ).fetchall()[0][0]
        with self.incoming, self.incoming_files, _threads_given_back(self.con) as self.threads:
            self._load_all(files)

    def _load_all(self, files: list[UsageFile]) -> None:
        total = sum(file.source.size_bytes for file in files)
        done = 0
        self.con.execute("begin transaction")
        try:
            for file in files:
                if file.file_id in self.known:
                    self.report.files_skipped += 1
                else:
                    self._load_file(file)
                    self.known.add(file.file_id)
                    self._commit_if_large()
                done += file.source.size_bytes
                if self.progress:
                    self.progress("usage", done, total)
            self._close_transaction()
            self._replace_refusals()
            self.con.execute("commit")
        except BaseException:
            _rollback(self.con)
            raise

    def _load_file(self, file: UsageFile) -> None:
        opened = _OpenFile(file, self.next_number)
        decode = registered_formats()[file.feed.format].decode
        refusal: RefusedFileError | None = None
        warnings: list[str] = []
        try:
            for batch in _ahead(decode(file.source, file.feed)):
                self._take(opened, batch)
                warnings += batch.warnings
        except RefusedFileError as error:
            refusal = error
        except (DamagedFileError, OSError) as error:
            # It could be read a moment ago, so it is being written to.
            if not has_changed(file):
                raise OperatorFolderError([Fault(file.name, None, None, str(error))]) from None
        if has_changed(file):
            self._discard(opened)
            message = "has changed while it was being loaded, left for the next load"
            self.report.warnings.append(Fault(file.name, None, None, message))
        elif refusal is not None:
            self._discard(opened)
            self.refusals.append((file, refusal))
            self.report.refused += 1
            self.report.warnings.append(Fault(file.name, None, None, f"refused: {refusal}"))
        else:
            self.next_number += 1
            self.files.append(opened)
            self.report.warnings += [Fault(file.name, 1, None, text) for text in warnings]

    def _take(self, opened: _OpenFile, batch: Batch) -> None:
        found = batch.rows.num_rows + len(batch.rejected)
        if found != batch.lines:
            raise RuntimeError(f"{opened.file.name}: {batch.lines} lines, but {found} were decoded")
        opened.lines += batch.lines
        opened.file_number = opened.file_number or batch.file_number
        opened.rejected += batch.rejected
        if batch.rows.num_rows:
            self.waiting.append((opened, batch))
            self.waiting_rows += batch.rows.num_rows
        if self.waiting_rows >= BATCH_LINES:
            self._write()

    def _write(self) -> None:
        """Write the rows that wait, of however many files."""
        if not self.waiting:
            return
        files = {opened.number: opened for opened, _ in self.waiting}
        self.incoming_files.rows = pa.table(
            {
                "file_number": pa.array(list(files), pa.int64()),
                "file_id": [opened.file.file_id for opened in files.values()],
                "feed": [opened.file.feed.name for opened in files.values()],
            }
        )
        rows = pa.concat_tables([batch.rows for _, batch in self.waiting])
        if len(files) == 1:
            relation = f"(select *, {next(iter(files))} as file_number from incoming)"
        else:
            numbers = pa.chunked_array(
                pa.array([opened.number] * batch.rows.num_rows, pa.int64())
                for opened, batch in self.waiting
            )
            rows = rows.append_column("file_number", numbers)
            relation = "incoming"
        self.incoming.rows = rows
        # A stream of one Arrow batch is read by one thread; the others wait, which can be work: a
        # day's file took up to three times the processor time with two threads, and was no faster.
        is_one_batch = rows.column(0).num_chunks <= 1
        self.con.execute(f"set threads = {1 if is_one_batch else self.threads}")
        inserted = self.con.execute(insert_sql(relation, "incoming_files")).fetchall()[0][0]
        for opened, batch in self.waiting:
            opened.written_rows += batch.rows.num_rows
        if inserted != rows.num_rows:
            unreadable = self.con.execute(rejected_sql(relation)).fetchall()
            if inserted + len(unreadable) != rows.num_rows:
                raise RuntimeError("records were lost while they were being loaded")
            self._reject(files, unreadable)
        self.incoming.rows = NO_ROWS
        self.waiting.clear()
        self.waiting_rows = 0

    def _reject(self, files: dict[int, _OpenFile], unreadable: list[tuple[int, int, str]]) -> None:
        """Note the rows of the waiting batches that can not be read.

        Several rows may bear the number of one line; each reason is noted once.
        """
        reasons: dict[int, dict[int, list[str]]] = {}
        for number, line, reason in unreadable:
            reasons.setdefault(number, {}).setdefault(line, []).append(reason)
        for opened, batch in self.waiting:
            of_file = reasons.get(opened.number)
            if not of_file:
                continue
            lines = batch.rows.column("line_number").to_pylist()
            mine = [(line, of_file[line].pop(0)) for line in lines if of_file.get(line)]
            contents = batch.content_of([line for line, _ in mine])
            opened.rejected += [RejectedLine(n, reason, contents[n]) for n, reason in mine]
            opened.written_rows -= len(mine)

    def _discard(self, opened: _OpenFile) -> None:
        """Take back what was read of a file."""
        self.waiting = [(other, batch) for other, batch in self.waiting if other is not opened]
        self.waiting_rows = sum(batch.rows.num_rows for _, batch in self.waiting)
        if opened.written_rows:
            self.con.execute("delete from raw.usage_records where file_number = ?", [opened.number])

    def _commit_if_large(self) -> None:
        lines = sum(opened.lines for opened in self.files)
        if lines >= TRANSACTION_LINES or len(self.files) >= TRANSACTION_FILES:
            self._close_transaction()
            self.con.execute("commit")
            self.con.execute("begin transaction")

    def _close_transaction(self) -> None:
        """Write what is left of the files read, and the files themselves."""
        self._write()
        files, self.files = self.files, []
        if not files:
            return
        self._insert(
            "usage_files",
            [
                (
                    opened.file.file_id,
                    opened.number,
                    opened.file.feed.name,
                    opened.file.feed.format,
                    opened.file.name,
                    opened.file.source.size_bytes,
                    self.loaded_at,
                    opened.lines,
                    opened.written_rows,
                    len(opened.rejected),
                    *_file_number_cells(opened.file_number),
                )
                for opened in files
            ],
        )
        self._insert(
            "rejected_lines",
            [
                (
                    opened.number,
                    opened.file.file_id,
                    opened.file.feed.name,
                    line.line_number,
                    line.reason,
                    line.content,
                )
                for opened in files
                for line in sorted(opened.rejected, key=lambda line: line.line_number)
            ],
        )
        for opened in files:
            if opened.written_rows + len(opened.rejected) != opened.lines:
                raise RuntimeError(f"{opened.file.name}: lines were lost while it was loaded")
            self.report.files_loaded += 1
            self.report.records += opened.written_rows
            self.report.rejected += len(opened.rejected)

    def _replace_refusals(self) -> None:
        """Note each file that is refused now; one that was refused before keeps its instant."""
        before = {
            row[0]: row[1:]
            for row in self.con.execute(
                "select file_id, feed, file_name, reason, refused_at from raw.refused_files"
            ).fetchall()
        }
        for file, refusal in self.refusals:
            reason = str(refusal)
            noted = before.get(file.file_id)
            if noted is None or noted[2] != reason:
                self.con.execute("delete from raw.refused_files where file_id = ?", [file.file_id])
                number = _file_number_cells(refusal.file_number)
                row = (file.file_id, file.feed.name, file.name, reason, self.loaded_at, *number)
                self._insert("refused_files", [row])
        self.con.execute(
            "delete from raw.refused_files where file_id in (select file_id from raw.usage_files)"
        )

    def _insert(self, table: str, rows: list[tuple]) -> None:
        if not rows:
            return
        columns = list(zip(*rows, strict=True))
        names = [name for name, _ in USAGE_TABLES[table]]
        self.incoming.rows = pa.table(dict(zip(names, map(list, columns), strict=True)))
        self.con.execute(f"insert into raw.{table} by name select * from incoming")


def _file_number_cells(found: FileNumber | None) -> tuple[str | None, str | None, int | None]:
    return (found.sender, found.recipient, found.number) if found else (None, None, None)


def _rollback(con: duckdb.DuckDBPyConnection) -> None:
    """After a failed commit there may be nothing left to roll back."""
    with contextlib.suppress(duckdb.Error):
        con.execute("rollback")


Item = TypeVar("Item")


def _ahead(items: Iterator[Item]) -> Iterator[Item]:
    """The same items, the next one made by another thread while one is worked on.

    Two items are in memory at most: the next is begun when one has been taken.
    """
    made: queue.SimpleQueue[tuple[Item | None, BaseException | None]] = queue.SimpleQueue()
    wanted = threading.Semaphore(1)
    stopped = threading.Event()

    def work() -> None:
        try:
            while True:
                wanted.acquire()
                if stopped.is_set():
                    return
                item = next(items, None)
                made.put((item, None))
                if item is None:
                    return
        except BaseException as error:
            made.put((None, error))

    worker = threading.Thread(target=work, name="decoder", daemon=True)
    worker.start()
    try:
        while True:
            item, error = made.get()
            if error is not None:
                raise error
            if item is None:
                return
            wanted.release()
            yield item
            del item
    finally:
        stopped.set()
        wanted.release()
        worker.join()
