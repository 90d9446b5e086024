"""WeasyPrint with a memory: what it works out anew for each document, kept between documents.

Two bills of an operator differ in some names and numbers. Their styles are the same, most of their
texts too. Three things are remembered, each by all that it rests on, so that a document has the
same bytes whatever was rendered before it:

- the computed styles of an element, by the rules that match it and by its parent's;
- how a text breaks and what it measures, by the text, its font's properties and the room;
- how a text is drawn, by the text and its font's properties.

Besides, lengths that are not in percents are looked up once per style instead of once per box.

This rests on the inside of one version of WeasyPrint. `tests/renderers/test_remembering.py`
compares with what WeasyPrint writes by itself.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from math import inf
from types import ModuleType
from typing import Any
from xml.etree import ElementTree

import pydyf
import weasyprint
import weasyprint.draw
from weasyprint import cssselect2, svg
from weasyprint import document as documents
from weasyprint.css import (
    AnonymousStyle,
    ComputedStyle,
    InitialStyle,
    StyleFor,
    declaration_precedence,
    find_style_attributes,
    get_all_computed_styles,
    preprocess_declarations,
)
from weasyprint.css.targets import TargetCollector
from weasyprint.draw.text import draw_first_line, draw_text
from weasyprint.formatting_structure import boxes
from weasyprint.layout import (
    absolute,
    block,
    column,
    grid,
    inline,
    page,
    preferred,
    table,
)
from weasyprint.layout import float as floats
from weasyprint.layout.percent import adjust_box_sizing, resolve_percentages
from weasyprint.matrix import Matrix
from weasyprint.svg.path import path as draw_path
from weasyprint.text.fonts import FontConfiguration, get_pango_font_key
from weasyprint.text.line_break import Layout, split_first_line
from weasyprint.urls import URLFetcher

from renderers.branding import OwnTemplate

STYLES_KEPT = 4_000
PLACES_KEPT = 50_000
TEXTS_KEPT = 3_000
# Lengths in units of the page's size.
_OF_THE_PAGE = re.compile(r"\d\s*p?v(w|h|i|b|min|max)\b")
# Those that WeasyPrint makes declarations of.
_ATTRIBUTES = ("style", "lang", "id", "name", "width", "height")
# All properties that shaping and breaking a text look at.
_OF_TEXT = (
    "font_family", "font_style", "font_stretch", "font_weight", "font_size",
    "font_variation_settings", "font_kerning", "font_variant_ligatures", "font_variant_position",
    "font_variant_caps", "font_variant_numeric", "font_variant_alternates",
    "font_variant_east_asian", "font_feature_settings", "font_language_override", "lang",
    "direction", "text_decoration_line", "white_space", "letter_spacing", "word_spacing",
    "overflow_wrap", "word_break", "hyphens", "hyphenate_character", "hyphenate_limit_chars",
    "hyphenate_limit_zone", "tab_size",
)  # fmt: skip
# Elements that HTML does not close.
_VOID = re.compile(r"<((?:meta|br)\b[^<>]*?)\s*/?>")
# The path of a QR code (renderers/qr.py): bars of one module's height.
_BARS = re.compile(r"(?:M\d+ \d+h\d+v1h-\d+z)+")
_BAR = re.compile(r"M(\d+) (\d+)h(\d+)")
_SIDES = ("top", "right", "bottom", "left")
_LENGTHS = (
    *(f"margin_{side}" for side in _SIDES), *(f"padding_{side}" for side in _SIDES),
    "width", "min_width", "max_width",
)  # fmt: skip
_HEIGHTS = ("height", "min_height", "max_height")

Table = dict[Any, Any]
_old_to_bytes = pydyf._to_bytes


class _Page(weasyprint.HTML):
    """A page whose tree is at hand."""

    def __init__(self, root: ElementTree.Element, url_fetcher: URLFetcher) -> None:
        # Stands in for the constructor that it overrides.
        self.base_url = None
        self.url_fetcher = url_fetcher
        self.media_type = "print"
        self.wrapper_element = cssselect2.ElementWrapper.from_html_root(root, content_language=None)
        self.etree_element = self.wrapper_element.etree_element


def read_page(page: str, url_fetcher: URLFetcher) -> weasyprint.HTML:
    """A page of our own templates. They are well-formed, so an XML parser reads them as the HTML
    parser does, in a fifteenth of the time; what it refuses is left to the HTML parser."""
    try:
        root = ElementTree.fromstring(_VOID.sub(r"<\1/>", page))
    except (ElementTree.ParseError, UnicodeError):
        return weasyprint.HTML(string=page, base_url=None, url_fetcher=url_fetcher)
    # As HTML has it: no space before the head, and what follows the body belongs to it.
    root.text = None
    body = root[-1]
    if len(body):
        body[-1].tail = (body[-1].tail or "") + (body.tail or "")
    body.tail = None
    return _Page(root, url_fetcher)


class _Kept:
    """The computed style of an element and those of its pseudo-elements, for any document."""

    __slots__ = ("number", "pseudo", "pseudo_anchors", "root", "style")

    def __init__(
        self,
        number: int,
        style: ComputedStyle,
        root: ComputedStyle,
        pseudo: dict[str, ComputedStyle],
    ) -> None:
        self.number = number
        self.style = style
        self.root = root
        self.pseudo = pseudo
        self.pseudo_anchors = [found["anchor"] for found in pseudo.values() if found["anchor"]]


class _OfDocument(ComputedStyle):
    """A kept style in one document, which may change it; what it lacks comes from the kept one."""

    def __init__(
        self, kept: ComputedStyle, parent: ComputedStyle | None, root: ComputedStyle | InitialStyle
    ) -> None:
        super().__init__(
            parent, kept.cascaded, kept.pseudo_type, root, kept.base_url, kept.font_config,
            kept.initial_page_sizes,
        )  # fmt: skip
        self.specified = kept.specified
        self.kept = kept
        self.update(kept)

    def __missing__(self, key: str) -> Any:
        value = self[key] = self.kept[key]
        return value

    @cached_property
    def anonymous_style(self) -> AnonymousStyle:
        return _Anonymous(self)


class _Anonymous(AnonymousStyle):
    """Tells those that nobody changes from their copies, which are changed."""


class _StyleFor(StyleFor):
    """The styles of one document."""

    def __init__(
        self, html: weasyprint.HTML, sheets: Sequence[Any], font_config: FontConfiguration,
        targets: TargetCollector, memory: "_Styles", by_place: bool,
    ) -> None:  # fmt: skip
        # Stands in for the constructor that it overrides.
        self._cascaded_styles: Table = {}
        self._computed_styles: Table = {}
        self._sheets = sheets
        self.font_config = font_config
        self.initial_page_sizes = memory.page_sizes
        own: Table = {}
        places: Table = {}
        for specificity, element, declarations, base_url in find_style_attributes(
            html.etree_element, False, html.base_url
        ):
            own.setdefault(element, []).append((specificity, tuple(declarations), base_url))
        kept_of: Table = {}
        shared: Table = {}
        root: Any = None
        for wrapper in html.wrapper_element.iter_subtree():
            element = wrapper.etree_element
            parent: Any = wrapper.parent.etree_element if wrapper.parent else None
            kept_parent = kept_of[parent] if wrapper.parent else None
            place = None
            if by_place:
                previous = wrapper.previous
                place = memory.place_of(
                    element,
                    places[parent] if wrapper.parent else 0,
                    places[previous.etree_element] if previous else 0,
                    not wrapper.parent or parent[-1] is element,
                )
                places[element] = place
            kept = memory.kept_at(place)
            if kept is None:
                kept = memory.style_of(
                    wrapper, sheets, kept_parent, own.get(element), html.base_url
                )
                memory.keep_at(place, kept)
            kept_of[element] = kept
            style = None if element in own else shared.get(kept.number)
            if style is None:
                above = self._computed_styles[parent, None] if wrapper.parent else None
                style = _OfDocument(kept.style, above, root or InitialStyle(font_config))
                if element not in own:
                    shared[kept.number] = style
                if style["anchor"]:
                    targets.collect_anchor(style["anchor"])
            root = root if root is not None else style
            self._computed_styles[element, None] = style
            for anchor in kept.pseudo_anchors:
                targets.collect_anchor(anchor)
        self._kept_of = kept_of
        self._root = root

    def __call__(self, element: Any, pseudo_type: str | None = None) -> Any:
        """Pseudo-elements have a style only when somebody asks for it: six of an element's are
        declared, and hardly ever used."""
        place = (element, pseudo_type)
        if pseudo_type is not None and place not in self._computed_styles:
            kept = self._kept_of.get(element)
            pseudo = kept.pseudo.get(pseudo_type) if kept else None
            if pseudo is None:
                return None
            style = self._computed_styles[element, None]
            self._computed_styles[place] = _OfDocument(pseudo, style, self._root)
        return super().__call__(element, pseudo_type)


class _Styles:
    """What is kept of one set of sheets."""

    def __init__(self, sheets: Sequence[Any], font_config: FontConfiguration) -> None:
        self.sheets = tuple(sheets)  # kept alive: they are known by their identity
        self.page_sizes: Table = {"box": None, "area": None}
        self._font_config = font_config
        self._known: dict[Any, _Kept] = {}
        self._made = 0
        self._places: dict[Any, int] = {}
        self._at: dict[int, _Kept] = {}

    def place_of(self, element: Any, parent: int, previous: int, is_last: bool) -> int:
        """The number of all that a selector of our sheets may ask of an element: itself, those
        above it, those before it, whether it is the last one and whether it is empty."""
        is_empty = not len(element) and not element.text
        key = (parent, previous, is_last, is_empty, element.tag, *element.attrib.items())
        found = self._places.get(key)
        if found is None:
            found = self._places[key] = len(self._places) + 1
        return found

    def kept_at(self, place: int | None) -> _Kept | None:
        """The style of an element in this place, if one was there before."""
        return None if place is None else self._at.get(place)

    def keep_at(self, place: int | None, kept: _Kept) -> None:
        """The style of elements in this place."""
        if place is not None:
            self._at[place] = kept

    def tidy(self) -> None:
        """Forgets everything when it is too much; between documents."""
        if len(self._known) > STYLES_KEPT or len(self._places) > PLACES_KEPT:
            self._known.clear()
            self._places.clear()
            self._at.clear()

    def style_of(
        self, wrapper: Any, sheets: Sequence[Any], parent: _Kept | None, own: Any, base_url: Any
    ) -> _Kept:
        """The style of an element; `own` are the declarations of its attributes."""
        matches = [
            (at, *match)
            for at, sheet in enumerate(sheets)
            for match in sheet[0].matcher.match(wrapper)
        ]
        attributes = (
            (wrapper.etree_element.tag, *map(wrapper.etree_element.get, _ATTRIBUTES))
            if own
            else None
        )
        key = (
            parent.number if parent else 0,
            attributes,
            tuple([(at, order) for at, _, order, _, _ in matches]),
        )
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._new(sheets, parent, own, matches, base_url)
        return known

    def _new(
        self, sheets: Sequence[Any], parent: _Kept | None, own: Any, matches: Any, base_url: Any
    ) -> _Kept:
        cascaded: dict[Any, dict[str, Any]] = {None: {}}

        def add(pseudo: str | None, declarations: Any, origin: str, order: Any, rank: Any) -> None:
            style = cascaded.setdefault(pseudo, {})
            for name, values, importance in declarations:
                weight = (declaration_precedence(origin, importance), order, rank)
                old = style.get(name, (None, None))[1]
                if old is None or old <= weight:
                    style[name] = values, weight

        for specificity, declarations, url in own or ():
            found = preprocess_declarations(url, declarations)
            add(None, found, "author", float("inf"), specificity)
        for at, specificity, _, pseudo, (declarations, layer) in matches:
            sheet, origin, sheet_specificity = sheets[at]
            order = float("inf") if layer is None else sheet.layers.index(layer)
            add(pseudo, declarations, origin, order, sheet_specificity or specificity)
        own_cascade = cascaded.pop(None)
        rest = (base_url, self._font_config, self.page_sizes)
        initial = InitialStyle(self._font_config)
        above, root = (parent.style, parent.root) if parent else (None, initial)
        style = ComputedStyle(above, own_cascade, None, root, *rest)
        root = parent.root if parent else style
        self._made += 1
        pseudos = {
            pseudo: ComputedStyle(style, declarations, pseudo, root, *rest)
            for pseudo, declarations in cascaded.items()
        }
        return _Kept(self._made, style, root, pseudos)


class _Glyphs:
    """Stands in for a font while a text is drawn for the first time: notes its glyphs."""

    bitmap = png = svg = colr = False

    def __init__(self, key: int, size: float, hash_: str) -> None:
        self.key = key
        self.size = size
        self.hash = hash_
        self.widths: dict[int, int] = {}
        self.to_unicode: dict[int, str] = {}

    def get_unused_glyph_id(self, _: int) -> int:
        """A character that the font lacks."""
        raise _Unusual


class _Unusual(Exception):
    """A text that is not to be remembered."""


class _Recorder:
    """Stands in for the page's stream while a text is drawn for the first time."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self.ink_rect, self.logical_rect = stream.ink_rect, stream.logical_rect
        self.operators: list[tuple[Any, ...]] = []
        self.fonts: list[_Glyphs] = []
        self.pango_fonts: dict[tuple[int, float], Any] = {}
        self.is_usual = True

    def close(self) -> None:
        """Lets go of the document."""
        del self._stream, self.ink_rect, self.logical_rect, self.pango_fonts

    def set_text_matrix(self, *values: float) -> None:
        """Differs each time."""

    def add_font(self, pango_font: Any) -> tuple[_Glyphs, float]:
        """The stand-in, after a look at the font itself."""
        font, size = self._stream.add_font(pango_font)
        if font.bitmap or font.png or font.svg or font.colr:
            raise _Unusual
        key = get_pango_font_key(pango_font)[0]
        self.pango_fonts[key, size] = pango_font
        glyphs = _Glyphs(key, size, font.hash)
        self.fonts.append(glyphs)
        return glyphs, size

    def show_text(self, text: str) -> None:
        """Noted."""
        self.operators.append(("show_text", text))

    def set_font_size(self, font: str, size: float) -> None:
        """Noted."""
        self.operators.append(("set_font_size", font, size))

    def set_text_rise(self, rise: float) -> None:
        """Noted."""
        self.operators.append(("set_text_rise", rise))


class _Recent:
    """A table that forgets what was not asked for since it was half full."""

    def __init__(self) -> None:
        self._young: Table = {}
        self._old: Table = {}

    def get(self, key: Any) -> Any:
        """What stands under a key, or None."""
        found = self._young.get(key)
        if found is None:
            found = self._old.get(key)
            if found is not None:
                self.put(key, found)
        return found

    def put(self, key: Any, value: Any) -> None:
        """Remembers a value, which is not None."""
        if len(self._young) >= TEXTS_KEPT // 2:
            self._old, self._young = self._young, {}
        self._young[key] = value


class Memory:
    """What is remembered in one process, for documents of one font configuration."""

    def __init__(self, font_config: FontConfiguration) -> None:
        self._font_config = font_config
        self._by_place = self._keeps_styles = False
        self._styles: dict[tuple[int, ...], _Styles] = {}
        self._text_styles: dict[str, int] = {}
        self._lines = _Recent()
        self._texts = _Recent()
        # By key and size, since metrics are rounded in the size in which a font comes first. A font
        # lives as long as a layout that uses it.
        self._fonts: dict[tuple[int, float], tuple[Any, Any]] = {}

    # Styles

    @contextmanager
    def used(self, own: OwnTemplate | None = None) -> Iterator[None]:
        """WeasyPrint remembers, in this process, as long as this lasts. `own` is the operator's
        part of the template: its selectors may ask for what follows an element, which ours do
        not, and its lengths may rest on the size of a document's first page."""
        self._by_place = own is None
        self._keeps_styles = own is None or not _OF_THE_PAGE.search(own.style)
        replaced: list[tuple[ModuleType, str, Any]] = []

        def replace(name: str, by: Callable[..., Any], *modules: ModuleType) -> None:
            for module in modules:
                replaced.append((module, name, getattr(module, name)))
                setattr(module, name, by)

        replace("get_all_computed_styles", self._style_for, documents)
        replace("split_first_line", self._split_first_line, inline, preferred)
        replace(
            "resolve_percentages", _resolve_percentages,
            absolute, block, column, floats, grid, inline, page, table,
        )  # fmt: skip
        replace("draw_text", self._draw_text, weasyprint.draw)
        replace("_to_bytes", _to_bytes, pydyf)
        tags: Any = svg.TAGS
        old_path, tags["path"] = tags["path"], _draw_path
        try:
            yield
        finally:
            tags["path"] = old_path
            for module, name, old in replaced:
                setattr(module, name, old)

    def _style_for(
        self,
        html: Any,
        user_stylesheets: Any = None,
        presentational_hints: bool = False,
        font_config: Any = None,
        counter_style: Any = None,
        *others: Any,
    ) -> StyleFor:
        """Stands in for `get_all_computed_styles`."""
        target_collector = others[3]
        # An operator's template may hold sheets of its own.
        has_sheets = not self._by_place and html.wrapper_element.query("style", "link")
        if has_sheets or presentational_hints or font_config is not self._font_config:
            return get_all_computed_styles(
                html, user_stylesheets, presentational_hints, font_config, counter_style, *others
            )
        for style in html._ua_counter_style():
            for key, value in style.items():
                counter_style[key] = value
        sheets = [(sheet, "user agent", None) for sheet in html._ua_stylesheets()]
        sheets.extend((sheet, "user", None) for sheet in user_stylesheets)
        identity = tuple(id(sheet) for sheet, _, _ in sheets)
        if not self._keeps_styles:
            self._styles.pop(identity, None)
        styles = self._styles.get(identity)
        if styles is None:
            if len(self._styles) >= 8:
                self._styles.clear()
            styles = self._styles[identity] = _Styles([s for s, _, _ in sheets], font_config)
        styles.tidy()
        return _StyleFor(html, sheets, font_config, target_collector, styles, self._by_place)

    # Texts

    def _text_style(self, style: Any) -> int:
        """The number of the style's properties that decide on texts."""
        found = style.__dict__.get("text_style")
        if found is None:
            values = repr([style[name] for name in _OF_TEXT])
            found = self._text_styles.setdefault(values, len(self._text_styles))
            style.text_style = found
        return found

    def _split_first_line(
        self, text, style, context, max_width, justification_spacing, is_line_start=True,
        minimum=False,
    ):  # fmt: skip
        if style.font_config is not self._font_config:
            return split_first_line(
                text, style, context, max_width, justification_spacing, is_line_start, minimum
            )
        key = (
            self._text_style(style), text, max_width, justification_spacing, is_line_start, minimum,
        )  # fmt: skip
        known = self._lines.get(key)
        if known is None:
            layout, *rest = split_first_line(
                text, style, context, max_width, justification_spacing, is_line_start, minimum
            )
            self._lines.put(key, (layout.__dict__.copy(), tuple(rest)))
            return (layout, *rest)
        layout = Layout.__new__(Layout)
        layout.__dict__.update(known[0])
        return (layout, *known[1])

    def _draw_text(self, stream, textbox, offset_x, text_overflow, block_ellipsis) -> None:
        style, layout = textbox.style, textbox.pango_layout
        if (
            text_overflow != "clip"
            or block_ellipsis != "none"
            or style["visibility"] != "visible"
            or style["text_decoration_line"] != "none"
            or not textbox.text.strip()
            or style.font_config is not self._font_config
        ):
            draw_text(stream, textbox, offset_x, text_overflow, block_ellipsis)
            return
        key = (self._text_style(style), layout.text, layout.justification_spacing)
        text = self._texts.get(key)
        if text is None:
            text = self._recorded(stream, textbox)
            self._texts.put(key, text)
        if not text.is_usual:
            draw_text(stream, textbox, offset_x, text_overflow, block_ellipsis)
            return
        fonts = []
        for glyphs in text.fonts:
            font = stream._fonts.get(glyphs.key)
            fonts.append(font or stream.add_font(self._fonts[glyphs.key, glyphs.size][0])[0])
        for font, glyphs in zip(fonts, text.fonts, strict=True):
            # Widths rest on the size in which a glyph comes first.
            if any(font.widths.get(gid, width) != width for gid, width in glyphs.widths.items()):
                draw_text(stream, textbox, offset_x, text_overflow, block_ellipsis)
                return
        for font, glyphs in zip(fonts, text.fonts, strict=True):
            for gid, width in glyphs.widths.items():
                font.widths.setdefault(gid, width)
            for gid, characters in glyphs.to_unicode.items():
                font.to_unicode.setdefault(gid, characters)
        stream.set_color(style["color"])
        stream.begin_text()
        x, y = textbox.position_x, textbox.position_y + textbox.baseline
        stream.set_text_matrix(*Matrix(d=-1, e=x, f=y).values)
        for name, *values in text.operators:
            getattr(stream, name)(*values)
        stream.end_text()

    def _recorded(self, stream: Any, textbox: Any) -> _Recorder:
        """What `draw_first_line` does for a text; for an unusual one that it is unusual."""
        recorder = _Recorder(stream)
        layout = textbox.pango_layout
        layout.reactivate(textbox.style)
        try:
            draw_first_line(recorder, textbox, "clip", "none", Matrix())
            for key, pango_font in recorder.pango_fonts.items():
                self._fonts.setdefault(key, (pango_font, layout.layout))
        except _Unusual:
            recorder.is_usual = False
        layout.deactivate()
        recorder.close()
        return recorder


def _resolve_percentages(box: Any, containing_block: Any) -> None:
    """Does what WeasyPrint's does, with the lengths that are no percents put down at once."""
    plan = box.style.__dict__.get("lengths")
    if plan is None:
        plan = _lengths(box.style)
        box.style.lengths = plan
    if not plan or isinstance(box, boxes.PageBox):
        resolve_percentages(box, containing_block)
        return
    fixed, percents, heights, is_collapsed, is_content_box = plan
    attributes = box.__dict__
    attributes.update(fixed)
    if percents or heights:
        is_box = isinstance(containing_block, boxes.Box)
        sizes: Any = containing_block
        width, height = (sizes.width, sizes.height) if is_box else sizes
        for name, percent in percents:
            attributes[name] = width * percent / 100
        for name, percent in heights:
            if height == "auto":
                attributes[name] = {"height": "auto", "min_height": 0.0, "max_height": inf}[name]
            else:
                attributes[name] = height * percent / 100
    style = box.style
    for side in _SIDES:
        name = f"border_{side}_width"
        # In tables with collapsed borders they are known already.
        if not (is_collapsed and hasattr(box, name)):
            attributes[name] = style[name]
    if not is_content_box:
        adjust_box_sizing(box, "width")
        adjust_box_sizing(box, "height")


def _lengths(style: Any) -> Any:
    """Lengths by attribute: those that stand, those in percents of a width, of a height; whether
    borders collapse, whether sizes are those of the content. False for a style that may change."""
    if not isinstance(style, _OfDocument | _Anonymous):
        return False
    fixed: dict[str, Any] = {}
    percents: list[tuple[str, float]] = []
    heights: list[tuple[str, float]] = []
    for name in (*_LENGTHS, *_HEIGHTS):
        value = style[name]
        if value is None or value == "auto":
            fixed[name] = 0 if value == "auto" and name[:4] == "min_" else value
            continue
        unit = getattr(value, "unit", None)
        if unit == "%":
            (heights if name in _HEIGHTS else percents).append((name, value.value))
        elif unit is None or unit.lower() != "px":
            return False
        else:
            fixed[name] = value.value
    return (
        fixed, percents, heights, style["border_collapse"] == "collapse",
        style["box_sizing"] == "content-box",
    )  # fmt: skip


def _draw_path(drawing: Any, node: Any, font_size: float) -> None:
    """Does what WeasyPrint's does; the path of a QR code needs no parser."""
    path = node.get("d", "")
    if not _BARS.fullmatch(path) or any("marker" in name for name in node.attrib):
        draw_path(drawing, node, font_size)
        return
    operators = drawing.stream.stream
    operators.append(b"0 0 m")
    for texts in _BAR.findall(path):
        x, y, width = map(int, texts)
        operators.append(
            b"%d %d m\n%d %d l\n%d %d l\n%d %d l\nh"
            % (x, y, x + width, y, x + width, y + 1, x, y + 1)
        )


def _to_bytes(item: Any) -> bytes:
    """Does what pydyf's does, the usual kinds first."""
    kind = type(item)
    if kind is bytes:
        return item
    if kind is float:
        return (b"%d" % item) if item.is_integer() else (b"%f" % item).rstrip(b"0")
    if kind is int:
        return b"%d" % item
    if isinstance(item, pydyf.Object):
        return item.data
    return _old_to_bytes(item)
