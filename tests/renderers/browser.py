"""A headless Chromium for tests, and the tool that turns PDF pages into pictures.

`scripts/setup --with-tests` installs both where apt can. Where they are missing, tests that need
them are skipped, and fail in continuous integration.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, Route, sync_playwright

CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
ADDRESS = "https://bill.example/"


def tool(*names: str) -> str:
    """The path of the first of these programs that is there."""
    for name in names:
        found = shutil.which(name)
        if found:
            return found
    reason = f"{names[0]} is missing; `scripts/setup --with-tests` installs it"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@contextmanager
def chromium() -> Iterator[Browser]:
    path = tool(*CHROMIUM)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


class Visit:
    """One page in a browser that is cut off from everything: what it asks for is noted."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.requests: list[str] = []
        self.messages: list[str] = []
        self._html = ""
        page.route("**/*", self._answer)
        page.on("console", lambda message: self.messages.append(message.text))
        page.on("pageerror", lambda error: self.messages.append(str(error)))

    def _answer(self, route: Route) -> None:
        if route.request.url == ADDRESS:
            route.fulfill(body=self._html, content_type="text/html; charset=utf-8")
            return
        self.requests.append(route.request.url)
        route.abort()

    def show(self, html: str, width: int = 375, scheme: str = "light") -> Page:
        self.requests.clear()
        self.messages.clear()
        self._html = html
        self.page.set_viewport_size({"width": width, "height": 800})
        self.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        self.page.goto(ADDRESS)
        return self.page

    def overflow(self) -> int:
        """Pixels by which the page is wider than its window."""
        return self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )


def page_image(pdf: bytes, page: int, folder: Path, dpi: int = 150) -> Image.Image:
    """One page of a PDF file, from 1, as paper would show it."""
    program = tool("pdftoppm")
    source, target = folder / "document.pdf", folder / "page"
    source.write_bytes(pdf)
    subprocess.run(
        [program, "-r", str(dpi), "-png", "-singlefile", "-f", str(page), "-l", str(page),
         str(source), str(target)],
        check=True,
    )  # fmt: skip
    with Image.open(target.with_suffix(".png")) as image:
        return image.convert("RGB")
