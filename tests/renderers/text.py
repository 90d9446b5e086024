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


VOID = {"meta", "br", "input"}
NEVER = {"iframe", "object", "embed", "form", "link", "img", "base", "audio", "video"}


class _Structure(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.faults: list[str] = []
        self.scripts = self.styles = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.scripts += tag == "script"
        self.styles += tag == "style"
        if tag in NEVER:
            self.faults.append(f"holds a {tag}")
        for name in values:
            if name.startswith("on") or name in ("src", "srcset", "action"):
                self.faults.append(f"{tag} has {name}")
        if values.get("id"):
            self.ids.append(str(values["id"]))
        if tag == "th" and "scope" not in values:
            self.faults.append("a heading cell without scope")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Elements of drawings, closed in themselves."""

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"{tag} closed out of turn")


def structure_faults(html: str) -> list[str]:
    """What is wrong with a page's tree: what is left open, doubled, or should not be there."""
    parser = _Structure()
    parser.feed(html)
    faults = list(parser.faults)
    faults.extend(f"{tag} left open" for tag in parser.open)
    faults.extend(
        f"id twice: {name}" for name in {n for n in parser.ids if parser.ids.count(n) > 1}
    )
    if parser.scripts > 1 or parser.styles != 1:
        faults.append(f"{parser.scripts} scripts, {parser.styles} styles")
    return faults


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
