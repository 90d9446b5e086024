"""Reads back what a page or a PDF file says."""

import io
import re
import unicodedata
from decimal import Decimal
from html.parser import HTMLParser

from pypdf import PdfReader


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag in ("style", "script"):
            self._silent += 1
        self.parts.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("style", "script"):
            self._silent -= 1
        self.parts.append(" ")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.parts.append(data)


def plain(text: str) -> str:
    """Every kind of space becomes one space."""
    spaced = "".join(" " if unicodedata.category(char) == "Zs" else char for char in text)
    return re.sub(r"\s+", " ", spaced).strip()


def page_text(html: str) -> str:
    """The words of a page, without its markup."""
    parser = _Text()
    parser.feed(html)
    return plain("".join(parser.parts))


def pdf_text(content: bytes) -> str:
    """The words of a PDF file."""
    reader = PdfReader(io.BytesIO(content))
    return plain("\n".join(page.extract_text() for page in reader.pages))


def french_amount(amount: str) -> str:
    """An amount of the document as a French page writes it, spaces made plain."""
    value = Decimal(amount)
    whole, _, cents = f"{abs(value):.2f}".partition(".")
    grouped = re.sub(r"(?<=\d)(?=(\d{3})+$)", " ", whole)
    return f"{'−' if value < 0 else ''}{grouped},{cents} €"
