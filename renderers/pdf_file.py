"""Writes a pydyf document to bytes.

pydyf compresses every stream twice (once more for the identifier) and at the slowest level, with
all other objects in a single stream: half the time of a bill with 5,000 calls. The same file
structure is written here once, at zlib's default level, in small object streams that readers
need not unpack as a whole.
"""

import hashlib
import zlib
from typing import BinaryIO

import pydyf

OBJECTS_PER_STREAM = 500
LEVEL = 6


def write_file(pdf: pydyf.PDF, output: BinaryIO, version: bytes, identifier: bytes) -> None:
    """Writes the document as PDF 1.5 or later. `identifier` is the permanent half of the file
    identifier, the other half is made from the content."""
    if pdf.info:
        pdf.add_object(pdf.info)
    pieces: list[bytes] = [b"%PDF-" + version + b"\n%\xf0\x9f\x96\xa4\n"]
    position = len(pieces[0])
    # Rows of the cross-reference table: kind, offset or stream, generation or index.
    rows: list[tuple[int, int, int]] = [(0, 0, 65535)] * len(pdf.objects)
    packed: list[pydyf.Object] = []

    def put(number: int, content: bytes) -> None:
        nonlocal position
        piece = b"%d 0 obj\n%s\nendobj\n" % (number, content)
        rows[number] = (1, position, 0)
        pieces.append(piece)
        position += len(piece)

    for number, item in enumerate(pdf.objects):
        if item.free == "f":
            continue
        if isinstance(item, pydyf.Stream):
            put(number, _stream_bytes(item))
        else:
            packed.append(item)
    for start in range(0, len(packed), OBJECTS_PER_STREAM):
        batch = packed[start : start + OBJECTS_PER_STREAM]
        number = len(rows)
        rows.append((0, 0, 0))
        heads, bodies, offset = [], [], 0
        for index, item in enumerate(batch):
            content = item.data
            assert item.number is not None
            rows[item.number] = (2, number, index)
            heads.append(b"%d %d" % (item.number, offset))
            bodies.append(content)
            offset += len(content) + 1
        head = b" ".join(heads) + b"\n"
        extra = b"/Type/ObjStm/N %d/First %d" % (len(batch), len(head))
        put(number, _stream(extra, zlib.compress(head + b"\n".join(bodies), LEVEL)))

    number = len(rows)
    rows.append((1, position, 0))
    size = (position.bit_length() + 7) // 8
    table = b"".join(
        bytes((kind,)) + place.to_bytes(size, "big") + generation.to_bytes(2, "big")
        for kind, place, generation in rows
    )
    digest = hashlib.md5(b"".join(pieces), usedforsecurity=False).hexdigest().encode()
    extra = b"/Type/XRef/Index[0 %d]/W[1 %d 2]/Size %d/Root %s/ID[<%s><%s>]" % (
        len(rows), size, len(rows), pdf.catalog.reference, identifier, digest,
    )  # fmt: skip
    if pdf.info:
        extra += b"/Info " + pdf.info.reference
    start = position
    put(number, _stream(extra, zlib.compress(table, LEVEL)))
    pieces.append(b"startxref\n%d\n%%%%EOF\n" % start)
    output.write(b"".join(pieces))


def _stream_bytes(item: pydyf.Stream) -> bytes:
    if not item.compress:
        return item.data
    extra = pydyf.Dictionary(item.extra)
    content = b"\n".join(
        part
        if isinstance(part, bytes)
        else part.data
        if isinstance(part, pydyf.Object)
        else str(part).encode("ascii")
        for part in item.stream
    )
    return _stream(extra.data[2:-2], zlib.compress(content, LEVEL))


def _stream(extra: bytes, packed: bytes) -> bytes:
    return b"<<%s/Filter/FlateDecode/Length %d>>\nstream\n%s\nendstream" % (
        extra, len(packed), packed,
    )  # fmt: skip
