"""Finds the usage files of a folder, knows each by the hash of its content, and finds damage."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import duckdb

from ingestion.cell_checks import literal, quoted
from ingestion.containers import (
    PARQUET_MAGIC,
    READ_SIZE,
    DamagedFileError,
    Limits,
    compression,
    expanded,
)
from ingestion.decoding import Feed, Source
from ingestion.faults import Fault
from ingestion.paths import refusal

Stamp = tuple[int, int, int, int]
# A file that has just been written to may be written to again within one tick of its times.
SETTLED_NS = 2_000_000_000

# Names under which programs write files that are not finished yet.
UNFINISHED = (".tmp", ".part", ".partial", ".filepart", ".writing")


@dataclass(frozen=True)
class UsageFile:
    """A file of a feed. `file_id`: SHA-256 of the bytes as stored, so that the same records under
    another compression are another file (its records are then duplicates, 2.2).

    `stamp` tells whether the file has been written to since it was hashed.
    """

    feed: Feed
    source: Source
    file_id: str
    stamp: Stamp

    @property
    def name(self) -> str:
        """Relative to the operator folder."""
        return self.source.name


@dataclass
class FoundFiles:
    """The usage files of all feeds, by feed and name, and what is wrong with the folder."""

    paths: list[tuple[Feed, str]]
    faults: list[Fault]
    warnings: list[Fault]


def find_files(folder: Path, feeds: Collection[Feed]) -> FoundFiles:
    """List the files of each feed. Nothing is opened; hidden and unfinished names are left out."""
    found = FoundFiles([], [], [])
    root = folder.resolve()
    for feed in sorted(feeds, key=lambda feed: feed.name):
        start = folder / feed.path
        if _is_refused(root, start, feed.path, found.faults):
            continue
        if start.is_file():
            found.paths.append((feed, feed.path))
        elif not start.is_dir():
            found.warnings.append(Fault(feed.path, None, None, "no such folder", feed.name))
        else:
            for name in _walk(root, folder, start, found):
                found.paths.append((feed, name))
    found.paths.sort(key=lambda item: (item[0].name, item[1]))
    _warn_of_strays(folder, feeds, found)
    return found


def _walk(root: Path, folder: Path, start: Path, found: FoundFiles) -> list[str]:
    names: list[str] = []
    for above, folders, files in os.walk(start):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in [*folders, *sorted(files)]:
            path = Path(above) / name
            relative = path.relative_to(folder).as_posix()
            if name.startswith(".") or name.endswith(UNFINISHED):
                continue
            if _is_refused(root, path, relative, found.faults):
                continue
            mode = path.stat().st_mode
            if stat.S_ISREG(mode):
                names.append(relative)
            elif stat.S_ISDIR(mode):
                if path.is_symlink():
                    message = "link to a folder, not followed"
                    found.warnings.append(Fault(relative, None, None, message))
            else:
                found.faults.append(Fault(relative, None, None, "not a file"))
    return names


def _is_refused(root: Path, path: Path, relative: str, faults: list[Fault]) -> bool:
    message = refusal(root, path)
    if message:
        faults.append(Fault(relative, None, None, message))
    return message is not None


def _warn_of_strays(folder: Path, feeds: Collection[Feed], found: FoundFiles) -> None:
    """Folders under cdr/ that belong to no feed: usage that would never be billed."""
    top = folder / "cdr"
    if not top.is_dir():
        return
    paths = [PurePosixPath(feed.path) for feed in feeds]
    for entry in sorted(top.iterdir()):
        relative = PurePosixPath("cdr", entry.name)
        if entry.name.startswith("."):
            continue
        if not any(
            path == relative or relative in path.parents or path in relative.parents
            for path in paths
        ):
            found.warnings.append(
                Fault(str(relative), None, None, "belongs to no feed of operator.yaml, not read")
            )


@dataclass(frozen=True)
class Memory:
    """What earlier loads know. `file_ids`: the contents that are loaded. `paths`: stamp and
    content of files as they were when they were last hashed, so that a file that has not been
    touched since need not be read again.
    """

    file_ids: Collection[str] = ()
    paths: Mapping[str, tuple[Stamp, str]] = field(default_factory=dict)

    def content_of(self, name: str, stamp: Stamp) -> str | None:
        """The file_id of a file that is known and has not been touched since."""
        remembered, file_id = self.paths.get(name, (None, ""))
        return file_id if remembered == stamp and file_id in self.file_ids else None


def inspect_files(
    folder: Path,
    paths: Collection[tuple[Feed, str]],
    memory: Memory,
    limits: Limits,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[list[UsageFile], list[Fault]]:
    """Hash every file, and read those that are not known to the end, to find damage.

    The files come back in the order given.
    """

    def inspect(item: tuple[Feed, str]) -> UsageFile | Fault:
        feed, name = item
        try:
            return _inspect(folder, feed, name, memory, limits)
        except DamagedFileError as error:
            return Fault(name, error.line, None, error.message)
        except OSError as error:
            return Fault(name, None, None, f"can not be read ({error.strerror})")

    files: list[UsageFile] = []
    faults: list[Fault] = []
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for number, result in enumerate(pool.map(inspect, paths), 1):
            if isinstance(result, Fault):
                faults.append(result)
            else:
                files.append(result)
            if progress:
                progress(number, len(paths))
    return files, faults


def _inspect(folder: Path, feed: Feed, name: str, memory: Memory, limits: Limits) -> UsageFile:
    path = folder / name
    status = path.stat()
    if file_id := memory.content_of(name, _stamp(status)):
        source = Source(path, name, status.st_size, limits)
        return UsageFile(feed, source, file_id, _stamp(status))
    hasher = hashlib.sha256()
    with path.open("rb") as file:
        status = os.fstat(file.fileno())
        first = b""
        while piece := file.read(READ_SIZE):
            first = first or piece[:8]
            hasher.update(piece)
        file_id = hasher.hexdigest()
        if file_id not in memory.file_ids:
            file.seek(0)
            if compression(path.name, first):
                for _ in expanded(file, path.name, limits):
                    pass
            elif status.st_size > limits.expanded_bytes:
                raise DamagedFileError(f"larger than {limits.expanded_bytes} bytes")
    source = Source(path, name, status.st_size, limits)
    if first.startswith(PARQUET_MAGIC) and file_id not in memory.file_ids:
        check_parquet(source)
    return UsageFile(feed, source, file_id, _stamp(status))


def check_parquet(source: Source) -> None:
    """Read every value of a Parquet file; DamagedFileError if one can not be had."""
    file = literal(str(source.path))
    try:
        with duckdb.connect() as con:
            con.execute("set threads = 1")
            size = con.execute(
                f"""
                select coalesce(sum(total_uncompressed_size), 0)
                from parquet_metadata({file})
                """
            ).fetchall()[0][0]
            if size > source.limits.expanded_bytes:
                raise DamagedFileError(f"expands to more than {source.limits.expanded_bytes} bytes")
            names = [
                row[0]
                for row in con.execute(
                    f"describe select * from read_parquet({file}, hive_partitioning = false)"
                ).fetchall()
            ]
            hashes = ", ".join(quoted(name) for name in names)
            con.execute(
                f"""
                select bit_xor(hash({hashes}))
                from read_parquet({file}, hive_partitioning = false)
                """
            ).fetchall()
    except duckdb.Error as error:
        reason = str(error).replace(str(source.path), source.name).split("\n", 1)[0][:200]
        raise DamagedFileError(f"damaged Parquet file ({reason})") from None


def stamp_of(path: Path) -> Stamp:
    """What tells whether a file has been written to since. Raises OSError."""
    return _stamp(path.stat())


def has_changed(file: UsageFile) -> bool:
    """Whether the file has been written to since it was hashed."""
    try:
        return _stamp(file.source.path.stat()) != file.stamp
    except OSError:
        return True


def is_settled(stamp: Stamp, now_ns: int) -> bool:
    """Whether the file's stamp would tell if it were written to from now on."""
    return max(stamp[1], stamp[2]) < now_ns - SETTLED_NS


def _stamp(status: os.stat_result) -> Stamp:
    """Size, times of the last writing and of the last change of any kind, and the file itself."""
    return (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
