"""PDF files are PDF/A-3a: complete structure, one description of themselves, what they embed."""

import hashlib
import io
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Any

import pikepdf
import pytest
from facturx import get_xml_from_pdf

from renderers.branding import Branding
from renderers.einvoice import cii_xml, of_document
from renderers.rendering import render_pdf
from tests.renderers import samples
from tests.renderers.business_bills import KINDS, of_business, plain
from tests.renderers.validation import CII_SCHEMA, etree, schema_faults

RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
PDFA = "{http://www.aiim.org/pdfa/ns/id/}"
FX = "{urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#}"
DC = "{http://purl.org/dc/elements/1.1/}"
LOGO = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><rect width="9" height="9"/></svg>'
)


def _family_with_list() -> tuple[samples.Document, list[samples.UsageRow]]:
    document = of_business(samples.typical())
    return document, samples.usage_rows(document, 130)


FILES = {
    "plain": lambda: (plain(), []),
    "family with a list": _family_with_list,
    "fleet": lambda: (samples.business(), []),
    "credit note": lambda: (KINDS["credit_note"](), []),
    "consumer": lambda: (samples.small(), []),
    "list of a consumer": lambda: (samples.british(), samples.usage_rows(samples.british(), 30)),
}


@cache
def content_of(name: str) -> bytes:
    document, rows = FILES[name]()
    return render_pdf(document, rows)


def opened(name: str) -> pikepdf.Pdf:
    return pikepdf.open(io.BytesIO(content_of(name)))


@pytest.fixture(params=FILES)
def pdf(request: pytest.FixtureRequest) -> pikepdf.Pdf:
    return opened(request.param)


# The structure tree


def elements(pdf: pikepdf.Pdf) -> Iterator[tuple[Any, tuple[str, ...]]]:
    """Every structure element with the kinds above it."""
    stack: list[tuple[Any, tuple[str, ...]]] = [(kid, ()) for kid in _kids(pdf.Root.StructTreeRoot)]
    while stack:
        element, above = stack.pop()
        if not isinstance(element, pikepdf.Dictionary) or "/S" not in element:
            continue
        yield element, above
        stack.extend((kid, (*above, str(element.S))) for kid in _kids(element))


def _kids(element: Any) -> list[Any]:
    kids = element.get("/K", pikepdf.Array())
    return list(kids) if isinstance(kids, pikepdf.Array) else [kids]


def _key(item: Any) -> tuple[int, int]:
    assert item.is_indirect
    return item.objgen


def marked_content(page: pikepdf.Page) -> tuple[list[int], list[str]]:
    """The MCIDs of a page, and text or drawing that no mark encloses."""
    mcids: list[int] = []
    faults: list[str] = []
    depth: list[bool] = []
    for operands, operator in pikepdf.parse_content_stream(page):
        name = str(operator)
        if name == "BDC" and isinstance(operands[1], pikepdf.Dictionary):
            depth.append(True)
            mcids.append(int(operands[1]["/MCID"]))
        elif name in ("BMC", "BDC"):
            depth.append(str(operands[0]) == "/Artifact" or any(depth))
        elif name == "EMC":
            depth.pop()
        elif name in ("Tj", "TJ", "S", "f", "f*", "B", "b", "sh", "Do") and not any(depth):
            faults.append(f"{name} {operands}"[:80])
    assert not depth
    return mcids, faults


def test_every_piece_of_content_is_reached_once_or_an_artifact(pdf: pikepdf.Pdf) -> None:
    reached: Counter[tuple[tuple[int, int], int]] = Counter()
    for element, _ in elements(pdf):
        for kid in _kids(element):
            if isinstance(kid, int):
                reached[(_key(element.Pg), kid)] += 1
    drawn: Counter[tuple[tuple[int, int], int]] = Counter()
    for page in pdf.pages:
        mcids, faults = marked_content(page)
        assert faults == []
        drawn.update((_key(page.obj), mcid) for mcid in mcids)
    assert drawn
    assert reached == drawn
    assert set(drawn.values()) == {1}


def test_the_number_tree_leads_from_content_to_its_element(pdf: pikepdf.Pdf) -> None:
    numbers: list[Any] = list(pdf.Root.StructTreeRoot.ParentTree.Nums)
    assert numbers[::2] == sorted(set(numbers[::2]))
    tree: dict[int, Any] = dict(zip(numbers[::2], numbers[1::2], strict=True))
    for page in pdf.pages:
        owners = tree[int(page.obj.StructParents)]
        for mcid in marked_content(page)[0]:
            assert mcid in [kid for kid in _kids(owners[mcid]) if isinstance(kid, int)]
        for annotation in page.obj.get("/Annots", ()):
            element = tree[int(annotation.StructParent)]
            assert element.S == "/Link"
            assert annotation.Contents
    known = {_key(element) for element, _ in elements(pdf)}
    for owner in tree.values():
        for item in owner if isinstance(owner, pikepdf.Array) else [owner]:
            assert item is None or _key(item) in known


def test_elements_know_their_parent_and_stand_where_they_may(pdf: pikepdf.Pdf) -> None:
    allowed = {
        "/TR": {"/Table", "/THead", "/TBody", "/TFoot"}, "/TH": {"/TR"}, "/TD": {"/TR"},
        "/THead": {"/Table"}, "/TBody": {"/Table"}, "/LI": {"/L"}, "/LBody": {"/LI"},
    }  # fmt: skip
    seen = set()
    for element, above in elements(pdf):
        kind = str(element.S)
        seen.add(kind)
        assert _key(element) not in seen
        seen.add(_key(element))
        if kind in allowed:
            assert above[-1] in allowed[kind], above
        for kid in _kids(element):
            if isinstance(kid, pikepdf.Dictionary) and "/S" in kid:
                assert kid.P.objgen == element.objgen
    assert {"/Document", "/H1", "/H2", "/Table", "/TH", "/TD", "/Sect"} <= seen


def test_header_cells_say_what_they_head(pdf: pikepdf.Pdf) -> None:
    headers = [(element, above) for element, above in elements(pdf) if element.S == "/TH"]
    assert headers
    for element, above in headers:
        expected = "/Column" if "/THead" in above else "/Row"
        assert str(element.A.Scope) == expected
    # Every row of a table has the same number of columns.
    for table in (element for element, _ in elements(pdf) if element.S == "/Table"):
        widths = {
            sum(int(cell.get("/A", {}).get("/ColSpan", 1)) for cell in _kids(row))
            for row in _rows(table)
        }
        assert len(widths) == 1


def _rows(element: Any) -> Iterator[Any]:
    for kid in _kids(element):
        if isinstance(kid, pikepdf.Dictionary) and "/S" in kid:
            if kid.S == "/TR":
                yield kid
            elif kid.S in ("/THead", "/TBody", "/TFoot"):
                yield from _rows(kid)


def test_figures_have_words_and_headings_skip_no_level(pdf: pikepdf.Pdf) -> None:
    for element, _ in elements(pdf):
        if element.S == "/Figure":
            assert str(element.Alt).strip()
    levels = {int(str(element.S)[2:]) for element, _ in elements(pdf)
              if re.fullmatch(r"/H\d", str(element.S))}  # fmt: skip
    assert levels == set(range(1, max(levels) + 1))


def test_a_logo_without_words_has_the_name_of_the_brand() -> None:
    content = render_pdf(plain(), branding=Branding(name="Mobilis", logo_svg=LOGO))
    with pikepdf.open(io.BytesIO(content)) as file:
        texts = [str(element.Alt) for element, _ in elements(file) if element.S == "/Figure"]
    assert "Mobilis" in texts


# The file


def metadata(pdf: pikepdf.Pdf) -> Any:
    stream = pdf.Root.Metadata
    assert "/Filter" not in stream
    return etree.fromstring(stream.read_raw_bytes())


def claims(tree: Any) -> list[tuple[str, str]]:
    """Part and conformance of PDF/A, as often as they are claimed."""
    return [
        (element.get(f"{PDFA}part"), element.get(f"{PDFA}conformance"))
        for element in tree.iter(f"{RDF}Description")
        if any(name.startswith(PDFA) for name in element.attrib)
    ]


def test_the_file_says_what_it_is_once(pdf: pikepdf.Pdf) -> None:
    tree = metadata(pdf)
    assert len(list(tree.iter(f"{RDF}RDF"))) == 1
    assert claims(tree) == [("3", "A")]
    assert b"pdfuaid" not in etree.tostring(tree)
    title = tree.findtext(f".//{DC}title/{RDF}Alt/{RDF}li")
    assert title == str(pdf.docinfo.Title)
    assert tree.findtext(f".//{DC}creator/{RDF}Seq/{RDF}li") == str(pdf.docinfo.Author)
    xmp = "{http://ns.adobe.com/xap/1.0/}"
    day = tree.findtext(f".//{xmp}CreateDate")
    assert day and str(pdf.docinfo.CreationDate) == f"D:{day.replace('-', '')}"
    assert tree.findtext(f".//{xmp}ModifyDate") == day
    assert str(pdf.docinfo.ModDate) == str(pdf.docinfo.CreationDate)
    producer = tree.findtext(".//{http://ns.adobe.com/pdf/1.3/}Producer")
    assert producer == str(pdf.docinfo.Producer)


def test_the_file_has_what_an_archive_needs(pdf: pikepdf.Pdf) -> None:
    root = pdf.Root
    assert str(root.Lang)
    assert pdf.check_pdf_syntax() == []
    assert root.MarkInfo.Marked is True
    assert root.ViewerPreferences.DisplayDocTitle is True
    (intent,) = root.OutputIntents
    assert intent.S == "/GTS_PDFA1"
    assert int(intent.DestOutputProfile.N) == 3
    assert len(bytes(pdf.trailer.ID[0])) == 16 or len(str(pdf.trailer.ID[0])) == 32
    assert "/Encrypt" not in pdf.trailer
    assert "/JavaScript" not in root.get("/Names", {})
    for page in pdf.pages:
        assert page.obj.Tabs == "/S"
    fonts = [item for item in pdf.objects
             if isinstance(item, pikepdf.Dictionary) and item.get("/Type") == "/Font"]  # fmt: skip
    descendants = [font for font in fonts if "/FontDescriptor" in font]
    assert descendants
    for font in descendants:
        assert font.FontDescriptor.keys() & {"/FontFile", "/FontFile2", "/FontFile3"}
        assert re.match(r"/[A-Z]{6}\+", str(font.BaseFont)) or font.Subtype != "/CIDFontType2"
    for font in fonts:
        if font.Subtype == "/Type0":
            assert "/ToUnicode" in font
    names = [str(font.BaseFont) for font in descendants]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("name", ["plain", "family with a list", "fleet", "credit note"])
def test_the_e_invoice_is_inside(name: str) -> None:
    pdf = opened(name)
    document, _ = FILES[name]()
    expected = cii_xml(of_document(document))
    (specification,) = pdf.Root.AF
    assert specification.AFRelationship == "/Alternative"
    assert str(specification.F) == str(specification.UF) == "factur-x.xml"
    tree_name, in_tree = pdf.Root.Names.EmbeddedFiles.Names
    assert (str(tree_name), in_tree.objgen) == ("factur-x.xml", specification.objgen)
    file = specification.EF.F
    assert file.Subtype == "/text/xml"
    assert file.read_bytes() == expected
    assert int(file.Params.Size) == len(expected)
    assert bytes(file.Params.CheckSum) == hashlib.md5(expected).digest()
    day = document["bill_date"].replace("-", "")
    assert str(file.Params.ModDate) == f"D:{day}000000Z"
    said = {element.tag.removeprefix(FX): element.text
            for element in metadata(pdf).iter() if str(element.tag).startswith(FX)}  # fmt: skip
    assert said == {
        "DocumentFileName": "factur-x.xml", "DocumentType": "INVOICE", "Version": "1.0",
        "ConformanceLevel": "EN 16931",
    }  # fmt: skip
    schema = "{http://www.aiim.org/pdfa/ns/schema#}"
    assert [e.text for e in metadata(pdf).iter(f"{schema}namespaceURI")] == [FX[1:-1]]
    declared = "{http://www.aiim.org/pdfa/ns/property#}name"
    assert {e.text for e in metadata(pdf).iter(declared)} == set(said)


def test_a_library_for_factur_x_finds_it() -> None:
    name, content = get_xml_from_pdf(content_of("credit note"), check_xsd=True)
    assert name == "factur-x.xml"
    assert content
    assert schema_faults(content, CII_SCHEMA) == []


@pytest.mark.parametrize("name", ["consumer", "list of a consumer"])
def test_a_consumer_has_the_archive_without_an_e_invoice(name: str) -> None:
    pdf = opened(name)
    assert "/AF" not in pdf.Root
    assert "/EmbeddedFiles" not in pdf.Root.get("/Names", {})
    assert FX[1:-1].encode() not in pdf.Root.Metadata.read_raw_bytes()


def test_a_bill_that_cannot_be_an_e_invoice_is_rendered_without() -> None:
    document = samples.canadian()
    document["account"]["kind"] = "business"
    with pikepdf.open(io.BytesIO(render_pdf(document))) as pdf:
        assert "/AF" not in pdf.Root
        assert claims(metadata(pdf)) == [("3", "A")]


def test_documents_of_template_1_are_as_they_were() -> None:
    document = plain()
    document["template"] = "1"
    with pikepdf.open(io.BytesIO(render_pdf(document))) as pdf:
        assert "/AF" not in pdf.Root
        assert "/Filter" in pdf.Root.Metadata


def test_rendering_twice_gives_the_same_bytes() -> None:
    document, rows = FILES["family with a list"]()
    assert render_pdf(document, rows) == content_of("family with a list")
