"""Notes what rendering reaches for, that it should not."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from renderers.rendering import render_pdf
from tests.renderers import samples

REACHING = ("socket.connect", "socket.getaddrinfo", "urllib.Request", "subprocess.Popen")
TELLTALES = ("/etc/", "x.example", "script")


@contextmanager
def watched() -> Iterator[list[str]]:
    """What the process opens or connects to, as far as it is no file of Python or fonts."""
    # A process reads the bundled fonts once, before it sees any document.
    render_pdf(samples.one_line())
    seen: list[str] = []
    is_on = True

    def audit(event: str, arguments: tuple[object, ...]) -> None:
        if not is_on:
            return
        if event in REACHING:
            seen.append(f"{event} {arguments}")
        if event == "open" and any(word in str(arguments[0]) for word in TELLTALES):
            seen.append(f"open {arguments[0]}")

    sys.addaudithook(audit)
    try:
        yield seen
    finally:
        is_on = False
