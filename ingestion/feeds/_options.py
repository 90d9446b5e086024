"""Checks of feed options that several formats share."""

from __future__ import annotations

from collections.abc import Callable

# The encodings in which a line end and a delimiter are what they are in ASCII.
ENCODINGS = ("utf-8", "latin-1", "iso-8859-15", "cp1252")

Check = Callable[[object], str | None]


def one_of(*allowed: str) -> Check:
    """A check that says what is wrong with a value that is none of these."""
    return lambda value: None if value in allowed else f"not one of {', '.join(allowed)}"


def text(value: object) -> str | None:
    """A check that the value is one piece of text."""
    return None if isinstance(value, str) and value else "not a single value"


def texts(value: object) -> str | None:
    """A check that the value is a list of texts, of which none is left out."""
    if isinstance(value, list) and value and all(isinstance(item, str) for item in value):
        return None
    return "not a list of single values"


def mapping(value: object) -> str | None:
    """A check that the value is a mapping."""
    return None if isinstance(value, dict) and value else "not a mapping"


def mapping_of_texts(value: object) -> str | None:
    """A check that the value maps texts to texts."""
    if isinstance(value, dict) and value and all(isinstance(v, str) for v in value.values()):
        return None
    return "not a mapping of single values"


def character(value: object) -> str | None:
    """A check that the value is one character of ASCII that can part or quote cells."""
    if isinstance(value, str) and len(value) == 1 and value.isascii() and value not in "\0\r\n":
        return None
    return 'not one character (a tabulator is written "\\t")'


def whole_number(value: object) -> str | None:
    """A check that the value is a whole number from 0 to 1000."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and int(value) <= 1000:
        return None
    return "not a whole number up to 1000"
