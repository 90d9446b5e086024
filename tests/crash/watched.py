"""`billhouse`, telling a file how far it is, so that a kill can be placed.

    python -m tests.crash.watched FILE draft 2026-11-01

The file gets a line per step and per piece of a step; what it ends with is where a kill fell.
"""

from __future__ import annotations

import os
import sys

from orchestration import command_line, terminal


def watch(file: str) -> None:
    """Have every progress also written to `file`, at once and unbuffered."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    class Watched(terminal.TerminalProgress):
        told = "start"

        def step(self, title: str) -> None:
            self.told = title
            os.write(descriptor, f"{title}\n".encode())
            super().step(title)

        def at(self, done: int, total: int, detail: str = "") -> None:
            os.write(descriptor, f"{self.told}: {detail} {done}/{total}\n".encode())
            super().at(done, total, detail)

        def end(self) -> None:
            if self._step is not None:
                os.write(descriptor, f"after {self.told}\n".encode())
            super().end()

    terminal.TerminalProgress = Watched


if __name__ == "__main__":
    watch(sys.argv.pop(1))
    command_line.main()
