"""The outer shell of a file: compression, damage, and how large it may become.

A file is compressed if its name or its first bytes say so. Expanding is streamed and capped, so
that neither a bomb nor a cut file can do harm; whatever is wrong raises `DamagedFileError`.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import zstandard

GZIP_MAGIC = b"\x1f\x8b"
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
PARQUET_MAGIC = b"PAR1"
SUFFIXES = {".gz": "gzip", ".zst": "zstd"}

READ_SIZE = 1 << 20
# zstd expands one input of this size to 64 MiB at the very most (128 KiB a block of 4 bytes).
ZSTD_READ_SIZE = 1 << 11
ZSTD_WINDOW_MAX = 1 << 27
# A small file may be as repetitive as it likes.
RATIO_FREE_BYTES = 16 << 20


class DamagedFileError(Exception):
    """The content can not be had from the file. `line`: the last line reached, if known."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.line = line


@dataclass(frozen=True)
class Limits:
    """What a file may cost, from the environment when the load begins."""

    expanded_bytes: int = 4 << 30
    expansion_ratio: int = 1000
    line_bytes: int = 1 << 20

    @classmethod
    def from_environment(cls) -> Limits:
        """BILLHOUSE_MAX_EXPANDED_BYTES, BILLHOUSE_MAX_EXPANSION_RATIO, BILLHOUSE_MAX_LINE_BYTES.

        Raises ValueError, naming the variable, if one of them is not a whole number above 0.
        """
        default = cls()
        return cls(
            _whole_number("BILLHOUSE_MAX_EXPANDED_BYTES", default.expanded_bytes),
            _whole_number("BILLHOUSE_MAX_EXPANSION_RATIO", default.expansion_ratio),
            _whole_number("BILLHOUSE_MAX_LINE_BYTES", default.line_bytes),
        )


def _whole_number(variable: str, default: int) -> int:
    text = os.environ.get(variable)
    if not text:
        return default
    if not text.isascii() or not text.isdigit() or int(text) == 0:
        raise ValueError(f"{variable}: not a whole number above 0: {text}")
    return int(text)


def compression(name: str, first_bytes: bytes) -> str | None:
    """`gzip`, `zstd` or None. Raises DamagedFileError if the name promises what is not there."""
    promised = SUFFIXES.get(Path(name).suffix.lower())
    found = (
        "gzip"
        if first_bytes.startswith(GZIP_MAGIC)
        else "zstd"
        if first_bytes.startswith(ZSTD_MAGIC)
        else None
    )
    if promised and promised != found:
        raise DamagedFileError(f"not a {promised} file")
    return found


def expanded(file: BinaryIO, name: str, limits: Limits) -> Iterator[bytes]:
    """The file's content in pieces of any size. Raises DamagedFileError at the point of damage."""
    first = file.read(READ_SIZE)
    kind = compression(name, first)
    stored = _stored(file, first)
    if kind is None:
        yield from stored
        return
    pieces = _gunzipped(stored) if kind == "gzip" else _unzstded(stored)
    size = os.fstat(file.fileno()).st_size
    ratio_bytes = max(RATIO_FREE_BYTES, size * limits.expansion_ratio)
    total = 0
    lines = 1
    try:
        for piece in pieces:
            total += len(piece)
            if total > limits.expanded_bytes:
                raise DamagedFileError(f"expands to more than {limits.expanded_bytes} bytes")
            if total > ratio_bytes:
                raise DamagedFileError(f"expands to more than {limits.expansion_ratio} times")
            lines += piece.count(b"\n")
            yield piece
    except DamagedFileError as error:
        raise DamagedFileError(error.message, lines) from None


def _stored(file: BinaryIO, first: bytes) -> Iterator[bytes]:
    piece = first
    while piece:
        yield piece
        piece = file.read(READ_SIZE)


def _gunzipped(stored: Iterable[bytes]) -> Iterator[bytes]:
    """All members of a gzip file, one after the other; zeroes may pad the end."""
    member = zlib.decompressobj(wbits=31)
    begun = False
    for piece in stored:
        data = piece
        while data:
            if member.eof:
                if not begun and not data.strip(b"\0"):
                    break
                member = zlib.decompressobj(wbits=31)
            begun = True
            try:
                output = member.decompress(data, READ_SIZE)
            except zlib.error as error:
                raise DamagedFileError(f"damaged gzip file ({error})") from None
            if output:
                yield output
            data = member.unused_data if member.eof else member.unconsumed_tail
            if member.eof:
                begun = False
        # What zlib still holds of this piece comes out before the next one goes in.
        while not member.eof and (output := _rest(member)):
            yield output
    if begun or not member.eof:
        raise DamagedFileError("truncated gzip file")


def _rest(member: zlib._Decompress) -> bytes:
    try:
        return member.decompress(b"", READ_SIZE)
    except zlib.error as error:
        raise DamagedFileError(f"damaged gzip file ({error})") from None


def _unzstded(stored: Iterable[bytes]) -> Iterator[bytes]:
    """All frames of a zstd file, one after the other."""
    decompressor = zstandard.ZstdDecompressor(max_window_size=ZSTD_WINDOW_MAX)
    frame = decompressor.decompressobj()
    begun = False
    for piece in stored:
        for start in range(0, len(piece), ZSTD_READ_SIZE):
            data = piece[start : start + ZSTD_READ_SIZE]
            while data:
                if frame.eof:
                    frame = decompressor.decompressobj()
                begun = True
                try:
                    output = frame.decompress(data)
                except zstandard.ZstdError as error:
                    raise DamagedFileError(f"damaged zstd file ({error})") from None
                if output:
                    yield output
                data = frame.unused_data if frame.eof else b""
                if frame.eof:
                    begun = False
    if begun:
        raise DamagedFileError("truncated zstd file")
