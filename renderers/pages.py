"""Fills the templates: a view becomes the HTML of one medium, with its style sheets."""

import hashlib
import re
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path

import jinja2
from jinja2.sandbox import SandboxedEnvironment
from markupsafe import Markup

from renderers.branding import Palette, mix
from renderers.messages import messages_for
from renderers.view import DocumentView

PACKAGE = Path(__file__).parent
TEMPLATES = PACKAGE / "templates"
TEMPLATE_VERSIONS = ("1",)
# What of the libraries shows in the bytes of a document.
_SOURCES = {".py", ".j2", ".css", ".yaml", ".ttf"}
_LIBRARIES = ("weasyprint", "pydyf", "jinja2", "babel", "segno", "fonttools")


@lru_cache(maxsize=1)
def renderer_version() -> str:
    """Changes with all that decides what documents look like: code, words, fonts, libraries."""
    digest = hashlib.sha256()
    for name in _LIBRARIES:
        digest.update(f"{name} {version(name)}\n".encode())
    for path in sorted(PACKAGE.rglob("*")):
        if path.suffix in _SOURCES:
            digest.update(path.relative_to(PACKAGE).as_posix().encode() + b"\0")
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def fill_page(
    view: DocumentView,
    template: str,
    palette: Palette,
    *,
    medium: str,
    own_list: bool = False,
    flows: bool = False,
) -> str:
    """The HTML of a view. `medium` is "screen" (self-contained, with styles) or "print" (styles
    apart, see `print_css`). For paper: with `own_list` the itemised usage is left to the PDF
    writer, with `flows` the charges follow the payment block instead of opening page 2."""
    return _template(template).render(
        view=view,
        say=messages_for(view.catalog),
        palette=palette,
        medium=medium,
        own_list=own_list,
        # A browser that prints the page breaks it by itself.
        flows=flows or medium == "screen",
        css=Markup(screen_css(template, palette)) if medium == "screen" else "",
    )


@lru_cache(maxsize=8)
def _template(template: str) -> jinja2.Template:
    if template not in TEMPLATE_VERSIONS:
        raise ValueError(f"no such document template, known are {TEMPLATE_VERSIONS}: {template!r}")
    environment = SandboxedEnvironment(
        loader=jinja2.FileSystemLoader(TEMPLATES / f"v{template}"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("document.html.j2")


@lru_cache(maxsize=32)
def print_css(template: str, palette: Palette, paper: str) -> str:
    """The sheet for paper: base and print, in the operator's colours."""
    sheets = _variables(palette) + _sheet(template, "base") + _sheet(template, "print")
    return sheets.replace("PAPER", paper)


@lru_cache(maxsize=32)
def screen_css(template: str, palette: Palette) -> str:
    """The sheet inside the web page: base and screen for screens, base and print for printing."""
    # The page's own print rules come from the sheet that WeasyPrint uses, less its margin boxes.
    paper = re.sub(r"@page[^{]*\{(?:[^{}]|\{[^{}]*\})*\}", "", _sheet(template, "print"))
    return _compact(
        _variables(palette)
        + _sheet(template, "base")
        + f"@media screen {{ {_sheet(template, 'screen')} }}"
        + f"@media print {{ {paper} .skip, details > summary {{ display: none; }} }}"
    )


def _variables(palette: Palette) -> str:
    shades = " ".join(f"--shade-{at}: {shade};" for at, shade in enumerate(palette.shades))
    return (
        f":root {{ {shades}"
        f" --ink: #14242b; --quiet: #566770; --line: #dbe2e5; --line-strong: #b4c0c6;"
        f" --credit: #1f6b45; --accent: {palette.accent}; --accent-soft: {palette.accent_soft};"
        f" --accent-text: {palette.accent}; --accent-bright: {palette.accent_bright};"
        f" --highlight: {palette.highlight};"
        f" --highlight-bright: {mix(palette.highlight, '#ffffff', 45)}; }}\n"
    )


@lru_cache(maxsize=32)
def _sheet(template: str, name: str) -> str:
    return (TEMPLATES / f"v{template}" / f"{name}.css").read_text(encoding="utf-8")


def _compact(css: str) -> str:
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    return re.sub(r"\s*([{};,])\s*", r"\1", re.sub(r"\s+", " ", css)).strip()
