"""CSV of which every line is one row: when that is sure, and how a single line is read."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass

# Every quote opens, closes or doubles where it should, and no value holds a line end.
WELL_QUOTED = re.compile(rb'(?:(?:"(?:[^"\n\r]++|"")*+"|[^",\n]*+)(?:,|\r?\n))*+')

# The length of a line is limited elsewhere; both ways of reading must take the same cells.
csv.field_size_limit(max(csv.field_size_limit(), 1 << 30))


class UnreadableLineError(ValueError):
    """A line is no row of CSV; the message says why."""


def has_a_row_on_each_line(data: bytes) -> bool:
    """Whether any CSV parser makes one row of each line, blank lines apart."""
    returns = data.count(b"\r")
    if returns and returns != data.count(b"\r\n"):
        return False
    if b'"' not in data:
        return True
    whole = data if data.endswith(b"\n") else data + b"\n"
    return WELL_QUOTED.fullmatch(whole) is not None


def is_utf8(data: bytes) -> bool:
    """Whether the bytes are text."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


@dataclass(frozen=True)
class LineForm:
    """How cells stand on a line. `quote` None: no character quotes. `encoding`: one in which the
    bytes of ASCII stand for themselves. `trimmed`: blanks around a cell are no part of it.
    """

    delimiter: str = ","
    quote: str | None = '"'
    encoding: str = "utf-8"
    trimmed: bool = False


PLAIN = LineForm()


def cells_of(line: bytes, form: LineForm = PLAIN) -> list[str]:
    """The cells of one line, read strictly. Raises UnreadableLineError."""
    if b"\0" in line:
        raise UnreadableLineError("holds a NUL byte")
    try:
        cells = next(
            csv.reader(
                [line.decode(form.encoding)],
                strict=True,
                delimiter=form.delimiter,
                quotechar=form.quote,
                quoting=csv.QUOTE_MINIMAL if form.quote else csv.QUOTE_NONE,
                skipinitialspace=form.trimmed,
            )
        )
    except UnicodeDecodeError:
        raise UnreadableLineError(f"not {form.encoding.upper()}") from None
    except csv.Error as error:
        text = str(error)
        if "unexpected end of data" in text:
            message = "a quote is opened and not closed on its line"
        elif "expected after" in text:
            message = "text after a closing quote"
        else:
            message = f"not CSV ({text})"
        raise UnreadableLineError(message) from None
    return [cell.strip() for cell in cells] if form.trimmed else cells
