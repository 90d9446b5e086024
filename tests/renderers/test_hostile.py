"""Whatever a document, its usage or the operator's own texts hold: it is printed, no more."""

import io
import json
import re
import tempfile
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from renderers.branding import Branding, BrandingError, read_branding
from renderers.rendering import render_html, render_pdf
from tests.renderers import samples
from tests.renderers.browser import Visit
from tests.renderers.hostile import HOSTILE
from tests.renderers.text import page_text, structure_faults
from tests.renderers.watching import watched

# What the schema fixes: amounts, dates, codes. All other texts are replaced.
FIXED = {
    "schema", "template", "document_kind", "bill_date", "due_date", "currency_code",
    "minor_units", "start", "end", "charge_kind", "unit", "service", "payment_method",
    "language", "rate_percent", "subscription_id", "period_start", "period_end", "charged_from",
    "charged_to", "itemisation", "kind", "quantity", "billed_quantity", "cause", "total",
    "before", "now", "difference",
}  # fmt: skip


def poisoned(value: Any, text: str, key: str = "") -> Any:
    if isinstance(value, dict):
        return {
            name: item if name in FIXED or "amount" in name else poisoned(item, text, name)
            for name, item in value.items()
        }
    if isinstance(value, list):
        return [poisoned(item, text, key) for item in value]
    if isinstance(value, str) and not re.fullmatch(r"-?\d+\.\d+", value):
        return text
    return value


def poisoned_branding(text: str) -> Branding:
    """As read from brand.yaml, or none where YAML itself refuses the text."""
    settings = {
        "name": text,
        "mediator": {"name": text, "url": text},
        "mentions": {"de": [text, text]},
        "payment_url": "https://pay.example/{document_number}?a={account_id}",
    }
    with tempfile.TemporaryDirectory() as folder:
        # JSON is YAML, and writes what no other form can.
        (Path(folder) / "brand.yaml").write_text(json.dumps(settings), encoding="utf-8")
        try:
            return read_branding(Path(folder))
        except BrandingError:
            return Branding()


def poisoned_document(text: str) -> tuple[samples.Document, list[samples.UsageRow], Branding]:
    document = poisoned(samples.german(), text)
    document["account"]["name"] = document["account"]["street"] = text
    document["corrects"] = [text]
    document["credit_reason"] = text
    rows = samples.usage_rows(samples.typical(), 3)
    for row in rows:
        row.update(
            subscription_id="S00007", other_party=text, destination=text, charge_name=text,
            visited_zone=text,
        )  # fmt: skip
    return document, rows, poisoned_branding(text)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_texts_are_printed_and_nothing_else(text: str) -> None:
    document, rows, branding = poisoned_document(text)
    with watched() as seen:
        html = render_html(document, rows, branding)
        pdf = render_pdf(document, rows, branding)
    assert seen == []
    assert structure_faults(html) == []
    links = re.findall(r'href="([^"]*)"', html)
    assert all(re.match(r"https://|mailto:|#", link) for link in links), links
    assert not re.search("[\u0000\u202a-\u202e\u2066-\u2069\ud800-\udfff]", html)
    assert len(html) < 250_000
    reader = PdfReader(io.BytesIO(pdf))
    assert 2 <= len(reader.pages) <= 9
    for page in reader.pages:
        for annotation in page.get("/Annots", []):
            address = str(annotation.get_object().get("/A", {}).get("/URI", "https://"))
            assert re.match(r"https://|mailto:", address), address


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_browser_finds_nothing_to_do_either(text: str, visit: Visit) -> None:
    document, rows, branding = poisoned_document(text)
    page = visit.show(render_html(document, rows, branding), 320)
    assert visit.requests == [] and visit.messages == []
    assert visit.overflow() == 0
    assert page.locator("h1").count() == 1
    assert page.locator("main section").count() >= 8
    assert page.locator("main :is(form, iframe, object, embed, script, link, base)").count() == 0
    assert page.evaluate("document.querySelector('.due-amount').offsetHeight") > 0


def test_template_syntax_is_printed_not_run() -> None:
    document = samples.small()
    document["account"]["name"] = "{{ 7 * 7 }}"
    assert "{{ 7 * 7 }}" in page_text(render_html(document))


@pytest.mark.parametrize(
    ("url", "is_link"),
    [
        ("https://mobilis.example/aide", True),
        ("http://mobilis.example/aide", False),
        ("javascript:alert(1)", False),
        ('https://mobilis.example/"onclick="x', False),
        ("https://mobilis.example/a b", False),
    ],
)
def test_only_https_addresses_become_links(url: str, is_link: bool) -> None:
    document = samples.small()
    document["operator"].update(support_url=url, support_email='a@b.example"onclick="x')
    html = render_html(document)
    # The skip link is there in any case.
    assert html.count("<a ") == 1 + is_link
    assert (f'href="{url}"' in html) == is_link
    assert 'onclick="' not in html
