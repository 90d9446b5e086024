"""Payment codes are read back from the printed page, as a phone's camera would."""

from pathlib import Path

import pytest
import zxingcpp

from renderers.branding import Branding
from renderers.qr import epc_payload
from renderers.rendering import render_pdf
from tests.renderers import samples
from tests.renderers.browser import page_image

BRANDING = Branding(payment_url="https://pay.example/{document_number}?a={account_id}")


@pytest.mark.parametrize("dpi", [100, 150, 300])
def test_a_transfer_and_its_link_are_read_from_the_first_page(dpi: int, tmp_path: Path) -> None:
    document = samples.german()
    image = page_image(render_pdf(document, branding=BRANDING), 1, tmp_path, dpi)
    texts = {code.text for code in zxingcpp.read_barcodes(image)}
    transfer = epc_payload(
        name="Nordfunk Mobil GmbH", iban="DE89370400440532013000", bic="COBADEFFXXX",
        amount=samples.Decimal(document["amounts"]["due"]), reference="R2026-00000412",
    )  # fmt: skip
    assert texts == {transfer, "https://pay.example/R2026-00000412?a=80338453"}


@pytest.mark.parametrize("name", ["typical", "business"])
def test_where_no_banking_app_reads_codes_the_link_stands_alone(name: str, tmp_path: Path) -> None:
    document = samples.SAMPLES[name]()
    image = page_image(render_pdf(document, branding=BRANDING), 1, tmp_path)
    (code,) = zxingcpp.read_barcodes(image)
    assert code.text == f"https://pay.example/{document['document_number']}?a=80338453"


def test_a_copy_in_grey_is_read_too(tmp_path: Path) -> None:
    pdf = render_pdf(samples.german(), branding=BRANDING)
    image = page_image(pdf, 1, tmp_path).convert("L")
    assert len(zxingcpp.read_barcodes(image)) == 2
