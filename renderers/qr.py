"""Payment QR codes: EPC069-12 for SEPA credit transfers, and plain links."""

import re
from decimal import Decimal
from functools import lru_cache

from segno import consts, encoder

from renderers.formatting import clean

# Countries whose banking apps read EPC codes; elsewhere a code that no app reads would puzzle.
EPC_COUNTRIES = frozenset({"AT", "BE", "DE", "FI", "NL"})
_EPC_LARGEST = Decimal("999999999.99")
_BAR = re.compile(rb"[^\0]+")  # dark modules side by side
_LEVEL = consts.ERROR_LEVEL_M
_MASK = 4
_QUIET = 4
_LARGEST = 177
_MOVE = [f"M{x + _QUIET}" for x in range(_LARGEST)]
_BOX = [f"h{width}v1h-{width}z" for width in range(_LARGEST + 1)]
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
    rows = _modules(text)
    size = len(rows) + 2 * _QUIET
    path = []
    for y, row in enumerate(rows, _QUIET):
        line = f" {y}"
        for bar in _BAR.finditer(row):
            start, end = bar.span()
            path += _MOVE[start], line, _BOX[end - start]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="qr" viewBox="0 0 {size} {size}" '
        f'role="img" shape-rendering="crispEdges"><title>{_escape(title)}</title>'
        f'<rect width="{size}" height="{size}" fill="#ffffff"/>'
        f'<path fill="#000000" d="{"".join(path)}"/></svg>'
    )


def _modules(text: str) -> list[bytes]:
    """The rows of the code, a byte a module, as `segno.make` gives them.

    Where a version's modules lie is worked out once, by segno; a code is then its bits on it. That
    was a quarter of what a web page costs (benchmarks/README.md).
    """
    segments = encoder.prepare_data(text, None, "utf-8")
    version = encoder.find_version(segments, _LEVEL, eci=False, micro=False)
    bits = encoder.Buffer()
    for segment in segments:
        encoder.write_segment(bits, segment, None, encoder.version_range(version), False)
    capacity = consts.SYMBOL_CAPACITY[version][_LEVEL]
    encoder.write_terminator(bits, capacity, None, len(bits))
    encoder.write_padding_bits(bits, version, len(bits))
    encoder.write_pad_codewords(bits, version, capacity, len(bits))
    message = encoder.make_final_message(version, _LEVEL, bits).getbits()
    size, empty, places = _layout(version)
    modules = bytearray(empty)
    for place, bit in zip(places, message, strict=True):
        if bit:
            modules[place] ^= 1
    return [bytes(modules[at : at + size]) for at in range(0, size * size, size)]


@lru_cache(maxsize=40)
def _layout(version: int) -> tuple[int, bytes, tuple[int, ...]]:
    """(modules a side, all modules of a code whose bits are all 0, where each bit lies).

    Masking is adding bit by bit, so a 1 turns over the module that a 0 leaves there.
    """
    size = encoder.calc_matrix_size(version)

    def frame() -> tuple[bytearray, ...]:
        rows = encoder.make_matrix(size, size)
        encoder.add_finder_patterns(rows, size, size)
        encoder.add_alignment_patterns(rows, size, size)
        return rows

    free = 2  # how segno marks a module that waits for its bit
    bits = sum(row.count(free) for row in frame())
    numbered = [list(row) for row in frame()]
    encoder.add_codewords(numbered, range(free + 1, free + 1 + bits), version)
    flat = [value for row in numbered for value in row]
    places = {value: place for place, value in enumerate(flat) if value > free}
    empty = frame()
    encoder.add_codewords(empty, bytes(bits), version)
    _, masked = encoder.find_and_apply_best_mask(empty, size, size, _MASK)
    assert masked is not None
    encoder.add_format_info(masked, version, _LEVEL, _MASK)
    encoder.add_version_info(masked, version)
    return size, b"".join(masked), tuple(places[value] for value in sorted(places))


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
