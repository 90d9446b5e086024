"""Renders are costly: each sample is rendered once per session."""

from collections.abc import Callable, Iterator
from functools import cache

import pytest

from renderers.pdf import PdfWriter
from renderers.rendering import render_html, render_pdf
from tests.renderers import samples
from tests.renderers.browser import Visit, chromium


@pytest.fixture(scope="session")
def html_of() -> Callable[[str], str]:
    """The web page of a sample, by name."""

    @cache
    def render(name: str) -> str:
        document = samples.SAMPLES[name]()
        rows = samples.usage_rows(document, 40) if name == "typical" else []
        return render_html(document, rows)

    return render


@pytest.fixture(scope="session")
def pdf_of() -> Callable[[str], bytes]:
    """The PDF file of a sample, by name."""

    @cache
    def render(name: str) -> bytes:
        document = samples.SAMPLES[name]()
        rows = samples.usage_rows(document, 40) if name == "typical" else []
        return render_pdf(document, rows)

    return render


@pytest.fixture(scope="session")
def writer() -> PdfWriter:
    return PdfWriter()


@pytest.fixture(scope="module")
def visit() -> Iterator[Visit]:
    """A headless browser with scripts; skips or fails where there is none (see browser.py).

    Per module: while it is open, its event loop would be in the way of other tests' own.
    """
    with chromium() as browser:
        yield Visit(browser.new_page())


@pytest.fixture(scope="module")
def visit_without_script(visit: Visit) -> Iterator[Visit]:
    browser = visit.page.context.browser
    assert browser is not None
    yield Visit(browser.new_page(java_script_enabled=False))
