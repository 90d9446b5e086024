"""Renders are costly: each sample is rendered once per session."""

from collections.abc import Callable
from functools import cache

import pytest

from renderers.pdf import PdfWriter
from renderers.rendering import render_html, render_pdf
from tests.renderers import samples


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
