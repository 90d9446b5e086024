"""The web page in a browser: for everyone who reads it, on every width, with and without script."""

import io
from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from pypdf import PdfReader

from renderers.rendering import render_html
from tests.renderers import samples
from tests.renderers.browser import Visit
from tests.renderers.text import plain

KINDS = ["typical", "small", "german", "british", "business", "credit_note", "one_line"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [375, 1280])
@pytest.mark.parametrize("name", KINDS)
def test_nothing_bars_anybody_from_reading_it(
    name: str, width: int, scheme: str, visit: Visit, html_of: Callable[[str], str]
) -> None:
    page = visit.show(html_of(name), width, scheme)
    found = Axe().run(page).response["violations"]
    grave = [
        f"{rule['id']}: {node['target']}: {node.get('failureSummary')}"
        for rule in found
        if rule["impact"] in ("serious", "critical")
        for node in rule["nodes"]
    ]
    assert grave == []


@pytest.mark.parametrize("width", [320, 375, 720, 1280])
@pytest.mark.parametrize("name", sorted(samples.SAMPLES))
def test_it_fits_its_window_and_asks_for_nothing(
    name: str, width: int, visit: Visit, html_of: Callable[[str], str]
) -> None:
    visit.show(html_of(name), width)
    assert visit.overflow() == 0
    assert visit.requests == [] and visit.messages == []


def listed(visit: Visit) -> list[str]:
    return visit.page.locator(".events tbody:not(.foot) tr:visible td.e2").all_inner_texts()


def test_itemised_usage_is_found_by_typing(visit: Visit) -> None:
    document = samples.typical()
    rows = samples.usage_rows(document, 400)  # lists of more than 100 rows are folded
    page = visit.show(render_html(document, rows), 1280)
    wanted = next(row["other_party"] for row in rows if row["other_party"])[:7]
    assert listed(visit) == []
    # By keyboard alone: the field is reached with the tab key.
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "filter":
            break
    page.keyboard.type(wanted)
    expected = sum(wanted in (row["other_party"] or "") for row in rows)
    assert 0 < expected < 400
    assert len(listed(visit)) == expected
    assert page.locator("output").inner_text() == f"{expected} sur 400"
    page.keyboard.press("Control+A")
    page.keyboard.press("Delete")
    assert len(listed(visit)) == 400
    assert visit.messages == []


def test_without_script_every_row_is_there_and_no_field(visit_without_script: Visit) -> None:
    document = samples.typical()
    rows = samples.usage_rows(document, 60)
    visit_without_script.show(render_html(document, rows), 1280)
    assert len(listed(visit_without_script)) == 60
    assert not visit_without_script.page.locator("#filter").is_visible()


def test_no_other_script_may_run(visit: Visit) -> None:
    """The policy names the one script by its hash."""
    document = samples.typical()
    html = render_html(document, samples.usage_rows(document, 3))
    page = visit.show(html.replace("</main>", "<script>document.title = 'x'</script></main>"))
    assert page.title() != "x"
    assert any("Content Security Policy" in message for message in visit.messages)


def test_a_page_without_itemised_usage_has_no_script(html_of: Callable[[str], str]) -> None:
    page = html_of("small")
    assert "<script" not in page and "script-src" not in page


def test_folded_lists_are_printed(visit: Visit) -> None:
    document = samples.typical()
    rows = samples.usage_rows(document, 400)
    page = visit.show(render_html(document, rows), 1280)
    printed = PdfReader(io.BytesIO(page.pdf(format="A4")))
    text = plain(" ".join(sheet.extract_text() for sheet in printed.pages))
    numbers = {row["other_party"] for row in rows if row["other_party"]}
    assert all(number in text for number in numbers)
    assert "Chercher dans cette liste" not in text
