"""Both media of every sample: amounts, safety, structure, repeatability."""

import hashlib
import io
import re
import subprocess
import sys
import time
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any, cast

import pytest
from pypdf import PdfReader

from renderers.branding import Branding
from renderers.pdf import PdfWriter
from renderers.rendering import render_html, render_pdf
from renderers.view import build_view
from tests.renderers import samples
from tests.renderers.text import french_amount, page_text, pdf_text, plain

FRENCH = ["small", "typical", "business", "credit_note", "zero", "one_line", "in_favour"]
VOID = {"meta", "br", "link", "img", "hr", "input"}


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
    stack: list[str] = []
    ids: list[str] = []
    headers_without_scope = 0

    class Checker(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            nonlocal headers_without_scope
            values = dict(attrs)
            assert tag not in ("script", "iframe", "object", "form", "link", "img", "base")
            assert not any(key.startswith("on") for key in values), tag
            assert "src" not in values and "srcset" not in values
            if values.get("id"):
                ids.append(str(values["id"]))
            if tag == "th" and "scope" not in values:
                headers_without_scope += 1
            if tag not in VOID:
                stack.append(tag)

        def handle_startendtag(self, tag: str, attrs: object) -> None:
            pass

        def handle_endtag(self, tag: str) -> None:
            assert stack.pop() == tag

    Checker().feed(html)
    assert not stack
    assert len(ids) == len(set(ids))
    assert headers_without_scope == 0
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


def test_pages_are_numbered_through(pdf_of: Callable[[str], bytes]) -> None:
    reader = PdfReader(io.BytesIO(pdf_of("typical")))
    count = len(reader.pages)
    for place, page in enumerate(reader.pages, 1):
        assert f"{place} / {count}" in plain(page.extract_text())


HOSTILE = [
    '<script>alert(1)</script><img src="http://x.example/a.png">',
    "{{ 7 * 7 }} {% include 'x' %} {# c #}",
    "javascript:alert(1)",
    "file:///etc/passwd",
    "\"><svg onload=alert(1)><style>@import 'http://x.example/b.css';</style>",
    "\u202eevil\u2066\u200f\u0000\x1b[31m",
    "</title></style></script><!-- -->",
    "url(file:///etc/passwd) \\41 ; } * { background: url(http://x.example) }",
    "x" * 10_000,
    "mot " * 2_500,
    "%s %n {0} {name} ${x}",
    "漢字 العربية 😀",
]


def poison(value: object, text: str, path: str = "") -> object:
    """Every free text of a document replaced; what the schema fixes is left."""
    fixed = {
        "schema", "template", "document_kind", "bill_date", "due_date", "currency_code",
        "minor_units", "start", "end", "charge_kind", "unit", "service", "payment_method",
        "language", "rate_percent", "subscription_id", "period_start", "period_end",
        "charged_from", "charged_to", "itemisation", "kind", "quantity",
    }  # fmt: skip
    if isinstance(value, dict):
        return {
            key: item if key in fixed or "amount" in key else poison(item, text, key)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [poison(item, text, path) for item in value]
    if isinstance(value, str) and not re.fullmatch(r"-?\d+(\.\d+)?", value):
        return text
    return value


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_texts_do_nothing(text: str, writer: PdfWriter) -> None:
    fetched: list[str] = []
    document = poison(samples.german(), text)
    assert isinstance(document, dict)
    rows = samples.usage_rows(samples.typical(), 3)
    for row in rows:
        row.update(other_party=text, destination=text, charge_name=text)

    def audit(event: str, arguments: tuple[object, ...]) -> None:
        if not watching:
            return
        if event == "open" and "passwd" in str(arguments[0]):
            fetched.append(str(arguments[0]))
        if event in ("socket.connect", "socket.getaddrinfo", "urllib.Request"):
            fetched.append(str(arguments))

    watching = True
    sys.addaudithook(audit)
    try:
        html = render_html(document, rows)
        view = build_view(document, rows, Branding())
        writer.write(view, "1", Branding().palette, "x")
    finally:
        watching = False
    assert fetched == []
    body = html.split("</style>", 1)[1]
    for word in ("<script", "<img", "<svg onload", "<style", "<!-- -->"):
        assert word not in body
    assert 'href="javascript' not in html and 'href="file' not in html
    assert "\u202e" not in html and "\x00" not in html
    assert len(html) < 200_000


def test_template_syntax_is_printed_not_run() -> None:
    document = samples.small()
    document["account"]["name"] = "{{ 7 * 7 }}"
    assert "{{ 7 * 7 }}" in page_text(render_html(document))


def test_only_safe_addresses_become_links() -> None:
    document = samples.small()
    document["operator"].update(
        support_url="javascript:alert(1)", support_email='a@b.example"onclick="x'
    )
    html = render_html(document)
    assert 'href="javascript' not in html and "onclick=&#34;" in html
    assert html.count("<a ") == 1  # the skip link


def test_five_thousand_rows_keep_their_order_and_sums(writer: PdfWriter) -> None:
    document = samples.typical()
    rows = samples.usage_rows(document, 5_000)
    view = build_view(document, rows)
    content = writer.write(view, "1", Branding().palette, "x")
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
        writer.write(build_view(document, usage), "1", Branding().palette, "x")
        return time.process_time() - start

    seconds(rows)
    times = [(seconds([]), seconds(rows)) for _ in range(3)]
    assert min(long for _, long in times) <= min(short for short, _ in times) * 1.5


def test_texts_beyond_the_bundled_faces_are_still_printed(writer: PdfWriter) -> None:
    document = samples.typical()
    rows = samples.usage_rows(document, 4)
    rows[0]["destination"] = "日本"
    view = build_view(document, rows)
    content = writer.write(view, "1", Branding().palette, "x")
    assert len(PdfReader(io.BytesIO(content)).pages) >= 3
