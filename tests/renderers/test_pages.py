"""Both media of every sample: amounts, safety, structure, repeatability."""

import hashlib
import io
import re
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any, cast

import pytest
from pypdf import PdfReader

from renderers.branding import Branding
from renderers.pdf import PdfWriter
from renderers.rendering import render_html, render_pdf
from renderers.view import build_view
from tests.renderers import samples
from tests.renderers.text import french_amount, page_text, pdf_text, plain, structure_faults

FRENCH = ["small", "typical", "giant", "business", "credit_note", "zero", "one_line", "in_favour"]


@pytest.mark.parametrize("name", FRENCH)
def test_every_amount_of_the_document_is_on_the_page(
    name: str, html_of: Callable[[str], str]
) -> None:
    document = samples.SAMPLES[name]()
    text = page_text(html_of(name))
    amounts = document["amounts"]
    for amount in [
        *(line["amount_net"] for line in document["lines"]),
        *(tax["amount_tax"] for tax in document["taxes"]),
        *(tax["taxable_amount"] for tax in document["taxes"]),
        amounts["net"], amounts["total"],
    ]:  # fmt: skip
        assert french_amount(amount) in text, amount
    if document["document_kind"] == "invoice":
        assert french_amount(amounts["due"]).lstrip("−") in text


@pytest.mark.parametrize("name", ["typical", "credit_note"])
def test_paper_says_what_the_screen_says(
    name: str, html_of: Callable[[str], str], pdf_of: Callable[[str], bytes]
) -> None:
    document = samples.SAMPLES[name]()
    paper = pdf_text(pdf_of(name)).replace(" ", "")
    for line in document["lines"]:
        assert plain(line["description"]).replace(" ", "") in paper
        assert french_amount(line["amount_net"]).replace(" ", "") in paper
    assert french_amount(document["amounts"]["total"]).replace(" ", "") in paper


def test_masked_numbers_stay_as_they_were_stored(
    html_of: Callable[[str], str], pdf_of: Callable[[str], bytes]
) -> None:
    document = samples.typical()
    rows = samples.usage_rows(document, 40)
    page, paper = page_text(html_of("typical")), pdf_text(pdf_of("typical"))
    numbers = {row["other_party"] for row in rows if row["other_party"]}
    assert numbers and all(number.endswith("••••") for number in numbers)
    for number in numbers:
        assert number in page
        assert number in paper
    assert "Les 4 derniers chiffres des numéros appelés sont masqués." in page


@pytest.mark.parametrize("name", sorted(samples.SAMPLES))
def test_pages_are_well_formed_and_self_contained(name: str, html_of: Callable[[str], str]) -> None:
    html = html_of(name)
    assert structure_faults(html) == []
    ids = re.findall(r' id="([^"]+)"', html)
    assert re.search(r'<html lang="(fr|de|en)-[A-Z]{2}" dir="ltr">', html)
    for landmark in ("<header", "<main", "<footer"):
        assert html.count(landmark) == 1
    assert "url(" not in html and "@import" not in html
    for label in re.findall(r'aria-labelledby="([^"]+)"', html):
        assert label in ids


@pytest.mark.parametrize("name", ["typical", "german", "canadian"])
def test_the_same_document_gives_the_same_bytes(
    name: str, html_of: Callable[[str], str], pdf_of: Callable[[str], bytes], writer: PdfWriter
) -> None:
    document = samples.SAMPLES[name]()
    rows = samples.usage_rows(document, 40) if name == "typical" else []
    assert render_html(document, rows) == html_of(name)
    assert render_pdf(document, rows) == pdf_of(name)


def test_another_process_gives_the_same_bytes(
    html_of: Callable[[str], str], pdf_of: Callable[[str], bytes]
) -> None:
    program = (
        "import hashlib\n"
        "from renderers.rendering import render_html, render_pdf\n"
        "from tests.renderers import samples\n"
        "document = samples.typical()\n"
        "rows = samples.usage_rows(document, 40)\n"
        "print(hashlib.sha256(render_pdf(document, rows)).hexdigest())\n"
        "print(hashlib.sha256(render_html(document, rows).encode()).hexdigest())\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo"},
    )  # fmt: skip
    assert result.stdout.split() == [
        hashlib.sha256(pdf_of("typical")).hexdigest(),
        hashlib.sha256(html_of("typical").encode()).hexdigest(),
    ]


def test_the_file_identifier_comes_from_the_document(pdf_of: Callable[[str], bytes]) -> None:
    identifiers = [
        cast(Any, PdfReader(io.BytesIO(pdf_of(name))).trailer["/ID"])[0]
        for name in ("small", "zero")
    ]
    assert identifiers[0] != identifiers[1]


def test_pdf_files_are_tagged_archives(pdf_of: Callable[[str], bytes]) -> None:
    reader = PdfReader(io.BytesIO(pdf_of("typical")))
    catalog = root_of(reader)
    assert catalog["/Lang"] == "fr-FR"
    assert str(catalog["/MarkInfo"]["/Marked"]) == "True"
    assert str(catalog["/ViewerPreferences"]["/DisplayDocTitle"]) == "True"
    assert catalog["/OutputIntents"][0]["/S"] == "/GTS_PDFA1"
    metadata = catalog["/Metadata"].get_data()
    assert metadata.count(b"<rdf:RDF") == 1
    assert b'part="3"' in metadata and b'conformance="A"' in metadata
    assert reader.metadata is not None
    assert reader.metadata.title == "Facture F2026-00003873 · Mobilis Démo SAS"
    assert reader.metadata.creation_date is not None
    assert reader.metadata.creation_date.date().isoformat() == "2026-12-01"
    for page in reader.pages:
        for font in cast(Any, page["/Resources"])["/Font"].values():
            descriptor = font.get_object()["/DescendantFonts"][0].get_object()["/FontDescriptor"]
            assert "/FontFile2" in descriptor
            assert "Billhouse" in descriptor["/FontName"]


def test_every_mark_of_a_page_belongs_to_one_element(pdf_of: Callable[[str], bytes]) -> None:
    reader = PdfReader(io.BytesIO(pdf_of("typical")))
    root = root_of(reader)["/StructTreeRoot"]
    numbers = root["/ParentTree"]["/Nums"]
    owners = {numbers[at]: numbers[at + 1].get_object() for at in range(0, len(numbers), 2)}
    assert list(owners) == sorted(owners)
    for page in reader.pages:
        content = page.get_contents()
        assert content is not None
        marks = [int(mark) for mark in re.findall(rb"/MCID (\d+)", content.get_data())]
        assert sorted(marks) == list(range(len(marks)))
        page_owners = owners[page["/StructParents"]]
        assert len(page_owners) == len(marks)
        for mark, owner in enumerate(page_owners):
            kids = owner.get_object()["/K"]
            assert mark in (kids if isinstance(kids, list) else [kids])
    figures = [
        element for element in elements(root["/K"][0].get_object()) if element["/S"] == "/Figure"
    ]
    assert figures and all(figure.get("/Alt") for figure in figures)


def root_of(reader: PdfReader) -> Any:
    return reader.trailer["/Root"]


def elements(element: dict) -> list[dict]:
    found = [element]
    kids = element.get("/K", [])
    for kid in kids if isinstance(kids, list) else [kids]:
        resolved = kid.get_object() if hasattr(kid, "get_object") else kid
        if isinstance(resolved, dict) and "/S" in resolved:
            found.extend(elements(resolved))
    return found


@pytest.mark.parametrize(
    ("name", "pages"),
    [("empty", 1), ("one_line", 1), ("zero", 1), ("credit_note", 1), ("small", 2), ("german", 2)],
)
def test_short_documents_stay_on_one_page_and_usual_ones_on_two(
    name: str, pages: int, pdf_of: Callable[[str], bytes]
) -> None:
    assert len(PdfReader(io.BytesIO(pdf_of(name))).pages) == pages


def test_page_1_is_the_bill_at_a_glance_and_page_2_its_detail(
    pdf_of: Callable[[str], bytes],
) -> None:
    """A family's bill: how to pay and all panels first, then charges, taxes, help and imprint."""
    first, second, *_ = (
        plain(page.extract_text()) for page in PdfReader(io.BytesIO(pdf_of("typical"))).pages
    )
    for words in ("Montant à payer", "FR76 3000", "Ce qui change", "Vos derniers mois",
                  "Où va l’argent", "Forfaits les plus utilisés"):  # fmt: skip
        assert words in first, words
    for words in ("Détail de vos montants", "TVA et taxes", "Contester un montant",
                  "Informations légales"):  # fmt: skip
        assert words in second, words


def test_pages_are_numbered_through(pdf_of: Callable[[str], bytes]) -> None:
    reader = PdfReader(io.BytesIO(pdf_of("typical")))
    count = len(reader.pages)
    for place, page in enumerate(reader.pages, 1):
        assert f"{place} / {count}" in plain(page.extract_text())


def test_five_thousand_rows_keep_their_order_and_sums(writer: PdfWriter) -> None:
    document = samples.typical()
    rows = samples.usage_rows(document, 5_000)
    view = build_view(document, rows)
    content = writer.write(view, "2", Branding().palette, "x")
    reader = PdfReader(io.BytesIO(content))
    assert view.itemised is not None
    text = plain(reader.pages[-1].extract_text())
    assert plain(view.itemised.groups[-1].subtotals[-1][3]) in text
    assert len(reader.pages) < 100


def test_itemised_usage_costs_little(writer: PdfWriter) -> None:
    """500 calls take at most half as long again as the same bill without them."""
    document = samples.typical()
    rows = samples.usage_rows(document, 500)

    def seconds(usage: list[samples.UsageRow]) -> float:
        start = time.process_time()
        writer.write(build_view(document, usage), "2", Branding().palette, "x")
        return time.process_time() - start

    seconds(rows)
    times = [(seconds([]), seconds(rows)) for _ in range(3)]
    assert min(long for _, long in times) <= min(short for short, _ in times) * 1.5


def test_texts_beyond_the_bundled_faces_are_still_printed(writer: PdfWriter) -> None:
    document = samples.typical()
    rows = samples.usage_rows(document, 4)
    rows[0]["destination"] = "日本"
    view = build_view(document, rows)
    content = writer.write(view, "2", Branding().palette, "x")
    assert len(PdfReader(io.BytesIO(content)).pages) >= 3
