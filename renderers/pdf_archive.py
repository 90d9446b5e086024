"""What makes a bill's PDF file an archive of itself: PDF/A-3a with the e-invoice inside.

WeasyPrint writes the tags, the fonts and the output intent of the variant pdf/a-3a. Here its
structure tree is made complete and compact, its metadata are written anew as one description
(it would append a second, which readers do not look at), and the e-invoice is attached as
Factur-X 1.0 asks. All of it on the pydyf document, just before it is written. No PDF/UA claim is
made: nothing here could prove it.
"""

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

import pydyf

ATTACHMENT = "factur-x.xml"
_PROFILE = "EN 16931"
_XMP_HEAD = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
_FX = "urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#"
_FX_PROPERTIES = {
    "DocumentFileName": (ATTACHMENT, "name of the embedded XML invoice file"),
    "DocumentType": ("INVOICE", "INVOICE"),
    "Version": ("1.0", "version of the XML schema"),
    "ConformanceLevel": (_PROFILE, "profile of the XML invoice"),
}


@dataclass(frozen=True, slots=True)
class Particulars:
    """What the file says of itself: `created` is the bill date, never the day of rendering;
    `language` a BCP 47 tag."""

    title: str
    author: str
    producer: str
    language: str
    created: dt.date


def write_metadata(pdf: pydyf.PDF, particulars: Particulars, *, has_invoice: bool) -> None:
    """Puts one XMP packet in place of the document's metadata, uncompressed, so that programs
    that know nothing of PDF can read it. With `has_invoice` it says what is attached."""
    metadata = _object(pdf, pdf.catalog["Metadata"])
    metadata.stream = [_packet(particulars, has_invoice).encode()]
    metadata.compress = False


def attach_invoice(pdf: pydyf.PDF, xml: bytes, particulars: Particulars) -> None:
    """Embeds the CII file: another form of the same document (AFRelationship Alternative)."""
    day = pydyf.String(f"D:{particulars.created:%Y%m%d}000000Z")
    file = pydyf.Stream(
        [xml],
        {
            "Type": "/EmbeddedFile",
            "Subtype": "/text#2Fxml",
            "Params": pydyf.Dictionary(
                {
                    "CreationDate": day, "ModDate": day, "Size": len(xml),
                    "CheckSum": f"<{hashlib.md5(xml, usedforsecurity=False).hexdigest()}>",
                }
            ),
        },
        compress=True,
    )  # fmt: skip
    pdf.add_object(file)
    name = pydyf.String(ATTACHMENT)
    specification = pydyf.Dictionary(
        {
            "Type": "/Filespec", "F": name, "UF": name, "AFRelationship": "/Alternative",
            "Desc": pydyf.String("Factur-X, EN 16931"),
            "EF": pydyf.Dictionary({"F": file.reference, "UF": file.reference}),
        }
    )  # fmt: skip
    pdf.add_object(specification)
    names = pdf.catalog.setdefault("Names", pydyf.Dictionary())
    names["EmbeddedFiles"] = pydyf.Dictionary(
        {"Names": pydyf.Array([name, specification.reference])}
    )
    pdf.catalog["AF"] = pydyf.Array([specification.reference])


def complete_tags(pdf: pydyf.PDF, *, figure_text: str) -> None:
    """Mends the structure tree that WeasyPrint wrote.

    - Page footers are artifacts: it draws them as marked content that no element holds.
    - Header cells say what they head: it writes lists of headers instead, which take group
      headings for column headings and grow with the square of the groups.
    - Text belongs to its element at once, without a Span in between.
    - A figure without words of its own (a logo) has `figure_text`.
    """
    _Tree(pdf, figure_text).complete()


class _Tree:
    def __init__(self, pdf: pydyf.PDF, figure_text: str) -> None:
        self._pdf = pdf
        self._figure_text = figure_text
        root = _object(pdf, pdf.catalog["StructTreeRoot"])
        self._document = _object(pdf, root["K"][0])
        numbers = _object(pdf, root["ParentTree"])["Nums"]
        self._owners: list[Any] = numbers[1::2]
        self._pages = [_object(pdf, b"%d 0 R" % number) for number in pdf.pages["Kids"][::3]]
        # Page → what owns its marked content, by MCID.
        self._page_owners = {
            page.reference: self._owners[place] for place, page in enumerate(self._pages)
        }
        self._kept: set[int] = set()

    def complete(self) -> None:
        self._visit(self._document, in_head=False)
        for page in self._pages:
            self._turn_into_artifacts(page)
        for item in self._pdf.objects:
            # What is left of the tree beside the tree.
            if (
                isinstance(item, pydyf.Dictionary)
                and item.get("Type") == "/StructElem"
                and item.number not in self._kept
            ):
                item.free = "f"

    def _visit(self, element: pydyf.Dictionary, *, in_head: bool) -> None:
        assert element.number is not None
        self._kept.add(element.number)
        kind = element["S"]
        in_head = in_head or kind == "/THead"
        if kind in ("/TH", "/TD"):
            self._mend_cell(element, kind == "/TH", in_head)
        elif kind == "/Figure":
            element.setdefault("Alt", pydyf.String(self._figure_text))
        kids: list[Any] = []
        for kid in self._kids(element, kind):
            child = kid if isinstance(kid, int) else _object(self._pdf, kid)
            if isinstance(child, int) or child.get("Type") != "/StructElem":
                kids.append(kid)  # marked content, or the annotation of a link
                continue
            self._visit(child, in_head=in_head)
            if child["S"] == "/Span" and child.get("Pg") == element.get("Pg"):
                self._take_over(child, element)
                kids.extend(child["K"])
            else:
                kids.append(kid)
        element["K"] = pydyf.Array(kids)

    def _kids(self, element: pydyf.Dictionary, kind: str) -> Sequence[Any]:
        """An element's kids; lists hold their items without the boxes that arrange them."""
        if kind != "/L":
            return element["K"]
        kids: list[Any] = []
        for kid in element["K"]:
            child = {} if isinstance(kid, int) else _object(self._pdf, kid)
            if child.get("S") != "/Div":
                kids.append(kid)
                continue
            for item in child["K"]:
                _object(self._pdf, item)["P"] = element.reference
                kids.append(item)
        return kids

    def _take_over(self, span: pydyf.Dictionary, element: pydyf.Dictionary) -> None:
        assert span.number is not None
        self._kept.discard(span.number)
        for kid in span["K"]:
            if isinstance(kid, int):
                self._page_owners[span["Pg"]][kid] = element.reference
            else:
                _object(self._pdf, kid)["P"] = element.reference

    def _mend_cell(self, cell: pydyf.Dictionary, is_header: bool, in_head: bool) -> None:
        cell.pop("ID", None)
        attributes = cell["A"]
        attributes.pop("Headers", None)
        if is_header:
            attributes["Scope"] = "/Column" if in_head else "/Row"
        if len(attributes) == 1:
            del cell["A"]

    def _turn_into_artifacts(self, page: pydyf.Dictionary) -> None:
        """Marked content that the tree does not reach."""
        owners = self._page_owners[page.reference]
        loose = {
            mcid for mcid, owner in enumerate(owners) if int(owner.split()[0]) not in self._kept
        }
        if not loose:
            return
        parts = _object(self._pdf, page["Contents"]).stream
        for place, part in enumerate(parts):
            if isinstance(part, pydyf.Dictionary) and part.get("MCID") in loose:
                # "/Span <</MCID 7>> BDC"
                parts[place - 1 : place + 2] = ["/Artifact", b"BMC", b""]
        for mcid in loose:
            owners[mcid] = "null"
        while owners and owners[-1] == "null":
            owners.pop()


def _object(pdf: pydyf.PDF, reference: bytes) -> Any:
    return pdf.objects[int(reference.split()[0])]


def _packet(particulars: Particulars, has_invoice: bool) -> str:
    day = particulars.created.isoformat()
    title = f'<rdf:li xml:lang="x-default">{escape(particulars.title)}</rdf:li>'
    author = f"<rdf:li>{escape(particulars.author)}</rdf:li>"
    language = f"<rdf:li>{escape(particulars.language)}</rdf:li>"
    parts = [
        _XMP_HEAD,
        '<x:xmpmeta xmlns:x="adobe:ns:meta/">',
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">',
        '<rdf:Description rdf:about="" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/"',
        ' pdfaid:part="3" pdfaid:conformance="A"/>',
        '<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/">',
        "<dc:format>application/pdf</dc:format>",
        f"<dc:title><rdf:Alt>{title}</rdf:Alt></dc:title>",
        f"<dc:creator><rdf:Seq>{author}</rdf:Seq></dc:creator>",
        f"<dc:language><rdf:Bag>{language}</rdf:Bag></dc:language>",
        "</rdf:Description>",
        '<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/"',
        ' xmlns:pdf="http://ns.adobe.com/pdf/1.3/">',
        f"<xmp:CreateDate>{day}</xmp:CreateDate><xmp:ModifyDate>{day}</xmp:ModifyDate>",
        f"<pdf:Producer>{escape(particulars.producer)}</pdf:Producer>",
        "</rdf:Description>",
        *(_factur_x() if has_invoice else ()),
        "</rdf:RDF>",
        "</x:xmpmeta>",
        '<?xpacket end="r"?>',
    ]
    return "\n".join(parts)


def _factur_x() -> list[str]:
    """The properties of Factur-X, and the schema that PDF/A wants of properties not its own."""
    properties = "".join(
        '<rdf:li rdf:parseType="Resource">'
        f"<pdfaProperty:name>{name}</pdfaProperty:name>"
        "<pdfaProperty:valueType>Text</pdfaProperty:valueType>"
        "<pdfaProperty:category>external</pdfaProperty:category>"
        f"<pdfaProperty:description>{description}</pdfaProperty:description></rdf:li>"
        for name, (_, description) in _FX_PROPERTIES.items()
    )
    values = "".join(
        f"<fx:{name}>{value}</fx:{name}>" for name, (value, _) in _FX_PROPERTIES.items()
    )
    return [
        '<rdf:Description rdf:about=""',
        ' xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/"',
        ' xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#"',
        ' xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">',
        '<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">',
        "<pdfaSchema:schema>Factur-X PDFA Extension Schema</pdfaSchema:schema>",
        f"<pdfaSchema:namespaceURI>{_FX}</pdfaSchema:namespaceURI>",
        "<pdfaSchema:prefix>fx</pdfaSchema:prefix>",
        f"<pdfaSchema:property><rdf:Seq>{properties}</rdf:Seq></pdfaSchema:property>",
        "</rdf:li></rdf:Bag></pdfaExtension:schemas>",
        "</rdf:Description>",
        f'<rdf:Description rdf:about="" xmlns:fx="{_FX}">{values}</rdf:Description>',
    ]
