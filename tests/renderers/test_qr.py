"""Payment codes hold what EPC069-12 asks for."""

import re
from decimal import Decimal

import pytest
import segno

from renderers.qr import epc_payload, is_iban, qr_svg

IBAN = "DE89370400440532013000"


def payload(**changes: object) -> str | None:
    values = {
        "name": "Nordfunk Mobil GmbH", "iban": IBAN, "bic": "COBADEFFXXX",
        "amount": Decimal("61.44"), "reference": "R2026-00000412",
    }  # fmt: skip
    return epc_payload(**{**values, **changes})  # type: ignore[arg-type]


def test_an_epc_code_has_its_lines_in_order() -> None:
    assert payload() == (
        "BCD\n002\n1\nSCT\nCOBADEFFXXX\nNordfunk Mobil GmbH\n" + IBAN
        + "\nEUR61.44\n\n\nR2026-00000412"
    )  # fmt: skip


@pytest.mark.parametrize(
    "changes",
    [
        {"iban": "DE89370400440532013001"},
        {"amount": Decimal("0.00")},
        {"amount": Decimal("0.005")},
        {"amount": Decimal("1000000000.00")},
    ],
)
def test_what_cannot_be_transferred_has_no_code(changes: dict[str, object]) -> None:
    assert payload(**changes) is None


def test_a_wrong_bic_is_left_out() -> None:
    text = payload(bic="nonsense\nBCD")
    assert text is not None and text.split("\n")[4] == ""


def test_ibans_are_checked_by_their_digits() -> None:
    assert is_iban("FR76 3000 6000 0112 3456 7890 189")
    assert not is_iban("FR76 3000 6000 0112 3456 7890 188")
    assert not is_iban("")


def test_a_code_is_a_titled_drawing() -> None:
    svg = qr_svg("https://pay.example/1", "Scan <me>")
    assert "<title>Scan &lt;me&gt;</title>" in svg
    assert svg == qr_svg("https://pay.example/1", "Scan <me>")


@pytest.mark.parametrize("length", [1, 14, 15, 40, 106, 107, 230, 500, 900, 2331])
def test_a_code_is_the_one_that_segno_makes(length: int) -> None:
    parts = ("F2026-7z/ &<", "HTTPS://PAY/ 1", "7301")
    texts = [(part * length)[:length] for part in parts]
    for text in ("é" * (length // 2) + "a" * (length % 2), *texts):
        code = segno.make(text, error="m", boost_error=False, mask=4, micro=False, encoding="utf-8")
        wanted = {
            (x, y) for y, row in enumerate(code.matrix, 4) for x, dark in enumerate(row, 4) if dark
        }
        path = re.findall(r"M(\d+) (\d+)h(\d+)v1h-\3z", qr_svg(text, "t"))
        drawn = {(int(x) + n, int(y)) for x, y, width in path for n in range(int(width))}
        assert drawn == wanted
