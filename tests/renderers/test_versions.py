"""A document looks as it did when it was issued: its template version is part of it."""

import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from renderers.pages import TEMPLATE_VERSIONS
from renderers.rendering import render_html, render_pdf
from renderers.view import DocumentError
from tests.renderers import samples

ISSUED = Path(__file__).parent / "issued"
TO_ISSUE = Path(__file__).parents[2] / "dbt_project/models/invoicing/int_documents_to_issue.sql"


def issued(version: str) -> list[Path]:
    return sorted((ISSUED / f"v{version}").glob("*.json"))


def read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", issued("1"), ids=lambda path: path.stem)
def test_documents_of_version_1_have_the_page_that_they_were_issued_with(path: Path) -> None:
    """These pages were sent. Whatever changes them is a fault, not a reason to change the hash."""
    kept = read(path)
    page = render_html(kept["document"], kept["usage"])
    assert hashlib.sha256(page.encode()).hexdigest() == kept["html_sha256"]


PROGRAM = """
import datetime, hashlib, json, sys, time

real = datetime.datetime

class Kind(type):
    def __instancecheck__(cls, value):
        return isinstance(value, real)

class AnotherDay(real, metaclass=Kind):
    @classmethod
    def now(cls, tz=None):
        return cls(2031, 2, 3, 4, 5, 6, tzinfo=tz)

    utcnow = today = now

datetime.datetime = AnotherDay
time.time = lambda: 1927857906.0
from renderers.rendering import render_html, render_pdf

kept = json.loads(sys.stdin.read())
for content in (
    render_html(kept["document"], kept["usage"]).encode(),
    render_pdf(kept["document"], kept["usage"]),
):
    print(hashlib.sha256(content).hexdigest())
"""


@pytest.mark.parametrize("version", TEMPLATE_VERSIONS)
def test_another_process_on_another_day_elsewhere_gives_the_same_bytes(version: str) -> None:
    if version == "1":
        kept = read(ISSUED / "v1" / "typical.json")
    else:
        document = samples.typical()
        rows = samples.usage_rows(document, 12)
        kept = json.loads(json.dumps({"document": document, "usage": rows}, default=str))
    assert kept["document"]["template"] == version
    finished = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        input=json.dumps(kept), capture_output=True, text=True, check=True,
        env={"PYTHONHASHSEED": "7", "TZ": "Pacific/Kiritimati", "LC_ALL": "C"},
    )  # fmt: skip
    assert finished.stdout.split() == [
        hashlib.sha256(content).hexdigest()
        for content in (
            render_html(kept["document"], kept["usage"]).encode(),
            render_pdf(kept["document"], kept["usage"]),
        )
    ]


def test_new_documents_bear_the_newest_version() -> None:
    found = re.search(r"\['template', json_text\(\"'(\d+)'\"\)\]", TO_ISSUE.read_text("utf-8"))
    assert found is not None
    assert found[1] == TEMPLATE_VERSIONS[-1]


def test_a_version_that_is_not_known_is_refused() -> None:
    document = samples.small()
    document["template"] = "99"
    with pytest.raises(ValueError, match="no such document template"):
        render_html(document)
    document["template"] = "../v1"
    with pytest.raises(DocumentError):
        render_html(document)
