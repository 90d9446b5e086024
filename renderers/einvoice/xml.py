"""Writes XML trees: elements by prefixed name, in a fixed order, the same bytes every time."""

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]

Element = Any  # lxml says nothing of its types


class Writer:
    """Makes the elements of one vocabulary. `namespaces` maps the prefixes used in names
    ("ram:ID") to their namespaces."""

    def __init__(self, namespaces: Mapping[str, str]) -> None:
        self._namespaces = dict(namespaces)
        self._names: dict[str, str] = {}

    def root(self, name: str, default: str | None = None) -> Element:
        """A new document's element; with `default`, names of that prefix need none."""
        prefixes = {
            None if prefix == default else prefix: address
            for prefix, address in self._namespaces.items()
        }
        return etree.Element(self._name(name), nsmap=prefixes)

    def add(
        self,
        parent: Element,
        name: str,
        value: str | int | Decimal | dt.date | None = None,
        **attributes: str | None,
    ) -> Element:
        """A child with a text; attributes that are None are left out."""
        element = etree.SubElement(parent, self._name(name))
        if value is not None:
            element.text = text_of(value)
        for key, text in attributes.items():
            if text is not None:
                element.set(key, text)
        return element

    def add_if(
        self,
        parent: Element,
        name: str,
        value: str | int | Decimal | dt.date | None,
        **attributes: str | None,
    ) -> None:
        """A child, if there is anything to say: empty elements are not allowed."""
        if value is not None and value != "":
            self.add(parent, name, value, **attributes)

    def _name(self, name: str) -> str:
        known = self._names.get(name)
        if known is None:
            prefix, _, local = name.partition(":")
            known = self._names[name] = f"{{{self._namespaces[prefix]}}}{local}"
        return known


def text_of(value: str | int | Decimal | dt.date) -> str:
    """Numbers without exponent, dates in ISO form."""
    if isinstance(value, Decimal):
        return f"{value + 0:f}"
    return value.isoformat() if isinstance(value, dt.date) else str(value)


def to_bytes(root: Element) -> bytes:
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
