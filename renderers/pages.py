"""Fills the templates: a view becomes the HTML of one medium, with its style sheets."""

import base64
import hashlib
import re
import traceback
from collections.abc import Mapping
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from renderers.branding import TEMPLATES, OwnTemplate, Palette, TemplateError, mix
from renderers.messages import messages_for
from renderers.view import DocumentView

PACKAGE = Path(__file__).parent
# The last one is what new documents are issued with (invoicing.int_documents_to_issue); the others
# stay as they are, for the documents that were issued with them.
TEMPLATE_VERSIONS = ("1", "2")
# What of the libraries shows in the bytes of a document.
_SOURCES = {".py", ".j2", ".css", ".js", ".yaml", ".ttf"}
_LIBRARIES = ("weasyprint", "pydyf", "jinja2", "babel", "segno", "fonttools", "lxml")


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
    own: OwnTemplate | None = None,
) -> str:
    """The HTML of a view. `medium` is "screen" (self-contained, with styles) or "print" (styles
    apart, see `print_css`). For paper: with `own_list` the itemised usage is left to the PDF
    writer, with `flows` the charges follow the first page's blocks instead of opening page 2.
    `own` is the operator's part of the template; raises TemplateError when it cannot be filled."""
    _check_version(template)
    script = _script(template) if medium == "screen" and view.itemised else ""
    values = {
        "view": view,
        "say": messages_for(view.catalog),
        "palette": palette,
        "medium": medium,
        "own_list": own_list,
        # A browser that prints the page breaks it by itself.
        "flows": flows or medium == "screen",
        "css": Markup(screen_css(template, palette, own)) if medium == "screen" else "",
        "script": Markup(script),
        "script_hash": f"'sha256-{_sha256_base64(script)}'",
    }
    if own is None or own.document is None:
        return _template(template).render(values)
    try:
        return _own_template(template, own).render(values)
    except Exception as error:  # the sandbox refuses in many ways
        lines = [
            frame.lineno
            for frame in traceback.extract_tb(error.__traceback__)
            if frame.filename == own.name
        ]
        place = f"{own.name}:{lines[-1]}" if lines else own.name
        raise TemplateError(f"{place}: {type(error).__name__}: {error}") from error


@lru_cache(maxsize=8)
def _template(template: str) -> jinja2.Template:
    """A template of this package. It is code like the rest and needs no sandbox, which would take
    a quarter of a page's time."""
    if template == "1":
        loader = jinja2.FileSystemLoader(TEMPLATES / "v1")
        return _environment(jinja2.Environment, loader).get_template("document.html.j2")
    loader = jinja2.DictLoader(_sources(template))
    return _environment(jinja2.Environment, loader).get_template("document")


@lru_cache(maxsize=8)
def _own_template(template: str, own: OwnTemplate) -> jinja2.Template:
    """An operator's template, which extends "document". It sees these sources and no others, and
    can change nothing that it is given."""
    assert own.document is not None
    sources = {**_sources(template), "own": own.document}

    def load(name: str) -> tuple[str, str, None] | None:
        # The file's name tells faults in the operator's template from those in others.
        return (
            (sources[name], own.name if name == "own" else name, None) if name in sources else None
        )

    loader = jinja2.FunctionLoader(load)
    return _environment(ImmutableSandboxedEnvironment, loader).get_template("own")


def _environment(kind: type[jinja2.Environment], loader: jinja2.BaseLoader) -> jinja2.Environment:
    return kind(
        loader=loader,
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _check_version(template: str) -> None:
    if template not in TEMPLATE_VERSIONS:
        raise ValueError(f"no such document template, known are {TEMPLATE_VERSIONS}: {template!r}")


def _sources(template: str) -> Mapping[str, str]:
    folder = TEMPLATES / f"v{template}"
    return {
        name: (folder / f"{name}.html.j2").read_text(encoding="utf-8")
        for name in ("document", "macros")
    }


@lru_cache(maxsize=8)
def _script(template: str) -> str:
    """The page's script, which only helps: nothing of the bill needs it. Version 1 has none."""
    file = TEMPLATES / f"v{template}" / "filter.js"
    if not file.is_file():
        return ""
    lines = (line.strip() for line in file.read_text(encoding="utf-8").splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("//"))


def _sha256_base64(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


@lru_cache(maxsize=32)
def print_css(template: str, palette: Palette, paper: str, own: OwnTemplate | None = None) -> str:
    """The sheet for paper: base and print, in the operator's colours, and its own rules last."""
    sheets = _variables(palette) + _sheet(template, "base") + _sheet(template, "print")
    return sheets.replace("PAPER", paper) + (own.style if own else "")


@lru_cache(maxsize=32)
def screen_css(template: str, palette: Palette, own: OwnTemplate | None = None) -> str:
    """The sheet inside the web page: base and screen for screens, base and print for printing."""
    # The page's own print rules come from the sheet that WeasyPrint uses, less its margin boxes.
    paper = re.sub(r"@page[^{]*\{(?:[^{}]|\{[^{}]*\})*\}", "", _sheet(template, "print"))
    return _compact(
        _variables(palette)
        + _sheet(template, "base")
        + f"@media screen {{ {_sheet(template, 'screen')} }}"
        + f"@media print {{ {paper} .skip, details > summary {{ display: none; }} }}"
        + (own.style if own else "")
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
