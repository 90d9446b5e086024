"""A language that runs right to left is one more catalogue; the layout turns round by itself.

The catalogue is made up here: English words in Hebrew letters. It is not shipped.
"""

import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from babel import Locale
from pypdf import PdfReader

from renderers import messages
from renderers.branding import Branding
from renderers.rendering import render_html, render_pdf
from renderers.view import build_view
from tests.renderers import samples
from tests.renderers.browser import Visit
from tests.renderers.text import page_text, structure_faults

LETTERS = str.maketrans(
    "abcdefghijklmnopqrstuvwxyz", "אבקדעפגהיחכלמנוצקרשתוואקיז"
)  # fmt: skip


def in_hebrew_letters(text: str) -> str:
    parts = re.split(r"(\{\w+\})", text)
    return "".join(
        part if part.startswith("{") else part.lower().translate(LETTERS) for part in parts
    )


@pytest.fixture
def hebrew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    forms = [*Locale.parse("he").plural_form.tags, "other"]
    catalogue = {
        key: (
            {form: in_hebrew_letters(text["other"]) for form in forms}
            if isinstance(text, dict)
            else in_hebrew_letters(text)
        )
        for key, text in messages.read_catalog("en").items()
    }
    for path in messages.CATALOGS.glob("*.yaml"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "he.yaml").write_text(yaml.safe_dump(catalogue, allow_unicode=True))
    monkeypatch.setattr(messages, "CATALOGS", tmp_path)
    messages.messages_for.cache_clear()
    yield
    messages.messages_for.cache_clear()


def document() -> samples.Document:
    bill = samples.typical()
    bill["account"].update(language="he", name="מרק גרנייה")
    return bill


def test_every_word_comes_from_the_catalogue(hebrew: None) -> None:
    page = render_html(document(), samples.usage_rows(samples.typical(), 6))
    assert '<html lang="he-FR" dir="rtl">' in page or '<html lang="he" dir="rtl">' in page
    assert structure_faults(page) == []
    words = page_text(page)
    for text in messages.read_catalog("en").values():
        if isinstance(text, str) and "{" not in text and len(text) > 12:
            assert text not in words


@pytest.mark.parametrize("width", [320, 375, 1280])
def test_the_page_turns_round_and_holds(width: int, hebrew: None, visit: Visit) -> None:
    page = visit.show(render_html(document(), samples.usage_rows(samples.typical(), 6)), width)
    assert visit.overflow() == 0

    def left(selector: str) -> float:
        return page.evaluate(
            "selector => document.querySelector(selector).getBoundingClientRect().left", selector
        )

    # Labels stand to the right of their amounts.
    assert left(".summary tr:first-child th") > left(".summary tr:first-child .amount")
    if width == 1280:
        assert left(".due-panel") > left(".summary")
        assert left(".months thead .now") < left(".months thead th")


def test_numbers_in_groups_keep_their_order(hebrew: None, visit: Visit) -> None:
    """ "06 12 34" would read "34 12 06" between words that run right to left."""
    page = visit.show(render_html(document()), 1280)
    edges = page.evaluate(
        """() => {
          const node = document.querySelector(".charges .group .quiet").firstChild;
          const text = node.textContent, start = text.indexOf("06");
          return [start, text.lastIndexOf("22")].map(at => {
            const range = document.createRange();
            range.setStart(node, at); range.setEnd(node, at + 2);
            return range.getBoundingClientRect().left;
          });
        }"""
    )
    assert edges[0] < edges[1]


def test_paper_holds_too(hebrew: None) -> None:
    view = build_view(document())
    assert view.direction == "rtl"
    rows = samples.usage_rows(samples.typical(), 6)
    reader = PdfReader(io.BytesIO(render_pdf(document(), rows, Branding())))
    assert len(reader.pages) == len(
        PdfReader(io.BytesIO(render_pdf(samples.typical(), rows))).pages
    )
    assert "101.32" in reader.pages[0].extract_text()
