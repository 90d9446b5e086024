"""What every benchmark measures with: wall and CPU seconds, and peak memory, of a child process.

CPU seconds are what to compare on a machine that others share; ratios hold only within one run.
"""

from __future__ import annotations

import os
import platform
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Measured:
    """One command: seconds, and the greatest resident memory of its process tree in MiB."""

    wall_seconds: float
    cpu_seconds: float
    peak_mib: float
    returncode: int
    output: str

    def figures(self) -> dict[str, float]:
        """The figures alone, rounded for a table."""
        kept = ("wall_seconds", "cpu_seconds", "peak_mib")
        return {name: round(value, 2) for name, value in asdict(self).items() if name in kept}


def measure(
    command: Sequence[str],
    *,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> Measured:
    """Run a command to its end and measure it with all its children.

    CPU seconds are those of the command and of the children that it waited for.
    """
    before = os.times()
    started = time.perf_counter()
    process = subprocess.Popen(
        command,
        cwd=folder,
        env={**os.environ, **(environment or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    peak = _PeakMemory(process.pid)
    peak.start()
    output, _ = process.communicate()
    peak.stop()
    after = os.times()
    return Measured(
        wall_seconds=time.perf_counter() - started,
        cpu_seconds=after.children_user
        + after.children_system
        - before.children_user
        - before.children_system,
        peak_mib=peak.mib,
        returncode=process.returncode,
        output=output,
    )


def machine() -> str:
    """The machine in a line: cores, memory, system, Python."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return (
        f"{os.cpu_count()} cores, {pages / 2**30:.0f} GiB, "
        f"{platform.system()} {platform.machine()}, Python {platform.python_version()}, "
        f"load {os.getloadavg()[0]:.1f}"
    )


class _PeakMemory(threading.Thread):
    """Samples the resident memory of a process and its descendants ten times a second."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid = pid
        self.mib = 0.0
        self.ended = threading.Event()

    def run(self) -> None:
        while not self.ended.wait(0.1):
            self.mib = max(self.mib, sum(map(_resident_mib, _tree(self.pid))))

    def stop(self) -> None:
        self.ended.set()
        self.join()


def _tree(pid: int) -> list[int]:
    """A process and all its descendants."""
    found = [pid]
    for known in found:
        try:
            children = Path(f"/proc/{known}/task/{known}/children").read_text().split()
        except OSError:
            continue
        found.extend(int(child) for child in children)
    return found


def _resident_mib(pid: int) -> float:
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
    except OSError:
        pass
    return 0.0
