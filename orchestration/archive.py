"""The archive: every issued document as an immutable file, from which the warehouse can be rebuilt.

`<documents>/archive/<first position of the folder>/<position>-<number>.jsonl`, two lines: what
issuing gave the document (number, place in the chain, both hashes), then its canonical content as
it was hashed. So two standard tools verify a file:

    { printf %s "$previous_sha256"; tail -n 1 "$file" | tr -d '\\n'; } | sha256sum

Itemised usage lies beside it (`….usage.jsonl.gz`), in a file of its own: it is erased long before
the document, which holds a digest of it (7.2). Files are written whole, forced to the disk, made
read-only and never written again; the document's file comes last and so vouches for its usage.

Two files beside them hold what else nothing can tell again, and grow: `usage_files.jsonl`, when a
usage file was loaded and which bill run saw it first (2.4 rests on both), and `releases.jsonl`.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from orchestration import bill_runs, issuing
from orchestration.warehouse import has_table

FOLDER = "archive"
PER_FOLDER = 1_000
BATCH = 500
HEAD = (
    "document_number",
    "document_kind",
    "account_id",
    "bill_date",
    "issued_at",
    "series",
    "sequence",
    "position",
    "previous_sha256",
    "document_sha256",
)

_FACTS = {
    "usage_files.jsonl": (
        "mediation",
        "int_file_first_runs",
        ("file_id", "loaded_at", "first_bill_date"),
    ),
    "releases.jsonl": (
        "raw",
        "draft_releases",
        ("bill_date", "account_id", "reason", "released_at"),
    ),
}

# Bill dates that a restore has yet to draft again, oldest first: what rolls over into a period
# rests on the periods before it.
PENDING = """
create schema if not exists invoicing;
create table if not exists invoicing.bill_dates_to_rebuild (bill_date date not null);
"""

# The members of a row of itemised usage, in the order in which the document's digest has them
# (invoicing.int_documents_to_issue), and the type that the warehouse keeps each in.
USAGE_MEMBERS: Mapping[str, pa.DataType] = {
    "position": pa.int64(),
    "subscription_id": pa.string(),
    "usage_event_id": pa.string(),
    "service": pa.string(),
    "direction": pa.string(),
    "other_party": pa.string(),
    "destination": pa.string(),
    "zone": pa.string(),
    "visited_zone": pa.string(),
    "charge_name": pa.string(),
    "local_started_at": pa.string(),
    "quantity": pa.int64(),
    "included_quantity": pa.int64(),
    "billed_quantity": pa.int64(),
    "amount": pa.string(),
}

Progress = Callable[[int, int], None]


class ArchiveFault(Exception):
    """Archive and warehouse contradict each other. `faults` says where, one per line."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


@dataclass(frozen=True, kw_only=True)
class ArchiveReport:
    """What one call of `keep` did: documents written now, and those that stood already."""

    folder: Path
    written: int
    unchanged: int


@dataclass(frozen=True, kw_only=True)
class RestoreReport:
    """What one call of `restore` did."""

    restored: int  # documents appended to the warehouse now
    stood: int  # documents that the warehouse held already
    usage_rows: int  # itemised usage appended now
    without_usage: int  # restored documents whose itemised usage is no longer in the archive
    last_number: str | None  # of the chain as it stands now


@dataclass(frozen=True)
class Archived:
    """One file of the archive, as its name tells."""

    position: int
    path: Path

    @property
    def usage(self) -> Path:
        """Where its itemised usage lies, if it has any."""
        return self.path.with_suffix(".usage.jsonl.gz")


def files(folder: Path) -> Iterator[Archived]:
    """Every document of the archive, in the order of the chain."""
    if not folder.is_dir():
        return
    for part in sorted(entry for entry in folder.iterdir() if entry.name.isdigit()):
        for path in sorted(part.glob("*.jsonl")):
            position, _, number = path.stem.partition("-")
            if position.isdigit() and number:
                yield Archived(int(position), path)


def last_file(folder: Path) -> Archived | None:
    """The document of the highest position; one folder is looked at, however many there are."""
    if not folder.is_dir():
        return None
    for part in sorted((entry for entry in folder.iterdir() if entry.name.isdigit()), reverse=True):
        names = sorted(part.glob("*.jsonl"))
        if names:
            return Archived(int(names[-1].stem.partition("-")[0]), names[-1])
    return None


def objections(con: duckdb.DuckDBPyConnection, folder: Path) -> list[str]:
    """Why nothing may be issued here: documents were issued that this warehouse does not hold, so
    it would use their numbers again (7.2). A warehouse restored from an old copy is such a one."""
    unfinished = dates_to_rebuild(con)
    if unfinished:
        return [f"a restore was cut short before {unfinished[0]}; run `billhouse restore` again"]
    last = last_file(folder)
    if last is None:
        return []
    held = con.execute("select max(position) from invoicing.issued_documents").fetchone()
    position = (held[0] if held else None) or 0
    if last.position <= position:
        return []
    return [
        f"{folder}: holds {last.position - position} issued documents that the warehouse does not, "
        f"up to {last.path.stem.partition('-')[2]}; run `billhouse restore` first"
    ]


def keep(
    con: duckdb.DuckDBPyConnection, folder: Path, *, progress: Progress | None = None
) -> ArchiveReport:
    """Write every issued document that the archive lacks.

    Raises ArchiveFault, before anything is written, where the archive holds another document in
    the place of one of the warehouse's; and where itemised usage is not what was issued.
    """
    stood = {file.position: file.path.name for file in files(folder)}
    total = _count(con)
    done = 0
    clash = []
    missing = []
    for position, number in con.execute(
        "select position, document_number from invoicing.issued_documents "
        "order by position nulls first"
    ).fetchall():
        name = stood.get(position)
        if name is None:
            missing.append(position)
        elif name != _name(position, number):
            clash.append(f"{folder}: {name} stands in the place of {number}")
    if clash:
        raise ArchiveFault(clash)
    for at in range(0, len(missing), BATCH):
        batch = missing[at : at + BATCH]
        pieces = [piece for issued in _issued(con, batch) for piece in _pieces(folder, *issued)]
        _write(pieces)
        done += len(batch)
        if progress is not None:
            progress(len(stood) + done, total)
    if total:
        _keep_facts(con, folder)
    return ArchiveReport(folder=folder, written=done, unchanged=total - done)


def differences(con: duckdb.DuckDBPyConnection, folder: Path) -> Iterator[tuple[str, str]]:
    """Documents that the archive lacks, has in excess or holds with other content or usage.

    Yields (document number or file, what is wrong). Nothing is compared where there is no archive.
    """
    if not folder.is_dir():
        return
    stood = {file.position: file for file in files(folder)}
    positions = [
        row[0]
        for row in con.execute(
            "select position from invoicing.issued_documents order by position nulls first"
        ).fetchall()
    ]
    for at in range(0, len(positions), BATCH):
        for head, document, usage in _issued(con, positions[at : at + BATCH]):
            number = head["document_number"]
            file = stood.pop(head["position"], None)
            if file is None:
                yield number, "is not in the archive (billhouse issue writes it)"
            elif file.path.name != _name(head["position"], number):
                yield number, f"another document stands in its place: {file.path.name}"
            elif file.path.read_bytes() != _content(head, document):
                yield number, f"its file in the archive has other content: {file.path.name}"
            elif usage and file.usage.exists() and _usage_text(file.usage) != "\n".join(usage):
                yield number, f"its itemised usage in the archive is other: {file.usage.name}"
    for file in stood.values():
        yield file.path.name, "is in the archive and not in the warehouse (billhouse restore)"


def restore(connect: issuing.Connect, folder: Path) -> RestoreReport:
    """Append to the warehouse, in one transaction, what the archive holds beyond its documents.

    The chain is verified while it is read: every hash, place and number, and that the warehouse's
    own documents are the beginning of it. Raises ArchiveFault, with every fault and nothing
    changed. Drafts that stand are void afterwards.
    """
    with connect() as con:
        issuing.prepare(con)
        bill_runs.prepare(con)
        held = dict(
            con.execute(
                "select position, document_sha256 from invoicing.issued_documents"
            ).fetchall()
        )
        faults: list[str] = []
        report = {"restored": 0, "usage_rows": 0, "without_usage": 0}
        last_number: str | None = None
        con.execute("begin transaction")
        try:
            for batch in _verified(folder, held, faults):
                last_number = batch[-1][0]["document_number"]
                fresh = [item for item in batch if item[0]["position"] not in held]
                if fresh and not faults:
                    _append(con, fresh, report)
            if last_number is None and not faults:
                faults.append(f"{folder}: holds no documents")
            if faults:
                raise ArchiveFault(faults)
            con.execute(bill_runs.VOID)
            if report["restored"]:
                con.execute(PENDING)
                con.execute("delete from invoicing.bill_dates_to_rebuild")
                con.execute(
                    "insert into invoicing.bill_dates_to_rebuild "
                    "select distinct bill_date from invoicing.issued_documents"
                )
        except BaseException:
            con.execute("rollback")
            raise
        con.execute("commit")
        return RestoreReport(stood=len(held), last_number=last_number, **report)


def dates_to_rebuild(con: duckdb.DuckDBPyConnection) -> list[date]:
    """Bill dates that a restore has yet to draft again, oldest first."""
    con.execute(PENDING)
    rows = con.execute(
        "select bill_date from invoicing.bill_dates_to_rebuild order by bill_date nulls first"
    )
    return [row[0] for row in rows.fetchall()]


def is_rebuilt(con: duckdb.DuckDBPyConnection, bill_date: date) -> None:
    """Note that a bill date was drafted again."""
    con.execute("delete from invoicing.bill_dates_to_rebuild where bill_date = ?", [bill_date])


def restore_facts(con: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Give usage files that were loaded anew the instant and the bill run of the first time, and
    bring releases back. Comes between the load and the first draft, whose verdicts rest on it."""
    facts = {name: _read_facts(folder / name) for name in _FACTS}
    con.execute("begin transaction")
    try:
        if facts["usage_files.jsonl"]:
            con.register("known_files", pa.Table.from_pylist(facts["usage_files.jsonl"]))
            con.execute(
                "update raw.usage_files as files set loaded_at = cast(known.loaded_at as timestamp)"
                " from known_files as known where files.file_id = known.file_id"
            )
            # As dbt builds it (mediation.int_file_first_runs), which then only adds to it.
            con.execute("create schema if not exists mediation")
            con.execute(
                "create table if not exists mediation.int_file_first_runs as select file_number, "
                "file_id, loaded_at, cast(null as date) as first_bill_date from raw.usage_files "
                "where false"
            )
            con.execute(
                "delete from mediation.int_file_first_runs "
                "where file_id in (select file_id from known_files)"
            )
            con.execute(
                "insert into mediation.int_file_first_runs by name select files.file_number, "
                "files.file_id, files.loaded_at, cast(known.first_bill_date as date) as "
                "first_bill_date from raw.usage_files as files inner join known_files as known "
                "on files.file_id = known.file_id"
            )
            con.unregister("known_files")
        if facts["releases.jsonl"]:
            con.register("known_releases", pa.Table.from_pylist(facts["releases.jsonl"]))
            con.execute(
                "insert into raw.draft_releases by name select cast(known.bill_date as date) as "
                "bill_date, known.account_id, known.reason, cast(known.released_at as timestamp) "
                "as released_at from known_releases as known where not exists (select 1 from "
                "raw.draft_releases as held where held.account_id = known.account_id and "
                "held.bill_date = cast(known.bill_date as date))"
            )
            con.unregister("known_releases")
    except BaseException:
        con.execute("rollback")
        raise
    con.execute("commit")


# --- writing -------------------------------------------------------------------------------------


def _pieces(
    folder: Path, head: Mapping[str, Any], document: str, usage: list[str]
) -> Iterator[tuple[Path, bytes]]:
    """The files of one document, its own last."""
    position, number = head["position"], head["document_number"]
    issued = json.loads(document)["usage_details"]
    if usage and issued["sha256"] != _digest(usage):
        raise ArchiveFault([f"{number}: its itemised usage is not what its digest was made of"])
    first = (position - 1) // PER_FOLDER * PER_FOLDER + 1
    file = Archived(position, folder / f"{first:010d}" / _name(position, number))
    if usage:
        # Without a time in its head the same usage is the same bytes.
        yield file.usage, gzip.compress("\n".join(usage).encode(), compresslevel=6, mtime=0)
    yield file.path, _content(head, document)


def _keep_facts(con: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Add to the two growing files what they lack; what they hold already stays as it is."""
    for name, (schema, table, columns) in _FACTS.items():
        if not has_table(con, schema, table):
            continue
        path = folder / name
        known = _read_facts(path)
        rows = con.execute(
            f"select distinct {', '.join(columns)} from {schema}.{table} "
            f"order by {', '.join(f'{column} nulls first' for column in columns)}"
        ).fetchall()
        keys = {_fact_key(name, fact) for fact in known}
        found = [
            {
                c: v if v is None or isinstance(v, str) else _text(v)
                for c, v in zip(columns, row, strict=True)
            }
            for row in rows
        ]
        fresh = [fact for fact in found if _fact_key(name, fact) not in keys]
        if fresh:
            lines = [json.dumps(fact, ensure_ascii=False) for fact in known + fresh]
            _write([(path, ("\n".join(lines) + "\n").encode())])


def _fact_key(name: str, fact: Mapping[str, Any]) -> tuple[Any, ...]:
    return (fact["file_id"],) if name == "usage_files.jsonl" else tuple(fact.values())


def _read_facts(path: Path) -> list[dict[str, Any]]:
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _write(pieces: list[tuple[Path, bytes]]) -> None:
    """The files whole, on the disk, read-only; or of each, from some place on, none.

    The disk is waited for once for all of them and once for their names: waiting for every single
    file takes five times as long.
    """
    temporaries = [path.with_name(f".{path.name}.{os.getpid()}.tmp") for path, _ in pieces]
    folders = sorted({path.parent for path, _ in pieces})
    try:
        for folder in folders:
            folder.mkdir(parents=True, exist_ok=True)
        for temporary, (_, content) in zip(temporaries, pieces, strict=True):
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o444)
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
        _await_disk(temporaries)
        for temporary, (path, _) in zip(temporaries, pieces, strict=True):
            temporary.replace(path)
        # the names too, of new folders as well, or a power cut takes the files
        for folder in sorted({*folders, *(folder.parent for folder in folders)}):
            _fsync(folder)
    except BaseException:
        for temporary in temporaries:
            temporary.unlink(missing_ok=True)
        raise


def _await_disk(files: list[Path]) -> None:
    """Until the content of these files is on the disk. Raises OSError for one that is not."""
    os.sync()  # all at once, but it tells of no error, and not every system waits for it
    for file in files:
        _fsync(file)


def _fsync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _name(position: int, number: str) -> str:
    # Brings WeasyPrint in, a second of processor time that a draft needs nothing of.
    from renderers.rendering import file_name

    return f"{position:010d}-{file_name(number)}.jsonl"


def _content(head: Mapping[str, Any], document: str) -> bytes:
    line = json.dumps({name: head[name] for name in HEAD}, ensure_ascii=False, default=_text)
    return f"{line}\n{document}\n".encode()


def _text(value: object) -> str:
    assert isinstance(value, date | datetime)  # instants are kept in UTC, without an offset
    return value.isoformat()


def _count(con: duckdb.DuckDBPyConnection) -> int:
    row = con.execute("select count(*) from invoicing.issued_documents").fetchone()
    return row[0] if row else 0


def _issued(
    con: duckdb.DuckDBPyConnection, positions: list[int]
) -> Iterator[tuple[dict[str, Any], str, list[str]]]:
    """(what issuing gave it, canonical content, rows of usage as JSON) of each document."""
    documents = con.execute(
        f"select {', '.join(HEAD)}, document from invoicing.issued_documents "
        "where position in (select unnest(?)) order by position nulls first",
        [positions],
    ).fetchall()
    usage: dict[str, list[str]] = {row[0]: [] for row in documents}
    rows = con.execute(
        f"select document_number, {_usage_json()} from invoicing.issued_usage "
        "where document_number in (select unnest(?)) "
        "order by document_number nulls first, position nulls first",
        [list(usage)],
    )
    while chunk := rows.fetchmany(10_000):
        for number, row in chunk:
            usage[number].append(row)
    for *head, document in documents:
        yield dict(zip(HEAD, head, strict=True)), document, usage[head[0]]


def _usage_json() -> str:
    """The SQL of one row of usage as the text that the document's digest was made of."""
    members = []
    for name, kind in USAGE_MEMBERS.items():
        value = f"cast({name} as varchar)"
        if kind != pa.int64():
            value = f"cast(to_json({value}) as varchar)"
        members.append(f"'\"{name}\":', coalesce({value}, 'null')")
    return "concat('{', " + ", ',', ".join(members) + ", '}')"


def _digest(usage: list[str]) -> str:
    return hashlib.sha256(f"[{','.join(usage)}]".encode()).hexdigest()


# --- reading -------------------------------------------------------------------------------------

Item = tuple[dict[str, Any], str, list[str] | None]  # head, content, usage (None: erased)


def _verified(folder: Path, held: Mapping[int, str], faults: list[str]) -> Iterator[list[Item]]:
    """The archive in batches, in order; what does not fit is added to `faults`."""
    previous, expected = "", 1
    sequences: dict[str, int] = {}
    batch: list[Item] = []
    for file in files(folder):
        try:
            first, _, rest = file.path.read_text(encoding="utf-8").partition("\n")
            head, document = json.loads(first), rest.removesuffix("\n")
            usage = _usage_of(file, json.loads(document)["usage_details"])
            series, sequence, digest = head["series"], head["sequence"], head["document_sha256"]
            position, before = head["position"], head["previous_sha256"]
            number = head["document_number"]
        except (ValueError, KeyError, TypeError, OSError) as error:
            faults.append(f"{file.path.name}: cannot be read: {type(error).__name__}: {error}")
            previous, expected = "", file.position + 1
            continue
        found = {
            f"position {position} follows {expected - 1}: a document is missing": (
                position != expected
            ),
            "its previous hash is not the hash of the document before": before != previous,
            "its content does not hash to the hash that was issued": (
                issuing.chained_sha256(before, document) != digest
            ),
            f"number {sequence} of series {series} follows {sequences.get(series, 0)}": (
                sequence != sequences.get(series, 0) + 1
            ),
            "the warehouse holds another document in its place": (
                held.get(position, digest) != digest
            ),
            "its name and its content name different documents": (
                file.path.name != _name(position, number)
            ),
            "its itemised usage is not what its digest was made of": usage == [],
        }
        faults += [f"{file.path.name}: {fault}" for fault, is_so in found.items() if is_so]
        previous, expected = digest, position + 1
        sequences[series] = sequence
        batch.append((head, document, usage))
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _usage_of(file: Archived, issued: Mapping[str, Any]) -> list[str] | None:
    """The rows of usage of a document: none if it was erased, [] if it is not what was issued."""
    if not issued["records"] or not file.usage.exists():
        return None
    rows = _usage_text(file.usage).split("\n")
    return rows if len(rows) == issued["records"] and _digest(rows) == issued["sha256"] else []


def _usage_text(path: Path) -> str:
    return gzip.decompress(path.read_bytes()).decode()


def _append(con: duckdb.DuckDBPyConnection, batch: list[Item], report: dict[str, int]) -> None:
    documents = [head | {"document": document} for head, document, _ in batch]
    con.register("restored", pa.Table.from_pylist(documents))
    names = ", ".join((*HEAD, "document"))
    con.execute(f"insert into invoicing.issued_documents ({names}) select {names} from restored")
    con.unregister("restored")
    rows = [
        {"document_number": head["document_number"], "account_id": head["account_id"]} | row
        for head, _, usage in batch
        for row in map(json.loads, usage or ())
    ]
    columns = {"document_number": pa.string(), "account_id": pa.string(), **USAGE_MEMBERS}
    con.register("restored_usage", pa.Table.from_pylist(rows, schema=pa.schema(columns)))
    names = issuing.USAGE_COLUMNS
    con.execute(f"insert into invoicing.issued_usage ({names}) select {names} from restored_usage")
    con.unregister("restored_usage")
    report["restored"] += len(batch)
    report["usage_rows"] += len(rows)
    report["without_usage"] += sum(
        usage is None and json.loads(document)["usage_details"]["records"] > 0
        for _, document, usage in batch
    )
