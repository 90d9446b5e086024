"""What a usage format is: the record that every feed is brought to, and what a decoder hands over.

A decoder brings lines to the columns of `USAGE_COLUMNS` as text, in the form of the `billhouse`
feed; what the texts say is checked for all formats alike when they are loaded. A line that can not
be brought to these columns is handed over as rejected, with its reason. A file whose content can
not be told apart into lines at all is refused whole (`RefusedFileError`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from ingestion.containers import Limits, expanded

USAGE_COLUMNS = (
    "record_id",
    "service",
    "direction",
    "subscriber",
    "subscriber_kind",
    "other_party",
    "started_at",
    "duration_seconds",
    "bytes_uplink",
    "bytes_downlink",
    "messages",
    "serving_network",
    "charging_id",
    "sequence",
    "is_final",
    "disposition",
)
LINE_NUMBER = "line_number"
BATCH_SCHEMA = pa.schema(
    [pa.field(name, pa.string()) for name in USAGE_COLUMNS] + [pa.field(LINE_NUMBER, pa.int64())]
)
CONTENT_LENGTH_MAX = 500
# Enough rows for the warehouse to write whole row groups at once.
BATCH_LINES = 1_000_000
BATCH_BYTES = 160 << 20


@dataclass(frozen=True)
class FileNumber:
    """The place of a file in its sender's series to a recipient, for formats that number files so
    that a lost one shows.
    """

    sender: str
    recipient: str
    number: int


class RefusedFileError(Exception):
    """The decoder can make nothing of the file as a whole. The reason names no file.

    `file_number`: its place in a series, if that much could be read.
    """

    def __init__(self, reason: str, file_number: FileNumber | None = None) -> None:
        super().__init__(reason)
        self.file_number = file_number


@dataclass(frozen=True)
class Feed:
    """One feed of operator.yaml. `options` are those that its format declares, as written."""

    name: str
    format: str
    path: str
    time_zone: str
    options: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class RejectedLine:
    """A line that can not be read. `content`: the line, cut to CONTENT_LENGTH_MAX characters."""

    line_number: int
    reason: str
    content: str


@dataclass(frozen=True)
class Record:
    """One line in the columns of USAGE_COLUMNS; a column left out is empty.

    `content` is kept with the line should its values turn out to be unreadable.
    """

    line_number: int
    values: Mapping[str, str | None]
    content: str = ""


@dataclass
class Batch:
    """A stretch of one file, in the order of its lines.

    `rows` has BATCH_SCHEMA; `lines` is the number of lines that the stretch holds, counted apart
    from `rows` and `rejected`, so that a lost line shows. `content_of` gives the text of lines.
    `file_number` is that of the whole file.
    """

    rows: pa.Table
    lines: int
    rejected: list[RejectedLine]
    content_of: Callable[[Sequence[int]], Mapping[int, str]]
    warnings: list[str] = field(default_factory=list)
    file_number: FileNumber | None = None


@dataclass(frozen=True)
class Source:
    """One usage file as its decoder sees it. `name` is relative to the operator folder."""

    path: Path
    name: str
    size_bytes: int
    limits: Limits

    def pieces(self) -> Iterator[bytes]:
        """The expanded content in pieces of any size; DamagedFileError at the point of damage."""
        with self.path.open("rb") as file:
            yield from expanded(file, self.path.name, self.limits)

    def content(self) -> bytes:
        """The whole expanded content, for formats that can only be read whole."""
        return b"".join(self.pieces())


@dataclass(frozen=True)
class OptionFault:
    """What is wrong with the options of a feed. `path`: the option's name and, of a list or a
    mapping, the positions (from 0) and keys that lead to the value at fault.
    """

    path: tuple[str | int, ...]
    message: str


@dataclass(frozen=True)
class UsageFormat:
    """A registered format. `options`: for each further key of the feed, what is wrong or None.

    `check` says what is wrong with the options together; it is given those that are right for
    themselves, and is not asked while a required one is at fault.
    """

    name: str
    decode: Callable[[Source, Feed], Iterator[Batch]]
    options: Mapping[str, Callable[[object], str | None]] = field(default_factory=dict)
    required_options: tuple[str, ...] = ()
    check: Callable[[Mapping[str, object]], Iterable[OptionFault]] = lambda options: ()


def is_text(value: object) -> bool:
    """Whether a value, if it is a string, can be stored as text."""
    if not isinstance(value, str) or value.isascii():
        return not (isinstance(value, str) and "\0" in value)
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in value


def cut(text: str) -> str:
    """A line, or the reason of its rejection, as it is kept: short, and such that it can be."""
    short = text[:CONTENT_LENGTH_MAX].replace("\0", "\ufffd")
    return short if short.isascii() else short.encode("utf-8", "backslashreplace").decode()


def in_batches(items: Iterable[Record | RejectedLine]) -> Iterator[Batch]:
    """Batches from a decoder that goes line by line. Every item stands for one line."""
    batch = _LineBatch()
    for item in items:
        batch.add(item)
        if batch.lines >= BATCH_LINES or batch.size >= BATCH_BYTES:
            yield batch.closed()
            batch = _LineBatch()
    if batch.lines:
        yield batch.closed()


class _LineBatch:
    def __init__(self) -> None:
        self.lines = 0
        self.size = 0
        self.columns: list[list[str | None]] = [[] for _ in USAGE_COLUMNS]
        self.numbers: list[int] = []
        self.contents: dict[int, str] = {}
        self.rejected: list[RejectedLine] = []

    def add(self, item: Record | RejectedLine) -> None:
        self.lines += 1
        if isinstance(item, Record):
            wrong = next((name for name, value in item.values.items() if not is_text(value)), None)
            if wrong is not None:
                item = RejectedLine(item.line_number, f"{wrong}: not text", cut(item.content))
        if isinstance(item, RejectedLine):
            reason, content = cut(item.reason), cut(item.content)
            self.rejected.append(RejectedLine(item.line_number, reason, content))
            self.size += len(item.content)
            return
        for name, column in zip(USAGE_COLUMNS, self.columns, strict=True):
            column.append(item.values.get(name) or None)
        self.numbers.append(item.line_number)
        # Several records may stand on one line: together they are its content.
        content = cut(self.contents.get(item.line_number, "") + item.content)
        self.contents[item.line_number] = content
        self.size += 2 * len(content) + 500

    def closed(self) -> Batch:
        contents = self.contents
        arrays = [pa.array(column, pa.string()) for column in self.columns]
        rows = pa.Table.from_arrays(
            [*arrays, pa.array(self.numbers, pa.int64())], schema=BATCH_SCHEMA
        )
        return Batch(rows, self.lines, self.rejected, lambda lines: {n: contents[n] for n in lines})
