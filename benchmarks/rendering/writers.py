"""Ways to make a file of a bill, each kept warm in a process of its own.

A worker is started as `python -m benchmarks.rendering.writers <writer>` and told what to do line
by line: `<first number> <documents> <calls>`. It answers with a line of JSON per order.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack, suppress
from pathlib import Path

import weasyprint

from benchmarks.rendering.bills import BRANDING, Bill, bill
from renderers.pages import fill_page, print_css
from renderers.pdf import FACES, FONTS, VARIANT
from renderers.rendering import RENDERS_PER_WORKER, render_html, render_pdf
from renderers.view import build_view

CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
TICKS = os.sysconf("SC_CLK_TCK")
# A run of documents collects what a batch has left behind after so many of them.
BATCH = 8


class Writer:
    """Makes documents and knows what they cost: here by work of this process alone."""

    def prepare(self, given: Bill) -> object:
        """What is at hand before the clock starts."""
        return given

    def write(self, prepared: object) -> int:
        """Makes one file; its size in bytes."""
        raise NotImplementedError

    def tidy(self) -> None:
        """What a worker does after a batch; it counts."""
        gc.collect()

    def cpu_seconds(self) -> float:
        """Spent so far."""
        return time.process_time()

    def processes(self) -> Iterable[int]:
        """Whose memory counts."""
        return (os.getpid(),)


class Pdf(Writer):
    """`renderers`, as its workers run: from the issued document to the PDF/A-3a file."""

    def __init__(self) -> None:
        gc.freeze()
        gc.disable()

    def write(self, prepared: object) -> int:
        """From document to bytes."""
        document, usage = prepared  # type: ignore[misc]
        return len(render_pdf(document, usage, BRANDING))


class Html(Pdf):
    """The web page of the same document."""

    def write(self, prepared: object) -> int:
        """From document to bytes."""
        document, usage = prepared  # type: ignore[misc]
        return len(render_html(document, usage, BRANDING).encode())


class Naive(Writer):
    """One call of WeasyPrint with all in the HTML: styles, faces, and every call as a row."""

    variant: str | None = None

    def write(self, prepared: object) -> int:
        """From document to bytes; a new font configuration each time."""
        html = page(prepared)  # type: ignore[arg-type]
        content = weasyprint.HTML(string=html).write_pdf(pdf_variant=self.variant)
        assert content is not None  # it is only for a given target
        return len(content)


class NaiveArchive(Naive):
    """The same as PDF/A-3a, which is what `renderers` writes."""

    variant = VARIANT


class Browser(Writer):
    """One Chromium that stays: the same HTML as `Naive`. Only its processes count, neither this
    one nor the driver between; filling the template is not counted."""

    tagged = False

    def __init__(self) -> None:
        from playwright.sync_api import sync_playwright

        self._rest = ExitStack()
        self._folder = Path(self._rest.enter_context(tempfile.TemporaryDirectory()))
        playwright = self._rest.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        self._rest.callback(browser.close)
        self._page = browser.new_page()
        self._page.goto("about:blank")
        self._root = next(pid for pid in tree(os.getpid()) if "--headless" in _command(pid))

    def prepare(self, given: Bill) -> Path:
        """The page lies in a file: it may load faces from files."""
        file = self._folder / "page.html"
        file.write_text(page(given))
        return file

    def write(self, prepared: object) -> int:
        """From page to bytes."""
        assert isinstance(prepared, Path)
        self._page.goto(prepared.as_uri())
        return len(
            self._page.pdf(prefer_css_page_size=True, print_background=True, tagged=self.tagged)
        )

    def tidy(self) -> None:
        """Chromium looks after itself."""

    def cpu_seconds(self) -> float:
        """Of all processes of the browser, also those that have ended."""
        return sum(map(_cpu_seconds, tree(self._root)))

    def processes(self) -> Iterable[int]:
        """The browser's."""
        return tree(self._root)


class BrowserTagged(Browser):
    """The same with structure for screen readers."""

    tagged = True


class BrowserEach(Browser):
    """One Chromium per bill, `--print-to-pdf`."""

    def __init__(self) -> None:
        # Processes that Chromium leaves behind become children of this one, and are counted.
        ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
        self._folder = Path(tempfile.mkdtemp())
        self._peak: list[int] = []

    def write(self, prepared: object) -> int:
        """From page to bytes, and wait for all that was started."""
        assert isinstance(prepared, Path)
        target = self._folder / "page.pdf"
        subprocess.run(
            [chromium(), "--headless", *FLAGS, "--no-pdf-header-footer",
             f"--print-to-pdf={target}", prepared.as_uri()],
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        while True:
            try:
                os.wait()
            except ChildProcessError:
                return target.stat().st_size

    def cpu_seconds(self) -> float:
        """Of children that have ended."""
        times = os.times()
        return times.children_user + times.children_system

    def processes(self) -> Iterable[int]:
        """None is left to be asked."""
        return ()


WRITERS: dict[str, Callable[[], Writer]] = {
    "pdf": Pdf,
    "html": Html,
    "naive": Naive,
    "naive PDF/A-3a": NaiveArchive,
    "chromium warm": Browser,
    "chromium warm, tagged": BrowserTagged,
    "chromium per bill": BrowserEach,
}


def page(given: Bill) -> str:
    """The bill's print page with all that it needs inside, each call a row."""
    document, usage = given
    view = build_view(document, usage, BRANDING)
    version = document["template"]
    html = fill_page(view, version, BRANDING.palette, medium="print")
    faces = "".join(
        f'@font-face {{ font-family: "Billhouse Sans"; font-weight: {weight};'
        f" src: url({(FONTS / (name + '.ttf')).as_uri()}); }}"
        for weight, name in FACES.items()
    )
    css = print_css(version, BRANDING.palette, view.paper)
    return html.replace("</head>", f"<style>{faces}{css}</style></head>")


def chromium() -> str:
    """The path of the browser."""
    found = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if found is None:
        sys.exit("chromium is missing; `scripts/setup --with-tests` installs it")
    return found


def tree(pid: int) -> list[int]:
    """A process and all its descendants, whichever of its threads started them."""
    found = [pid]
    for known in found:
        for task in Path(f"/proc/{known}/task").glob("*/children"):
            with suppress(*_GONE):
                found.extend(map(int, task.read_text().split()))
    return found


# A process may end while it is looked at.
_GONE = (FileNotFoundError, ProcessLookupError)


def _command(pid: int) -> str:
    with suppress(*_GONE):
        return Path(f"/proc/{pid}/cmdline").read_text()
    return ""


def _cpu_seconds(pid: int) -> float:
    """Of a process and of the children that it has waited for."""
    with suppress(*_GONE):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return sum(map(int, fields[11:15])) / TICKS
    return 0.0


def _mib(pid: int) -> float:
    """Resident memory; what processes share counts once."""
    with suppress(*_GONE):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    return 0.0


def _peak_mib() -> float:
    """The greatest resident memory of this process."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0


def main() -> None:
    """Do what the lines say until they end."""
    kind = WRITERS[sys.argv[1]]
    writer = kind()
    print(json.dumps({"recycled_after": RENDERS_PER_WORKER}), flush=True)
    for line in sys.stdin:
        first, documents, calls = map(int, line.split())
        prepared = [bill(first + place, calls) for place in range(documents)]
        cpu = wall = mib = 0.0
        size = 0
        for place, given in enumerate(prepared):
            ready = writer.prepare(given)
            before = writer.cpu_seconds(), time.perf_counter()
            size += writer.write(ready)
            if place % BATCH == BATCH - 1 or place == documents - 1:
                writer.tidy()
            cpu += writer.cpu_seconds() - before[0]
            wall += time.perf_counter() - before[1]
            mib = max(mib, sum(map(_mib, writer.processes())))
        if list(writer.processes()) == [os.getpid()]:
            mib = _peak_mib()
        answer = {"cpu": cpu, "wall": wall, "mib": mib, "bytes": size, "documents": documents}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
