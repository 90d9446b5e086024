"""Paper: HTML to PDF/A with WeasyPrint, the same bytes for the same document everywhere.

One `PdfWriter` per process holds what renders share (parsed sheets, font configuration); it is
not thread-safe. Nothing is ever fetched: the fonts are read once from this package, and every
address that a document may contain is refused.
"""

import datetime as dt
import gc
import hashlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import lru_cache, partial
from typing import BinaryIO

import pydyf
import weasyprint
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import URLFetcher

from renderers.branding import OwnTemplate, Palette
from renderers.listing import Face, ListWriter
from renderers.pages import PACKAGE, fill_page, print_css
from renderers.pdf_archive import Particulars, attach_invoice, complete_tags, write_metadata
from renderers.pdf_file import write_file
from renderers.remembering import Memory, read_page
from renderers.view import DocumentView

FONTS = PACKAGE / "fonts"
FACES = {400: "BillhouseSans-Regular", 600: "BillhouseSans-SemiBold", 700: "BillhouseSans-Bold"}
VARIANT = "pdf/a-3a"
ROWS_LEFT = 2_000  # of itemised usage, whose remains may wait to be collected

logging.getLogger("weasyprint").setLevel(logging.ERROR)


class PdfWriter:
    """Writes views as PDF files. `remembers`: what WeasyPrint works out for one document is kept
    for the next (renderers/remembering.py); the files are the same without."""

    def __init__(self, remembers: bool = True) -> None:
        self._fonts = FontConfiguration()
        self._memory = Memory(self._fonts) if remembers else None
        self._rows_left = 0
        self._no_fetcher = URLFetcher(allowed_protocols=())
        # The faces are the only thing that is ever read, from files of this package.
        faces = "".join(
            f'@font-face {{ font-family: "Billhouse Sans"; font-weight: {weight};'
            f" src: url({(FONTS / (name + '.ttf')).as_uri()}); }}"
            for weight, name in FACES.items()
        )
        self._faces = weasyprint.CSS(
            string=faces,
            font_config=self._fonts,
            url_fetcher=URLFetcher(allowed_protocols=("file",)),
        )
        self._lists = ListWriter(
            Face(FONTS / f"{FACES[400]}.ttf"), Face(FONTS / f"{FACES[600]}.ttf")
        )
        self._sheet = lru_cache(maxsize=32)(self._parse_sheet)

    def write(
        self,
        view: DocumentView,
        template: str,
        palette: Palette,
        identity: str,
        own: OwnTemplate | None = None,
        invoice: bytes | None = None,
    ) -> bytes:
        """The PDF file of a view. `identity` is the text that its file identifier comes from: the
        hash of the document. `own` is the operator's part of the template, `invoice` the CII file
        to embed (Factur-X); documents of template 1 have none."""
        itemised = view.itemised
        title = view.itemised_heading
        own_list = (
            itemised is not None
            and itemised.count > 0
            and self._lists.covers(itemised, title, view.footer)
        )

        def finish(document: weasyprint.Document, pdf: pydyf.PDF) -> None:
            if template != "1":
                _archive(document, pdf, view, invoice)
            if own_list and itemised is not None:
                self._lists.append(pdf, itemised, title=title, footer=view.footer, paper=view.paper)
            # WeasyPrint writes the file right after this, by this method.
            pdf.write = partial(_write, pdf)

        self._make_room(view)
        with _garbage_kept(), self._memory.used(own) if self._memory else nullcontext():
            document = self._lay_out(view, template, palette, own_list, own)
            identifier = hashlib.md5(identity.encode(), usedforsecurity=False).hexdigest()
            content = document.write_pdf(
                finisher=finish, pdf_variant=VARIANT, pdf_identifier=identifier.encode()
            )
        assert content is not None  # it is only for a given target
        return content

    def _make_room(self, view: DocumentView) -> None:
        """Workers collect garbage between batches, for which long lists leave too much behind."""
        if self._rows_left > ROWS_LEFT:
            gc.collect()
            self._rows_left = 0
        self._rows_left += view.itemised.count if view.itemised else 0

    def _lay_out(
        self,
        view: DocumentView,
        template: str,
        palette: Palette,
        own_list: bool,
        own: OwnTemplate | None,
    ) -> weasyprint.Document:
        """The pages; the charges open page 2, unless page 1 is short or needs more than a page."""

        def lay_out(flows: bool) -> weasyprint.Document:
            page = fill_page(
                view, template, palette, medium="print", own_list=own_list, flows=flows, own=own
            )
            if self._memory and own is None:
                html = read_page(page, self._no_fetcher)
            else:
                html = weasyprint.HTML(string=page, base_url=None, url_fetcher=self._no_fetcher)
            return html.render(
                stylesheets=[self._sheet(template, palette, view.paper, own), self._faces],
                font_config=self._fonts,
            )

        if template == "1":
            # The estimate spares most full pages a second layout; the bookmark is the proof.
            may_fit = not view.is_short and _may_fit(view)
            document = lay_out(not may_fit)
            if may_fit and not _is_on_page(document, 0, view.payment_heading):
                document = lay_out(True)
            return document
        document = lay_out(view.is_short)
        if not view.is_short and not _is_on_page(document, 1, view.charges_heading):
            document = lay_out(True)
        return document

    def _parse_sheet(
        self, template: str, palette: Palette, paper: str, own: OwnTemplate | None
    ) -> weasyprint.CSS:
        return weasyprint.CSS(
            string=print_css(template, palette, paper, own),
            font_config=self._fonts,
            url_fetcher=self._no_fetcher,
        )


def _archive(
    document: weasyprint.Document, pdf: pydyf.PDF, view: DocumentView, invoice: bytes | None
) -> None:
    """All that PDF/A-3 and Factur-X want and WeasyPrint leaves open."""
    particulars = Particulars(
        title=document.metadata.title or view.page_title,
        author=view.author,
        producer=pdf.info["Producer"].string,
        language=view.language,
        created=dt.date.fromisoformat(view.created[:10]),
    )
    complete_tags(pdf, figure_text=view.brand_name)
    if invoice is not None:
        attach_invoice(pdf, invoice, particulars)
    write_metadata(pdf, particulars, has_invoice=invoice is not None)


def _may_fit(view: DocumentView) -> bool:
    """Whether page 1 of template 1 seems to have room for the payment block; heights in mm."""
    panels = []
    if view.comparison:
        particulars = view.comparison.particulars
        wrapped = sum(len(row.label) > 32 for row in particulars)
        panels.append(25 + 5 * (len(particulars) + wrapped))
        if view.comparison.chart:
            panels.append(44)
    if view.breakdown:
        wrapped = sum(len(share.label) > 26 for share in view.breakdown.shares)
        panels.append(20 + 5 * (len(view.breakdown.shares) + wrapped))
    if view.top_allowances:
        panels.append(13 + 8 * len(view.top_allowances))
    rows = sum(max(panels[at : at + 2]) + 2 for at in range(0, len(panels), 2))
    payment = 16 + 5 * (len(view.payment.sentences) + len(view.payment.details))
    if view.payment.codes:
        payment = max(payment, 42)
    hero = 12 + 5.1 * len(view.summary)
    return 76 + hero + rows + payment <= (265 if view.paper == "A4" else 247)


def _is_on_page(document: weasyprint.Document, index: int, heading: str) -> bool:
    pages = document.pages[index : index + 1]
    return any(bookmark[1] == heading for page in pages for bookmark in page.bookmarks)


def _write(
    pdf: pydyf.PDF,
    output: BinaryIO,
    version: str | bytes = b"1.7",
    identifier: bytes | bool = False,
    compress: bool = False,
) -> None:
    """Stands in for `pydyf.PDF.write`, whose parameters it takes."""
    assert isinstance(identifier, bytes)
    write_file(pdf, output, version if isinstance(version, bytes) else version.encode(), identifier)


@contextmanager
def _garbage_kept() -> Iterator[None]:
    """No collection while a page is laid out: a quarter of a long render's time went there."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
