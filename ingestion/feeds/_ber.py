"""Reads BER (ITU-T X.690): elements of tag, length and content, of which some hold further ones.

Nothing is believed: a length must fit into what holds it, nesting and the number of elements are
limited, and every byte is read once, so that the time taken is that of the file's size. The reader
goes forward through the file and holds no more of it as elements than the caller asks for at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

APPLICATION = 0x40
CONSTRUCTED = 0x20
LONG_TAG = 0x1F
INDEFINITE = 0x80
LENGTH_BYTES_MAX = 8
TAG_BYTES_MAX = 4
INTEGER_BYTES_MAX = 16
END_OF_CONTENTS = b"\0\0"


class BerError(ValueError):
    """The bytes are no BER, or more than the limits allow. The message says where."""


@dataclass(frozen=True)
class BerLimits:
    """`depth`: how many elements may stand one in the other. `elements`: how many one element may
    hold in all, if it is read as a whole.
    """

    depth: int = 32
    elements: int = 200_000


@dataclass(frozen=True, slots=True)
class Element:
    """`tag`: the number of a tag of class application; any other class is below zero. `content`:
    bytes, or the elements that it holds.
    """

    tag: int
    content: bytes | list[Element]

    def all(self, tag: int) -> list[Element]:
        """The elements of a tag that stand directly in this one."""
        return [e for e in self.content if e.tag == tag] if isinstance(self.content, list) else []

    def find(self, *path: int) -> Element | None:
        """The first element on a path of tags, each directly in the one before."""
        element: Element | None = self
        for tag in path:
            if element is None or not isinstance(element.content, list):
                return None
            element = next((inner for inner in element.content if inner.tag == tag), None)
        return element

    def octets(self, *path: int) -> bytes | None:
        """The bytes of the element on a path. Raises ValueError if it holds elements instead."""
        found = self.find(*path)
        if found is None:
            return None
        if isinstance(found.content, list):
            raise ValueError("holds further elements")
        return found.content

    def integer(self, *path: int) -> int | None:
        """The whole number on a path. Raises ValueError if it is none, or a very long one."""
        octets = self.octets(*path)
        if octets is None:
            return None
        if not 1 <= len(octets) <= INTEGER_BYTES_MAX:
            raise ValueError(f"a whole number of {len(octets)} bytes")
        return int.from_bytes(octets, "big", signed=True)


class BerReader:
    """Goes through a file from element to element.

    `next_tag` tells what comes next in the element that was entered last, `enter` goes into it,
    `element` reads it as a whole. When there is nothing more, `next_tag` gives None and has left
    the element.
    """

    def __init__(self, data: bytes, limits: BerLimits | None = None) -> None:
        self.data = data
        self.at = 0
        self.limits = limits or BerLimits()
        # Of each element entered: up to where it may reach, and whether its end is marked.
        self.entered: list[tuple[int, bool]] = []
        self.elements = 0

    def next_tag(self) -> int | None:
        """The tag of the next element. None: there is none, and the element has been left."""
        end, marked = self.entered[-1] if self.entered else (len(self.data), False)
        if marked:
            if self.data[self.at : self.at + 2] == END_OF_CONTENTS and self.at + 2 <= end:
                self.at += 2
                self.entered.pop()
                return None
        elif self.at == end:
            if self.entered:
                self.entered.pop()
            return None
        tag, _, _ = self._tag(self.at, end)
        return tag

    def enter(self) -> None:
        """Go into the next element. Raises BerError if it holds no elements."""
        end = self.entered[-1][0] if self.entered else len(self.data)
        _, constructed, start, stop = self._head(self.at, end)
        if not constructed:
            raise BerError(f"byte {self.at}: an element that should hold others does not")
        if len(self.entered) >= self.limits.depth:
            raise BerError(f"byte {self.at}: nested deeper than {self.limits.depth}")
        self.at = start
        self.entered.append((end, True) if stop is None else (stop, False))

    def element(self) -> Element:
        """The next element with all that it holds."""
        end = self.entered[-1][0] if self.entered else len(self.data)
        self.elements = 0
        return self._element(end, len(self.entered))

    def _element(self, end: int, depth: int) -> Element:
        begun = self.at
        tag, constructed, start, stop = self._head(begun, end)
        self.elements += 1
        if self.elements > self.limits.elements:
            raise BerError(f"byte {begun}: more than {self.limits.elements} elements in one")
        if not constructed:
            assert stop is not None
            self.at = stop
            return Element(tag, self.data[start:stop])
        if depth >= self.limits.depth:
            raise BerError(f"byte {begun}: nested deeper than {self.limits.depth}")
        self.at = start
        return Element(tag, list(self._inside(end, stop, depth + 1)))

    def _inside(self, end: int, stop: int | None, depth: int) -> Iterator[Element]:
        if stop is not None:
            while self.at < stop:
                yield self._element(stop, depth)
            return
        while self.data[self.at : self.at + 2] != END_OF_CONTENTS:
            yield self._element(end, depth)
        if self.at + 2 > end:
            raise BerError(f"byte {self.at}: the end of an element lies outside what holds it")
        self.at += 2

    def _head(self, at: int, end: int) -> tuple[int, bool, int, int | None]:
        """Tag, whether it holds elements, where its content begins, and ends (None: marked)."""
        tag, constructed, start = self._tag(at, end)
        if start >= end:
            raise BerError(f"byte {at}: cut off")
        first = self.data[start]
        start += 1
        if first == INDEFINITE:
            if not constructed:
                raise BerError(f"byte {at}: a value without a length")
            return tag, constructed, start, None
        length = first
        if first > INDEFINITE:
            size = first - INDEFINITE
            if size > LENGTH_BYTES_MAX:
                raise BerError(f"byte {at}: a length of {size} bytes")
            if start + size > end:
                raise BerError(f"byte {at}: cut off")
            length = int.from_bytes(self.data[start : start + size], "big")
            start += size
        if length > end - start:
            raise BerError(f"byte {at}: a length of {length} where {end - start} bytes are left")
        return tag, constructed, start, start + length

    def _tag(self, at: int, end: int) -> tuple[int, bool, int]:
        if at >= end:
            raise BerError(f"byte {at}: cut off")
        first = self.data[at]
        at += 1
        number = first & LONG_TAG
        if number == LONG_TAG:
            number, at = self._long_tag(at, min(end, at + TAG_BYTES_MAX))
        elif first == 0:
            raise BerError(f"byte {at - 1}: an end of contents that ends nothing")
        is_application = first & 0xC0 == APPLICATION
        tag = number if is_application else -1 - ((first & 0xC0) << 28 | number)
        return tag, bool(first & CONSTRUCTED), at

    def _long_tag(self, at: int, end: int) -> tuple[int, int]:
        """The number that the bytes from here on make up, seven bits each, and where it ends."""
        number = 0
        for position in range(at, end):
            octet = self.data[position]
            number = number << 7 | octet & 0x7F
            if not octet & 0x80:
                return number, position + 1
        raise BerError(f"byte {at}: a tag that does not end")
