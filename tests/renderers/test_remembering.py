"""What is kept between documents changes no byte of them, in whatever order they come."""

import json
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
from weasyprint import tinyhtml5
from weasyprint.urls import URLFetcher

from renderers.branding import Branding, OwnTemplate
from renderers.pages import fill_page
from renderers.pdf import PdfWriter
from renderers.remembering import read_page
from renderers.view import DocumentView, build_view
from tests.renderers import samples

ISSUED = Path(__file__).parent / "issued" / "v1"
LOGO = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 10"><title>Démo</title>'
    '<path d="M0 0h40v10h-40z" fill="#c4421a"/><text x="2" y="8">A &amp; B</text></svg>'
)
BRANDINGS = {
    "plain": Branding(),
    "own": Branding(
        name="Ondine",
        logo_svg=LOGO,
        payment_url="https://pay.example/{document_number}?account={account_id}",
    ),
}


def views() -> dict[str, tuple[DocumentView, str, Branding]]:
    """Documents of both versions: many lines, long names, credits, codes, lists."""
    found = {}
    for name, branding in BRANDINGS.items():
        for sample in ("typical", "german", "british", "giant", "credit_note"):
            document = samples.SAMPLES[sample]()
            rows = samples.usage_rows(document, 20) if sample == "british" else []
            found[f"{sample} {name}"] = build_view(document, rows, branding), "2", branding
    turned = replace(build_view(samples.german()), direction="rtl")
    found["right to left"] = turned, "2", Branding()
    found["business"] = build_view(samples.business(9)), "2", Branding()
    for path in sorted(ISSUED.glob("*.json")):
        kept = json.loads(path.read_text(encoding="utf-8"))
        found[path.stem] = build_view(kept["document"], kept["usage"]), "1", Branding()
    return found


def write(writer: PdfWriter, item: tuple[DocumentView, str, Branding]) -> bytes:
    view, template, branding = item
    return writer.write(view, template, branding.palette, view.number)


def test_documents_are_the_same_whatever_came_before_them() -> None:
    items = views()
    expected = {name: write(PdfWriter(remembers=False), item) for name, item in items.items()}
    for seed in (1, 2):
        writer = PdfWriter()
        order = list(items) * 2
        Random(seed).shuffle(order)
        for name in order:
            assert write(writer, items[name]) == expected[name], name


def test_texts_that_no_document_had_before_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Amounts and names differ from bill to bill: kerning, cuts and breaks with them. So little
    is kept that it is forgotten again and again."""
    monkeypatch.setattr("renderers.remembering.TEXTS_KEPT", 150)
    monkeypatch.setattr("renderers.remembering.STYLES_KEPT", 250)
    random = Random(7)
    plain, writer = PdfWriter(remembers=False), PdfWriter()
    for place in range(12):
        bill = samples.Builder("DE", number=f"R{place}")
        letters = "AVToWyfi.,’ÄÉß€−ﬁ漢 "
        name = "".join(random.choices(letters, k=random.choice((3, 20, 90)))).strip() or "A"
        bill.account(name=name, payment_method="transfer")
        line = bill.subscription(place, name[::-1], "Freiheit L")
        for _ in range(random.randrange(2, 9)):
            amount = random.randrange(-(10 ** random.randrange(2, 9)), 10 ** random.randrange(3, 9))
            bill.line(line, "usage", name[: random.randrange(1, 90)], f"{amount / 100:.2f}",
                      quantity=str(random.randrange(1, 10**5)), unit="second")  # fmt: skip
        used = random.randrange(20 * 10**9)
        bill.allowance(line, "data", "20 GB", 20 * 10**9, used)
        bill.usage(line, "data", "Daten", 3, used, used, "0.000000")
        bill.history("12.00", f"{random.randrange(1, 9000) / 100:.2f}")
        bill.earlier((1.5, 20, 3), (random.randrange(1, 40), 0, 0))
        item = build_view(bill.build()), "2", Branding()
        assert write(writer, item) == write(plain, item)


def test_an_operators_own_rules_are_the_same() -> None:
    style = (
        ".panel:nth-last-child(2) { color: #800 } h2:has(+ table) { margin-top: 3vw }"
        " p:last-of-type { font-size: 120% } .hero { display: flex }"
        " th { text-decoration: underline }"
    )
    own = OwnTemplate(
        "own", '{% extends "document" %}{% block notice %}<p>A<p>B{% endblock %}', style
    )
    plain, writer = PdfWriter(remembers=False), PdfWriter()
    for sample in ("typical", "small", "typical"):
        view = build_view(samples.SAMPLES[sample]())
        palette = Branding().palette
        assert writer.write(view, "2", palette, "x", own) == plain.write(
            view, "2", palette, "x", own
        )


def test_pages_are_read_as_html() -> None:
    for view, template, branding in views().values():
        for flows in (False, True):
            page = fill_page(
                view, template, branding.palette, medium="print", own_list=False, flows=flows
            )
            tree: Any = read_page(page, URLFetcher()).etree_element
            expected: Any = tinyhtml5.parse(page, namespace_html_elements=False)
            for element in expected.iter():
                for name in [*element.attrib]:
                    if name.startswith("{http://www.w3.org/2000/xmlns/}"):
                        del element.attrib[name]
            assert [
                (node.tag, node.attrib, node.text or "", node.tail or "") for node in tree.iter()
            ] == [
                (node.tag, node.attrib, node.text or "", node.tail or "")
                for node in expected.iter()
            ]
