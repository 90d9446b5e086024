"""Cuts a text file into blocks of whole lines, so that a bad line can not harm the next one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from ingestion.decoding import CONTENT_LENGTH_MAX, RejectedLine, Source

BLOCK_BYTES = 8 << 20
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass
class Block:
    """Whole lines, each with its line end (the last of the file may have none).

    `overlong` are the lines that follow `data`'s and are too long to be kept; blocks count
    lines from `first_line`.
    """

    first_line: int
    data: bytes
    overlong: list[RejectedLine] = field(default_factory=list)

    def lines(self) -> Iterator[tuple[int, bytes]]:
        """Each line's number and content, without its end."""
        for number, line in enumerate(self.data.removesuffix(b"\n").split(b"\n"), self.first_line):
            yield number, line.removesuffix(b"\r")


def shown_line(line: bytes) -> str:
    """A line as it is kept with its rejection: readable, whatever bytes it holds."""
    text = line[: 4 * CONTENT_LENGTH_MAX].decode("utf-8", "backslashreplace")
    return text[:CONTENT_LENGTH_MAX].replace("\0", "\ufffd")


def blocks(source: Source) -> Iterator[Block]:
    """The file's lines in blocks of about BLOCK_BYTES.

    A line longer than the limit is never held in memory: it ends its block as `overlong`.
    """
    longest = source.limits.line_bytes
    line = 1
    held: list[bytes] = []
    size = 0
    skipped: bytes | None = None
    first = True
    for piece in source.pieces():
        data = piece.removeprefix(BYTE_ORDER_MARK) if first else piece
        first = False
        if skipped is not None:
            end = data.find(b"\n")
            if end < 0:
                continue
            yield _overlong(line, skipped, longest)
            line, skipped, data = line + 1, None, data[end + 1 :]
        held.append(data)
        size += len(data)
        if size < BLOCK_BYTES:
            continue
        whole = b"".join(held)
        end = whole.rfind(b"\n") + 1
        rest = whole[end:]
        if end:
            for block in _without_overlong(line, whole[:end], longest):
                yield block
                line = block.first_line + _count(block)
        held, size = [rest], len(rest)
        if size > longest:
            held, size, skipped = [], 0, rest[: 4 * CONTENT_LENGTH_MAX]
    if skipped is not None:
        yield _overlong(line, skipped, longest)
    elif size:
        yield from _without_overlong(line, b"".join(held), longest)


def _count(block: Block) -> int:
    return line_count(block.data) + len(block.overlong)


def line_count(data: bytes) -> int:
    """How many lines there are, also if the last one has no end."""
    return data.count(b"\n") + (1 if data and not data.endswith(b"\n") else 0)


def _overlong(line: int, start: bytes, longest: int) -> Block:
    return Block(line, b"", [RejectedLine(line, f"longer than {longest} bytes", shown_line(start))])


def _without_overlong(first_line: int, data: bytes, longest: int) -> Iterator[Block]:
    """The block itself, or cut at its overlong lines."""
    # A line longer than the limit covers a whole window of half its length.
    window = max(1, longest // 2)
    if all(
        data.find(b"\n", start, start + window) >= 0
        for start in range(0, len(data) - window, window)
    ):
        yield Block(first_line, data)
        return
    start = at = 0
    line = number = first_line
    while at < len(data):
        end = data.find(b"\n", at)
        end = len(data) if end < 0 else end + 1
        if end - at > longest + 1:
            if at > start:
                yield Block(line, data[start:at])
            yield _overlong(number, data[at : at + 4 * CONTENT_LENGTH_MAX], longest)
            start, line = end, number + 1
        at, number = end, number + 1
    if start < len(data):
        yield Block(line, data[start:])
