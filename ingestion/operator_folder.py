"""Reads and checks an operator folder as a whole, without changing anything."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from ingestion.cell_checks import check_cells
from ingestion.containers import Limits
from ingestion.cross_checks import Findings, cross_check
from ingestion.faults import Fault, in_reading_order
from ingestion.operator_yaml import FILE, OperatorSettings, read_operator_yaml
from ingestion.paths import refusal
from ingestion.table_reading import VARIANTS, RawTable, read_table
from ingestion.tables import TABLES
from ingestion.usage_files import Memory, Stamp, UsageFile, find_files, inspect_files, stamp_of


@dataclass
class CheckReport:
    """What is wrong with a folder. It can be loaded if `faults` is empty."""

    faults: list[Fault] = field(default_factory=list)
    warnings: list[Fault] = field(default_factory=list)


@dataclass
class ReadFolder(CheckReport):
    """A folder as read: settings, usage files, and the typed tables in a private connection."""

    con: duckdb.DuckDBPyConnection | None = None
    settings: OperatorSettings = field(default_factory=OperatorSettings)
    tables: dict[str, RawTable] = field(default_factory=dict)
    usage_files: list[UsageFile] = field(default_factory=list)
    reference: dict[str, Stamp] = field(default_factory=dict)  # files of settings and tables
    is_reference_known: bool = False  # then `tables` was not read
    has_reference_warnings: bool = False


def check(folder: Path) -> CheckReport:
    """Every fault and warning of the folder, in the order of files and lines.

    Changes nothing. Usage files are looked at for damage only: a bad line in one is found when it
    is loaded, and stops nothing.
    """
    with read_folder(folder) as read:
        return CheckReport(read.faults, read.warnings)


@contextmanager
def read_folder(
    folder: Path,
    memory: Memory | None = None,
    limits: Limits | None = None,
    progress: Callable[[str, int, int], None] | None = None,
    known_reference: Mapping[str, Stamp] | None = None,
) -> Iterator[ReadFolder]:
    """Read everything. `memory`: the usage files that earlier loads know.

    `known_reference`: the files of settings and tables as they were when a load found nothing to
    say of them. While they are the same files, untouched, the tables are not read again.
    """
    limits = limits or Limits.from_environment()
    with duckdb.connect() as con:
        read = ReadFolder(con=con)
        if not folder.is_dir():
            read.faults.append(Fault(str(folder), None, None, "no such folder"))
            yield read
            return
        folder = folder.resolve()
        con.execute("create schema typed")
        con.execute("create table faulty (file varchar, name varchar, line bigint)")
        if message := refusal(folder, folder / FILE):
            read.faults.append(Fault(FILE, None, None, message))
            yield read
            return
        read.reference = _reference_files(folder)
        settings = read.settings = read_operator_yaml(folder)
        read.faults += settings.faults
        read.warnings += settings.warnings
        read.is_reference_known = bool(read.reference) and read.reference == known_reference
        if not read.is_reference_known:
            _read_tables(con, folder, read, limits, progress)
        read.has_reference_warnings = bool(read.warnings)
        _warn_of_strangers(folder, read)
        found = find_files(folder, settings.feeds)
        read.faults += found.faults
        read.warnings += found.warnings
        read.usage_files, faults = inspect_files(
            folder,
            found.paths,
            memory or Memory(),
            limits,
            (lambda done, total: progress("files", done, total)) if progress else None,
        )
        read.faults = in_reading_order(read.faults + faults)
        read.warnings = in_reading_order(read.warnings)
        yield read


def _reference_files(folder: Path) -> dict[str, Stamp]:
    """The files of settings and tables that there are; none where one can not be looked at."""
    names = [FILE] + [f"{table.folder}/{table.name}{end}" for table in TABLES for end in VARIANTS]
    found: dict[str, Stamp] = {}
    for name in names:
        try:
            found[name] = stamp_of(folder / name)
        except FileNotFoundError:
            if (folder / name).is_symlink():
                return {}
        except OSError:
            return {}
    return found


def _read_tables(
    con: duckdb.DuckDBPyConnection,
    folder: Path,
    read: ReadFolder,
    limits: Limits,
    progress: Callable[[str, int, int], None] | None,
) -> None:
    for number, table in enumerate(TABLES, 1):
        if progress:
            progress("tables", number, len(TABLES))
        raw = read_table(folder, table, limits)
        read.tables[table.name] = raw
        faults = check_cells(con, raw, read.settings.time_zone)
        if faults:
            con.executemany(
                "insert into faulty values (?, ?, ?)",
                [(table.name, fault.column, fault.line) for fault in faults],
            )
        read.faults += raw.faults + faults
        read.warnings += raw.warnings
    findings = Findings(con, read.tables, read.settings)
    cross_check(findings)
    read.faults += findings.faults
    read.warnings += findings.warnings


def _warn_of_strangers(folder: Path, read: ReadFolder) -> None:
    """A file whose name is misspelt would otherwise be an empty table."""
    expected = {f"{table.folder}/{table.name}{variant}" for table in TABLES for variant in VARIANTS}
    for name in sorted({table.folder for table in TABLES}):
        for path in sorted((folder / name).glob("*")):
            relative = path.relative_to(folder).as_posix()
            if relative not in expected and not path.name.startswith("."):
                message = "not a table of this folder, not read"
                read.warnings.append(Fault(relative, None, None, message))
