"""Payment QR codes: EPC069-12 for SEPA credit transfers, and plain links."""

import re
from decimal import Decimal

import segno

from renderers.formatting import clean

# Countries whose banking apps read EPC codes; elsewhere a code that no app reads would puzzle.
EPC_COUNTRIES = frozenset({"AT", "BE", "DE", "FI", "NL"})
_EPC_LARGEST = Decimal("999999999.99")
_BAR = re.compile(rb"[^\0]+")  # dark modules side by side
_BIC = re.compile(r"^[A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?$")


def is_iban(text: str) -> bool:
    """Whether the text is an IBAN whose check digits are right."""
    compact = re.sub(r"\s", "", text).upper()
    if not re.match(r"^[A-Z]{2}\d{2}[A-Z0-9]{11,30}$", compact):
        return False
    return int("".join(str(int(char, 36)) for char in compact[4:] + compact[:4])) % 97 == 1


def epc_payload(
    *, name: str, iban: str, bic: str | None, amount: Decimal, reference: str
) -> str | None:
    """The text of an EPC code, or None when these values cannot stand in one.

    `amount` in euros.
    """
    compact = re.sub(r"\s", "", iban).upper()
    cents = amount.quantize(Decimal("0.01"))
    if not is_iban(compact) or cents != amount or not Decimal("0.01") <= cents <= _EPC_LARGEST:
        return None
    bic_text = (bic or "").strip().upper()
    lines = [
        "BCD", "002", "1", "SCT",
        bic_text if _BIC.match(bic_text) else "",
        clean(name, 70), compact, f"EUR{cents:f}", "", "", clean(reference, 140),
    ]  # fmt: skip
    return "\n".join(lines)


def qr_svg(text: str, title: str) -> str:
    """The code as an SVG drawing of one path, in a 4 module quiet zone.

    A fixed mask and error level M: four times faster than trying all masks, and EPC asks for M.
    """
    code = segno.make(text, error="m", boost_error=False, mask=4, micro=False, encoding="utf-8")
    border = 4
    rows = [bytes(row) for row in code.matrix]
    size = len(rows) + 2 * border
    path = []
    for y, row in enumerate(rows, border):
        for bar in _BAR.finditer(row):
            start, end = bar.span()
            path.append(f"M{start + border} {y}h{end - start}v1h-{end - start}z")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="qr" viewBox="0 0 {size} {size}" '
        f'role="img" shape-rendering="crispEdges"><title>{_escape(title)}</title>'
        f'<rect width="{size}" height="{size}" fill="#ffffff"/>'
        f'<path fill="#000000" d="{"".join(path)}"/></svg>'
    )


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
