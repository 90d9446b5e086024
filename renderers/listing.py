"""Writes the itemised usage into a PDF: a plain table needs no layout engine.

WeasyPrint lays out about 250 rows a second; this writer puts down ready texts at fixed columns,
tagged for screen readers like the rest of the document. It runs in WeasyPrint's `finisher`, on
the pydyf document just before it is written. Lengths are points, y grows upwards.
"""

import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pydyf
from fontTools.ttLib import TTFont

from renderers.formatting import ELLIPSIS
from renderers.view import Itemised, ItemisedGroup

MM = 72 / 25.4
PAPERS = {"A4": (210 * MM, 297 * MM), "Letter": (215.9 * MM, 279.4 * MM)}
LEFT = 15 * MM
TOP = 13 * MM
BOTTOM = 20 * MM
ROW = 11.6
SIZE = 7.0
HEAD_SIZE = 6.6
# Widths of the columns in shares of the page; the last three are aligned to the right.
COLUMNS = (12.5, 11.5, 14.0, 31.0, 12.0, 8.5, 10.5)
RIGHT_ALIGNED = (4, 5, 6)
GAP = 5.0
INK, QUIET, LINE = "0.078 0.141 0.169", "0.337 0.404 0.439", "0.859 0.886 0.898"
REGULAR, SEMIBOLD = "BHR", "BHS"
# Rows rely on it: a text state holds until it is changed.
ROW_STYLE = b"%s rg /%s %g Tf" % (INK.encode(), REGULAR.encode(), SIZE)


class Face:
    """One bundled font: glyphs and widths of characters, and subsets of it to embed."""

    def __init__(self, path: Path) -> None:
        font = TTFont(path, lazy=False, recalcTimestamp=False)
        order = font.getReverseGlyphMap()
        self._tables = {tag: font.getTableData(tag) for tag in ("head", "hhea", "maxp", "hmtx")}
        head: Any = font["head"]
        hhea: Any = font["hhea"]
        self.units: int = head.unitsPerEm
        self.ascent = hhea.ascent * 1000 // self.units
        self.descent = hhea.descent * 1000 // self.units
        self.box = [
            value * 1000 // self.units for value in (head.xMin, head.yMin, head.xMax, head.yMax)
        ]
        self.name = path.stem
        tabular = _tabular_figures(font)
        self.glyphs = {
            code: order[tabular.get(name, name)]
            for code, name in (font.getBestCmap() or {}).items()
        }
        self.advances = {order[name]: metrics[0] for name, metrics in font["hmtx"].metrics.items()}
        glyf, offsets = font.getTableData("glyf"), font["loca"].locations
        self._outlines = [glyf[offsets[gid] : offsets[gid + 1]] for gid in range(len(offsets) - 1)]
        self._parts = {
            order[name]: [order[part] for part in glyph.getComponentNames(font["glyf"])]
            for name, glyph in font["glyf"].glyphs.items()
            if glyph.isComposite()
        }

    def covers(self, text: str) -> bool:
        """Whether every character of a text has a glyph."""
        return all(ord(char) in self.glyphs for char in text)

    def subset(self, gids: Iterable[int]) -> bytes:
        """A TrueType file with only these glyphs, each under its old number."""
        wanted = {0}
        stack = list(gids)
        while stack:
            gid = stack.pop()
            if gid not in wanted:
                wanted.add(gid)
                stack.extend(self._parts.get(gid, ()))
        count = max(wanted) + 1
        glyf = bytearray()
        loca = [0]
        for gid in range(count):
            if gid in wanted:
                glyf += self._outlines[gid]
                glyf += b"\0" * (-len(glyf) % 4)
            loca.append(len(glyf))
        hmtx = b"".join(
            struct.pack(">HH", self.advances[gid] if gid in wanted else 0, 0)
            for gid in range(count)
        )
        head = bytearray(self._tables["head"])
        head[8:12] = b"\0\0\0\0"  # checkSumAdjustment; readers of embedded fonts ignore it
        head[50:52] = b"\0\1"  # long offsets in loca
        hhea = self._tables["hhea"][:34] + struct.pack(">H", count)
        maxp = bytearray(self._tables["maxp"])
        maxp[4:6] = struct.pack(">H", count)
        return _font_file(
            {
                b"glyf": bytes(glyf),
                b"head": bytes(head),
                b"hhea": hhea,
                b"hmtx": hmtx,
                b"loca": struct.pack(f">{len(loca)}L", *loca),
                b"maxp": bytes(maxp),
            }
        )


def _tabular_figures(font: TTFont) -> dict[str, str]:
    """Digit glyphs → those of one width, so that columns of numbers line up."""
    table = font["GSUB"].table
    mapping: dict[str, str] = {}
    for record in table.FeatureList.FeatureRecord:
        if record.FeatureTag == "tnum":
            for index in record.Feature.LookupListIndex:
                for sub in table.LookupList.Lookup[index].SubTable:
                    mapping.update(getattr(sub, "mapping", {}))
    return mapping


def _font_file(tables: dict[bytes, bytes]) -> bytes:
    count = len(tables)
    power = 1 << (count.bit_length() - 1)
    header = struct.pack(
        ">LHHHH", 0x00010000, count, power * 16, power.bit_length() - 1, (count - power) * 16
    )
    offset = 12 + 16 * count
    directory, body = b"", b""
    for tag, content in tables.items():
        padded = content + b"\0" * (-len(content) % 4)
        checksum = sum(struct.unpack(f">{len(padded) // 4}L", padded)) & 0xFFFFFFFF
        directory += tag + struct.pack(">LLL", checksum, offset + len(body), len(content))
        body += padded
    return header + directory + body


class _Raw(pydyf.Object):
    """An object whose bytes are known, added to a document under `ref`."""

    __slots__ = ("content", "ref")

    def __init__(self, pdf: pydyf.PDF, content: bytes = b"") -> None:
        super().__init__()
        self.content = content
        self.ref = len(pdf.objects)
        pdf.add_object(self)

    @property
    def data(self) -> bytes:
        return self.content


class _Packed(pydyf.Stream):
    """A stream whose bytes are known."""

    def __init__(self, content: bytes, extra: bytes = b"") -> None:
        super().__init__()
        packed = zlib.compress(content, 6)
        self._bytes = b"<<%s/Filter/FlateDecode/Length %d>>\nstream\n%s\nendstream" % (
            extra,
            len(packed),
            packed,
        )

    @property
    def data(self) -> bytes:
        return self._bytes


class _Pen:
    """Texts of one face in one document: encodes, measures, cuts, and remembers the glyphs."""

    def __init__(self, face: Face) -> None:
        self.face = face
        self.used: dict[int, str] = {}
        self._cells: dict[tuple[str, float, float], tuple[bytes, float]] = {}

    def cell(self, text: str, size: float, width: float) -> tuple[bytes, float]:
        """The text as a PDF string, cut to `width`, and its own width."""
        key = (text, size, width)
        known = self._cells.get(key)
        if known is not None:
            return known
        face = self.face
        gids = [face.glyphs[ord(char)] for char in text]
        advance = sum(face.advances[gid] for gid in gids) * size / face.units
        if advance > width:
            dots = face.glyphs[ord(ELLIPSIS)]
            room = width * face.units / size - face.advances[dots]
            taken = 0
            for place, gid in enumerate(gids):
                taken += face.advances[gid]
                if taken > room:
                    text = text[:place].rstrip() + ELLIPSIS
                    break
            gids = [face.glyphs[ord(char)] for char in text]
            advance = sum(face.advances[gid] for gid in gids) * size / face.units
        self.used.update(zip(gids, text, strict=True))
        result = (b"<" + b"".join(b"%04x" % gid for gid in gids) + b">", advance)
        self._cells[key] = result
        return result


@dataclass
class _Page:
    number: int  # of the page object in the PDF
    texts: list[bytes] = field(default_factory=list)
    artifacts: list[bytes] = field(default_factory=list)
    rules: list[float] = field(default_factory=list)
    owners: list[int] = field(default_factory=list)  # MCID → structure element
    y: float = 0.0


class ListWriter:
    """Appends the itemised usage to PDF documents, and numbers all of their pages."""

    def __init__(self, regular: Face, semibold: Face) -> None:
        self._regular = regular
        self._semibold = semibold

    def covers(self, itemised: Itemised, *others: str) -> bool:
        """Whether the bundled faces have every character of the list."""
        texts: set[str] = {*itemised.columns, *itemised.notes, *others}
        for group in itemised.groups:
            texts.update((group.name, group.detail, group.count, group.continued))
            for row in group.rows:
                texts.update(row)
            for row in group.subtotals:
                texts.update(row)
        text = "".join(texts)
        return self._regular.covers("".join(set(text))) and self._semibold.covers(
            "".join(set(text))
        )

    def append(
        self, pdf: pydyf.PDF, itemised: Itemised, *, title: str, footer: str, paper: str
    ) -> None:
        """Adds the list as pages after those that the PDF has, and page numbers to all."""
        _ListDocument(pdf, _Pen(self._regular), _Pen(self._semibold), paper, footer).write(
            itemised, title
        )


class _ListDocument:
    """The state of one append."""

    def __init__(
        self, pdf: pydyf.PDF, regular: _Pen, semibold: _Pen, paper: str, footer: str
    ) -> None:
        self._pdf = pdf
        self._pens = {REGULAR: regular, SEMIBOLD: semibold}
        self._width, self._height = PAPERS[paper]
        self._right = self._width - LEFT
        self._footer = footer
        self._pages: list[_Page] = []
        root = _object(pdf, pdf.catalog["StructTreeRoot"])
        self._root = root
        self._document = _object(pdf, root["K"][0])
        self._document_ref = int(root["K"][0].split()[0])
        self._columns = self._lay_out_columns(COLUMNS)

    def _lay_out_columns(self, shares: Sequence[float]) -> list[tuple[float, float]]:
        """Left edge and width of each column."""
        total = sum(shares)
        room = self._right - LEFT - GAP * (len(shares) - 1)
        x, columns = LEFT, []
        for share in shares:
            width = room * share / total
            columns.append((x, width))
            x += width + GAP
        return columns

    # Structure elements are written as bytes: a long list has some forty thousand of them.

    def _element(self, tag: bytes, parent: int, extra: bytes = b"") -> _Raw:
        return _Raw(self._pdf, b"<</S/%s/P %d 0 R%s" % (tag, parent, extra))

    def _close(self, element: _Raw, kids: Sequence[int]) -> None:
        element.content += b"/K[%s]>>" % b" ".join(b"%d 0 R" % kid for kid in kids)

    def _text_element(self, tag: bytes, parent: int, extra: bytes = b"") -> tuple[int, int]:
        """An element that holds one piece of text: its number and the text's MCID."""
        page = self._pages[-1]
        mcid = len(page.owners)
        element = _Raw(
            self._pdf,
            b"<</S/%s/P %d 0 R/Pg %d 0 R%s/K %d>>" % (tag, parent, page.number, extra, mcid),
        )
        page.owners.append(element.ref)
        return element.ref, mcid

    # Pages

    def _new_page(self) -> _Page:
        # The page itself is written at the end; its number is needed by what stands on it.
        placeholder = _Raw(self._pdf)
        self._pdf.pages["Kids"].extend([placeholder.ref, 0, "R"])
        self._pdf.pages["Count"] += 1
        page = _Page(number=placeholder.ref, y=self._height - TOP)
        self._pages.append(page)
        return page

    def _draw(
        self, font: str, text: str, size: float, x: float, y: float, width: float, right: bool
    ) -> bytes:
        string, advance = self._pens[font].cell(text, size, width)
        if right:
            x += width - advance
        return b"/%s %g Tf 1 0 0 1 %.2f %.2f Tm %s Tj" % (font.encode(), size, x, y, string)

    def _paragraph(
        self, tag: bytes, parent: int, font: str, text: str, size: float, colour: str = INK
    ) -> int:
        """One tagged line over the full width; moves down by its height."""
        page = self._pages[-1]
        number, mcid = self._text_element(tag, parent)
        drawing = self._draw(font, text, size, LEFT, page.y - size, self._right - LEFT, False)
        page.texts.append(
            b"/%s<</MCID %d>>BDC %s rg %s EMC" % (tag, mcid, colour.encode(), drawing)
        )
        page.y -= size * 1.5
        return number

    def write(self, itemised: Itemised, title: str) -> None:
        self._columns = self._lay_out_columns(itemised.widths or COLUMNS)
        section = self._element(b"Sect", self._document_ref)
        kids: list[int] = []
        page = self._new_page()
        page.y -= 4
        kids.append(self._paragraph(b"H2", section.ref, SEMIBOLD, title, 12))
        for note in itemised.notes:
            kids.append(self._paragraph(b"P", section.ref, REGULAR, note, SIZE, QUIET))
        for group in itemised.groups:
            kids.extend(self._write_group(itemised, group, section.ref))
        self._close(section, kids)
        self._document["K"].append(section.reference)
        self._finish()

    def _write_group(self, itemised: Itemised, group: ItemisedGroup, section: int) -> Iterator[int]:
        # A heading is never left without its first rows.
        if self._pages[-1].y - BOTTOM < 34 + 4 * ROW:
            self._new_page()
        page = self._pages[-1]
        if page.y < self._height - TOP - 1:
            page.y -= 12
        number, mcid = self._text_element(b"H3", section)
        name, advance = self._pens[SEMIBOLD].cell(group.name, 9, (self._right - LEFT) * 0.6)
        rest = " · ".join(text for text in (group.detail, group.count) if text)
        y = page.y - 9
        page.texts.append(
            b"/H3<</MCID %d>>BDC %s rg /%s 9 Tf 1 0 0 1 %.2f %.2f Tm %s Tj %s rg %s EMC"
            % (
                mcid, INK.encode(), SEMIBOLD.encode(), LEFT, y, name, QUIET.encode(),
                self._draw(REGULAR, rest, 9, LEFT + advance + 5, y,
                           self._right - LEFT - advance - 5, False),
            )
        )  # fmt: skip
        page.y -= 15
        yield number
        table = self._element(b"Table", section)
        head = self._element(b"THead", table.ref)
        self._close(head, [self._write_head(itemised.columns, head.ref)])
        body = self._element(b"TBody", table.ref)
        rows: list[int] = []
        # The last rows stay with the subtotals.
        last = len(group.rows) - 2
        foot_height = (len(group.subtotals) + 2) * ROW
        for place, row in enumerate(group.rows):
            needed = foot_height if place == last else ROW
            if self._pages[-1].y - needed < BOTTOM:
                self._continue_table(itemised.columns, group)
            rows.append(self._write_row(row, body.ref))
        for subtotal in group.subtotals:
            if self._pages[-1].y - ROW < BOTTOM:
                self._continue_table(itemised.columns, group)
            rows.append(self._write_subtotal(subtotal, body.ref, subtotal is group.subtotals[0]))
        self._close(body, rows)
        self._close(table, [head.ref, body.ref])
        yield table.ref

    def _write_head(self, columns: Sequence[str], parent: int) -> int:
        row = self._element(b"TR", parent)
        page = self._pages[-1]
        y = page.y - 8
        cells = []
        for column, (text, (x, width)) in enumerate(zip(columns, self._columns, strict=True)):
            number, mcid = self._text_element(b"TH", row.ref, b"/A<</O/Table/Scope/Column>>")
            drawing = self._draw(REGULAR, text, HEAD_SIZE, x, y, width, column in RIGHT_ALIGNED)
            page.texts.append(b"/TH<</MCID %d>>BDC %s rg %s EMC" % (mcid, QUIET.encode(), drawing))
            cells.append(number)
        self._close(row, cells)
        self._rule_under_head(page)
        page.texts.append(ROW_STYLE)
        return row.ref

    def _rule_under_head(self, page: _Page) -> None:
        page.y -= 12
        page.artifacts.append(
            b"%s RG .9 w %.2f %.2f m %.2f %.2f l S"
            % (INK.encode(), LEFT, page.y, self._right, page.y)
        )

    def _continue_table(self, columns: Sequence[str], group: ItemisedGroup) -> None:
        """A new page; the repeated heads are artifacts, readers have heard them."""
        page = self._new_page()
        drawing = self._draw(
            SEMIBOLD, group.continued, 9, LEFT, page.y - 9, self._right - LEFT, False
        )
        page.artifacts.append(b"BT %s rg %s ET" % (INK.encode(), drawing))
        page.y -= 15
        y = page.y - 8
        drawings = [
            self._draw(REGULAR, text, HEAD_SIZE, x, y, width, column in RIGHT_ALIGNED)
            for column, (text, (x, width)) in enumerate(zip(columns, self._columns, strict=True))
        ]
        page.artifacts.append(b"BT %s rg %s ET" % (QUIET.encode(), b" ".join(drawings)))
        self._rule_under_head(page)

    def _write_row(self, row: Sequence[str], body: int) -> int:
        page = self._pages[-1]
        pdf = self._pdf
        cell_of = self._pens[REGULAR].cell
        owners = page.owners
        y = page.y - 8.2
        line = _Raw(pdf)
        cells = []
        for column, text in enumerate(row):
            if not text:
                cells.append(_Raw(pdf, b"<</S/TD/P %d 0 R>>" % line.ref).ref)
                continue
            x, width = self._columns[column]
            string, advance = cell_of(text, SIZE, width)
            if column in RIGHT_ALIGNED:
                x += width - advance
            mcid = len(owners)
            cell = _Raw(
                pdf, b"<</S/TD/P %d 0 R/Pg %d 0 R/K %d>>" % (line.ref, page.number, mcid)
            ).ref
            owners.append(cell)
            cells.append(cell)
            page.texts.append(
                b"/TD<</MCID %d>>BDC 1 0 0 1 %.2f %.2f Tm %s Tj EMC" % (mcid, x, y, string)
            )
        line.content = b"<</S/TR/P %d 0 R/K[%s]>>" % (
            body,
            b" ".join([b"%d 0 R" % cell for cell in cells]),
        )
        page.y -= ROW
        page.rules.append(page.y)
        return line.ref

    def _write_subtotal(self, subtotal: Sequence[str], body: int, is_first: bool) -> int:
        label, records, quantity, amount = subtotal
        page = self._pages[-1]
        row = self._element(b"TR", body)
        y = page.y - 8.2
        if is_first:
            page.artifacts.append(
                b"%s RG .9 w %.2f %.2f m %.2f %.2f l S"
                % (INK.encode(), LEFT, page.y, self._right, page.y)
            )
        start, _ = self._columns[0]
        third, third_width = self._columns[2]
        cells = []
        number, mcid = self._text_element(b"TH", row.ref, b"/A<</O/Table/Scope/Row/ColSpan 3>>")
        cells.append(number)
        page.texts.append(
            b"/TH<</MCID %d>>BDC %s rg %s EMC"
            % (mcid, INK.encode(),
               self._draw(SEMIBOLD, label, SIZE, start, y, third + third_width - start, False))
        )  # fmt: skip
        for column, text in ((3, records), (4, quantity), (5, ""), (6, amount)):
            if not text:
                empty = self._element(b"TD", row.ref)
                empty.content += b">>"
                cells.append(empty.ref)
                continue
            x, width = self._columns[column]
            number, mcid = self._text_element(b"TD", row.ref)
            cells.append(number)
            page.texts.append(
                b"/TD<</MCID %d>>BDC %s EMC"
                % (mcid, self._draw(SEMIBOLD, text, SIZE, x, y, width, column in RIGHT_ALIGNED))
            )
        page.texts.append(ROW_STYLE)
        self._close(row, cells)
        page.y -= ROW
        page.rules.append(page.y)
        return row.ref

    # The end: streams, fonts, page numbers, parent tree

    def _finish(self) -> None:
        pdf = self._pdf
        first_own = self._pages[0].number
        others = [pdf.objects[number] for number in pdf.pages["Kids"][::3] if number < first_own]
        total = len(others) + len(self._pages)
        numbers = [self._page_number(place, total) for place in range(1, total + 1)]
        footer = self._draw(
            REGULAR, self._footer, SIZE, LEFT, BOTTOM - 24, (self._right - LEFT) * 0.8, False
        )
        contents = []
        for page, number in zip(self._pages, numbers[len(others) :], strict=True):
            rules = b" ".join(
                b"%.2f %.2f m %.2f %.2f l" % (LEFT, y, self._right, y) for y in page.rules
            )
            stream = b"\n".join(
                [
                    b"/Artifact BMC %s RG .4 w %s S" % (LINE.encode(), rules),
                    *page.artifacts,
                    b"BT %s rg %s %s ET EMC" % (QUIET.encode(), footer, number),
                    b"BT " + ROW_STYLE,
                    *page.texts,
                    b"ET",
                ]
            )
            content = _Packed(stream)
            pdf.add_object(content)
            contents.append(content)
        fonts = {name: self._embed(name) for name in self._pens}
        resources = pydyf.Dictionary({"Font": pydyf.Dictionary(fonts)})
        pdf.add_object(resources)
        self._number_pages(others, numbers, fonts)
        parent_tree = _object(pdf, self._root["ParentTree"])
        key = max(parent_tree["Nums"][::2], default=-1) + 1
        for page, content in zip(self._pages, contents, strict=True):
            placeholder = pdf.objects[page.number]
            assert isinstance(placeholder, _Raw)
            placeholder.content = (
                b"<</Type/Page/Parent %s/MediaBox[0 0 %.4f %.4f]/Contents %s/Resources %s"
                b"/Tabs/S/StructParents %d>>"
            ) % (
                pdf.pages.reference, self._width, self._height, content.reference,
                resources.reference, key,
            )  # fmt: skip
            owners = _Raw(pdf, b"[%s]" % b" ".join([b"%d 0 R" % owner for owner in page.owners]))
            parent_tree["Nums"].extend([key, owners.reference])
            key += 1

    def _page_number(self, place: int, total: int) -> bytes:
        return self._draw(
            REGULAR, f"{place} / {total}", SIZE, self._right - 80, BOTTOM - 24, 80, True
        )

    def _number_pages(
        self, pages: Sequence[pydyf.Dictionary], numbers: Sequence[bytes], fonts: dict[str, bytes]
    ) -> None:
        """Page numbers on the pages that WeasyPrint made: it could not know how many follow."""
        for page, number in zip(pages, numbers, strict=False):
            height = page["MediaBox"][3]
            # WeasyPrint leaves the page turned upside down; turning it again undoes that.
            stream = _Packed(
                b"/Artifact BMC q 1 0 0 -1 0 %.4f cm BT %s rg %s ET Q EMC"
                % (height, QUIET.encode(), number)
            )
            self._pdf.add_object(stream)
            page["Contents"] = pydyf.Array([page["Contents"], stream.reference])
            shared = _object(self._pdf, page["Resources"])
            page_fonts = _object(self._pdf, shared["Font"])
            page_fonts.update(fonts)

    def _embed(self, name: str) -> bytes:
        """The subset of a face that was used, as a font of the document: its reference."""
        pen, pdf = self._pens[name], self._pdf
        face = pen.face
        used = dict(sorted(pen.used.items())) or {0: " "}
        content = face.subset(used)
        font_file = _Packed(content, b"/Length1 %d" % len(content))
        pdf.add_object(font_file)
        # Subset names need six letters that differ from font to font of the document.
        tag = ("BHLIST" if name == REGULAR else "BHLISU").encode()
        base = b"/" + tag + b"+" + face.name.encode()
        descriptor = pydyf.Dictionary(
            {
                "Type": "/FontDescriptor", "FontName": base, "Flags": 4,
                "FontBBox": pydyf.Array(face.box), "ItalicAngle": 0, "Ascent": face.ascent,
                "Descent": face.descent, "CapHeight": face.ascent, "StemV": 80,
                "FontFile2": font_file.reference,
            }
        )  # fmt: skip
        pdf.add_object(descriptor)
        widths = b" ".join(
            b"%d[%s]" % (gid, _number(face.advances[gid] * 1000 / face.units)) for gid in used
        )
        descendant = _Raw(
            pdf,
            b"<</Type/Font/Subtype/CIDFontType2/BaseFont%s/CIDSystemInfo<</Registry(Adobe)"
            b"/Ordering(Identity)/Supplement 0>>/CIDToGIDMap/Identity/DW 0/W[%s]"
            b"/FontDescriptor %s>>" % (base, widths, descriptor.reference),
        )
        to_unicode = _Packed(_character_map(used))
        pdf.add_object(to_unicode)
        font = _Raw(
            pdf,
            b"<</Type/Font/Subtype/Type0/BaseFont%s/Encoding/Identity-H/DescendantFonts[%s]"
            b"/ToUnicode %s>>" % (base, descendant.reference, to_unicode.reference),
        )
        return font.reference


def _object(pdf: pydyf.PDF, reference: bytes) -> pydyf.Dictionary:
    return pdf.objects[int(reference.split()[0])]


def _number(value: float) -> bytes:
    return (b"%.3f" % value).rstrip(b"0").rstrip(b".")


def _character_map(used: dict[int, str]) -> bytes:
    lines = [
        b"/CIDInit /ProcSet findresource begin 12 dict begin begincmap",
        b"/CIDSystemInfo <</Registry (Adobe)/Ordering (UCS)/Supplement 0>> def",
        b"/CMapName /Adobe-Identity-UCS def /CMapType 2 def",
        b"1 begincodespacerange <0000> <ffff> endcodespacerange",
    ]
    items = list(used.items())
    for at in range(0, len(items), 100):
        batch = items[at : at + 100]
        lines.append(b"%d beginbfchar" % len(batch))
        lines.extend(
            b"<%04x> <%s>" % (gid, char.encode("utf-16-be").hex().encode()) for gid, char in batch
        )
        lines.append(b"endbfchar")
    lines.append(b"endcmap CMapName currentdict /CMap defineresource pop end end")
    return b"\n".join(lines)
