"""An operator's looks: `branding/logo.svg` and `branding/brand.yaml` in the operator folder.

Both are optional, and so is every key of brand.yaml (for users: docs/documents.md):

    name: Mobilis                       # trade name beside or instead of the logo
    colours: {accent: "#0b5c6b", highlight: "#b4591a"}
    payment_url: https://pay.example/{document_number}   # printed and as QR code
    mediator: {name: …, url: …}         # who settles disputes, printed with the support block
    mentions: {fr: […], en: […]}        # legal mentions of this operator, per language

`branding/templates/v2/` may hold document.html.j2, which overrides blocks of that version's
template, and style.css, whose rules come after its own.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jinja2
import yaml

from renderers.formatting import clean

DEFAULT_ACCENT = "#124e5c"
DEFAULT_HIGHLIGHT = "#b4591a"
LOGO_BYTES = 256 * 1024
TEMPLATES = Path(__file__).parent / "templates"
TEMPLATE_BYTES = 256 * 1024

SVG = "http://www.w3.org/2000/svg"
XLINK = "http://www.w3.org/1999/xlink"
_SHAPES = """
svg g defs symbol use title desc path rect circle ellipse line polyline polygon text tspan
linearGradient radialGradient stop clipPath mask pattern
"""
_ELEMENTS = frozenset(_SHAPES.split())
_PROPERTIES = """
id d x y x1 y1 x2 y2 cx cy r rx ry fx fy dx dy width height viewBox points transform
preserveAspectRatio fill fill-opacity fill-rule stroke stroke-width stroke-opacity
stroke-linecap stroke-linejoin stroke-miterlimit stroke-dasharray stroke-dashoffset opacity
offset stop-color stop-opacity gradientUnits gradientTransform spreadMethod clip-path clip-rule
clipPathUnits mask maskUnits patternUnits patternTransform font-size font-weight text-anchor
letter-spacing display visibility
"""
_ATTRIBUTES = frozenset(_PROPERTIES.split())
_LOCAL_URL = re.compile(r"""^url\(\s*["']?#[\w.-]+["']?\s*\)$""")
_TRANSFORMS = ("transform", "gradientTransform", "patternTransform")
_COLOUR_FUNCTION = re.compile(r"^(rgb|rgba|hsl|hsla)\([\d\s.,%]+\)$")
_COLOUR = re.compile(r"^#[0-9a-fA-F]{6}$")


class BrandingError(ValueError):
    """branding/ holds something that cannot be used; the text names file, key and value."""


class TemplateError(BrandingError):
    """A template of branding/ cannot be read or filled; the text names it."""


@dataclass(frozen=True, slots=True)
class OwnTemplate:
    """What an operator changes of one template version. `name` is the file in messages."""

    name: str
    document: str | None = None
    style: str = ""


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours as #rrggbb. `accent` bears white text; tints derive from it."""

    accent: str = DEFAULT_ACCENT
    highlight: str = DEFAULT_HIGHLIGHT

    @property
    def accent_soft(self) -> str:
        return mix(self.accent, "#ffffff", 92)

    @property
    def accent_tint(self) -> str:
        return mix(self.accent, "#ffffff", 62)

    @property
    def accent_bright(self) -> str:
        """The accent on a dark page."""
        return mix(self.accent, "#ffffff", 55)

    @property
    def shades(self) -> tuple[str, ...]:
        """Six shades that also differ in lightness alone, darkest first."""
        return tuple(mix(self.accent, "#ffffff", share) for share in (0, 24, 44, 60, 74, 85))


@dataclass(frozen=True, slots=True)
class Branding:
    """What an operator's documents look like. `digest` changes with anything in it."""

    name: str | None = None
    logo_svg: str | None = None
    palette: Palette = field(default_factory=Palette)
    payment_url: str | None = None
    mediator: tuple[str, str] | None = None
    mentions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    templates: Mapping[str, OwnTemplate] = field(default_factory=dict)  # by version
    digest: str = ""


def read_branding(folder: Path | None) -> Branding:
    """The branding of an operator folder's `branding/`, with defaults for all that is missing.

    Raises BrandingError when a file is there and cannot be used.
    """
    if folder is None or not folder.is_dir():
        return Branding()
    digest = hashlib.sha256()
    logo = None
    logo_file = folder / "logo.svg"
    brand_file = folder / "brand.yaml"
    templates = _read_templates(folder / "templates", digest)
    if not logo_file.is_file() and not brand_file.is_file() and not templates:
        return Branding()
    if logo_file.is_file():
        content = logo_file.read_bytes()
        digest.update(b"logo" + content)
        logo = sanitise_svg(content, logo_file)
    settings: Mapping[str, object] = {}
    if brand_file.is_file():
        content = brand_file.read_bytes()
        digest.update(b"brand" + content)
        try:
            settings = yaml.safe_load(content) or {}
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            raise BrandingError(f"{brand_file}: not readable as YAML: {error}") from error
        if not isinstance(settings, Mapping):
            raise BrandingError(f"{brand_file}: not a mapping")
    return _read_settings(settings, brand_file, logo, templates, digest.hexdigest())


def _read_templates(folder: Path, digest: Any) -> dict[str, OwnTemplate]:
    """The operator's templates by version, read here and nowhere else."""
    templates: dict[str, OwnTemplate] = {}
    if not folder.is_dir():
        return templates
    known = ("document.html.j2", "style.css")
    # Version 1 has no blocks to override.
    versions = sorted(path.parent.name for path in TEMPLATES.glob("v*/macros.html.j2"))
    for place in sorted(folder.iterdir()):
        if place.name not in versions or not place.is_dir():
            raise TemplateError(f"{place}: not the folder of one of {', '.join(versions)}")
        texts = {}
        for file in sorted(place.iterdir()):
            if file.name not in known:
                raise TemplateError(f"{file}: not one of {', '.join(known)}")
            # A link may lead anywhere; the folder's own files are meant.
            if file.is_symlink() or not file.is_file():
                raise TemplateError(f"{file}: not a plain file")
            content = file.read_bytes()
            if len(content) > TEMPLATE_BYTES:
                raise TemplateError(f"{file}: larger than {TEMPLATE_BYTES // 1024} kB")
            try:
                texts[file.name] = content.decode("utf-8")
            except UnicodeDecodeError as error:
                raise TemplateError(f"{file}: not UTF-8 text") from error
            if file.suffix == ".j2":
                _check_syntax(texts[file.name], file)
            digest.update(f"{place.name}/{file.name}".encode() + b"\0" + content)
        style = texts.get("style.css", "")
        for word in ("<", "url(", "@import", "\\"):
            if word in style.lower():
                raise TemplateError(f"{place / 'style.css'}: may not hold {word!r}")
        templates[place.name[1:]] = OwnTemplate(
            str(place / "document.html.j2"), texts.get("document.html.j2"), style
        )
    return templates


def _check_syntax(text: str, file: Path) -> None:
    try:
        jinja2.Environment(autoescape=True).parse(text)
    except jinja2.TemplateSyntaxError as error:
        raise TemplateError(f"{file}:{error.lineno}: {error.message}") from error


def _read_settings(
    settings: Mapping[str, object],
    file: Path,
    logo: str | None,
    templates: Mapping[str, OwnTemplate],
    digest: str,
) -> Branding:
    known = {"name", "colours", "payment_url", "mediator", "mentions"}
    for key in settings:
        if key not in known:
            raise BrandingError(f"{file}: unknown key, known are {sorted(known)}: {key}")
    colours = _mapping(settings, "colours", file)
    accent = _colour(colours, "accent", DEFAULT_ACCENT, file)
    mediator = _mapping(settings, "mediator", file)
    mentions: dict[str, tuple[str, ...]] = {}
    for language, texts in _mapping(settings, "mentions", file).items():
        if not isinstance(texts, list):
            raise BrandingError(f"{file}: mentions: {language}: not a list: {texts!r}")
        mentions[str(language)] = tuple(clean(text, 1000) for text in texts)
    payment_url = settings.get("payment_url")
    if payment_url is not None and not str(payment_url).startswith("https://"):
        raise BrandingError(f"{file}: payment_url: not an https address: {payment_url!r}")
    name = clean(settings.get("name"), 60)
    return Branding(
        name=name or None,
        logo_svg=logo,
        palette=Palette(
            accent=darken_for_white_text(accent),
            highlight=_colour(colours, "highlight", DEFAULT_HIGHLIGHT, file),
        ),
        payment_url=str(payment_url) if payment_url is not None else None,
        mediator=((clean(mediator.get("name")), clean(mediator.get("url"))) if mediator else None),
        mentions=mentions,
        templates=templates,
        digest=digest,
    )


def _mapping(settings: Mapping[str, object], key: str, file: Path) -> Mapping[str, object]:
    value = settings.get(key) or {}
    if not isinstance(value, Mapping):
        raise BrandingError(f"{file}: {key}: not a mapping: {value!r}")
    return value


def _colour(colours: Mapping[str, object], key: str, default: str, file: Path) -> str:
    value = colours.get(key)
    if value is None:
        return default
    if not isinstance(value, str) or not _COLOUR.match(value):
        raise BrandingError(f"{file}: colours: {key}: not a colour like #124e5c: {value!r}")
    return value.lower()


def sanitise_svg(content: bytes, file: Path) -> str:
    """The drawing alone: known shapes and attributes, no scripts, styles, links or entities."""
    if len(content) > LOGO_BYTES:
        raise BrandingError(f"{file}: larger than {LOGO_BYTES // 1024} kB: {len(content)} bytes")
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        content = re.sub(rb"<!DOCTYPE[^\[>]*>", b"", content)
        if b"<!" in content.replace(b"<!--", b""):
            raise BrandingError(f"{file}: declares entities or a document type")
    try:
        root = ElementTree.fromstring(content)
    except ElementTree.ParseError as error:
        raise BrandingError(f"{file}: not readable as SVG: {error}") from error
    if root.tag != f"{{{SVG}}}svg":
        raise BrandingError(f"{file}: not an SVG drawing: {root.tag}")
    _sanitise_element(root)
    if "viewBox" not in root.attrib:
        width, height = (_length(root.get(key)) for key in ("width", "height"))
        if not width or not height:
            raise BrandingError(f"{file}: has neither viewBox nor width and height")
        root.set("viewBox", f"0 0 {width} {height}")
    # The page sizes the logo by its height, from the left edge; its texts are set in the bundled
    # face, so that they look alike on every machine.
    root.attrib.pop("width", None)
    root.attrib.pop("height", None)
    root.set("preserveAspectRatio", "xMinYMid meet")
    root.set("font-family", "Billhouse Sans, Inter, sans-serif")
    ElementTree.register_namespace("", SVG)
    return ElementTree.tostring(root, encoding="unicode")


def _sanitise_element(element: ElementTree.Element) -> None:
    for name in list(element.attrib):
        value = element.attrib[name]
        if name in ("href", f"{{{XLINK}}}href"):
            del element.attrib[name]
            if value.startswith("#"):
                element.set("href", f"#logo-{value[1:]}")
        elif name not in _ATTRIBUTES or "\\" in value or "&" in value:
            del element.attrib[name]
        elif name == "id":
            element.set("id", f"logo-{value}")
        elif "url(" in value:
            if _LOCAL_URL.match(value):
                element.set(name, re.sub(r"""#["']?""", "#logo-", value).replace('"', ""))
            else:
                del element.attrib[name]
        elif "(" in value and name not in _TRANSFORMS and not _COLOUR_FUNCTION.match(value):
            del element.attrib[name]
    for child in list(element):
        tag = child.tag if isinstance(child.tag, str) else ""
        if not tag.startswith(f"{{{SVG}}}") or tag.split("}")[1] not in _ELEMENTS:
            element.remove(child)
        else:
            _sanitise_element(child)


def _length(value: str | None) -> str | None:
    match = re.match(r"^\s*(\d+(?:\.\d+)?)(?:px)?\s*$", value or "")
    return match[1] if match else None


@lru_cache(maxsize=256)
def mix(colour: str, other: str, percent: int) -> str:
    """`percent` of `other` mixed into `colour`."""
    channels = (
        (int(colour[at : at + 2], 16) * (100 - percent) + int(other[at : at + 2], 16) * percent)
        // 100
        for at in (1, 3, 5)
    )
    return "#" + "".join(f"{channel:02x}" for channel in channels)


def contrast(colour: str, other: str) -> float:
    """WCAG contrast ratio of two colours, 1 to 21."""
    lighter, darker = sorted((_luminance(colour), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def darken_for_white_text(colour: str, least: float = 5.5) -> str:
    """The colour itself, or as much darker as white text on it needs."""
    for share in range(0, 100, 4):
        candidate = mix(colour, "#000000", share)
        if contrast(candidate, "#ffffff") >= least:
            return candidate
    return "#000000"


def _luminance(colour: str) -> float:
    channels = []
    for at in (1, 3, 5):
        value = int(colour[at : at + 2], 16) / 255
        channels.append(value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4)
    red, green, blue = channels
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
