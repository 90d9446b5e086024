"""Dagster's web interface and daemon, on loopback only: it knows no sign-on."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

from orchestration.environment import PROJECT_ROOT, Environment

HOST = "127.0.0.1"


def serve(where: Environment, *, port: int) -> int:
    """Run the webserver and the daemon until either ends or the user stops them."""
    from dagster import DagsterInstance

    from orchestration import dbt

    dbt.ensure_manifest()
    # Two processes that create the same home at once get in each other's way.
    DagsterInstance.get().dispose()
    executables = Path(sys.executable).parent
    workspace = ["-w", str(PROJECT_ROOT / "workspace.yaml")]
    commands = [
        [str(executables / "dagster-webserver"), "-h", HOST, "-p", str(port), *workspace],
        [str(executables / "dagster-daemon"), "run", *workspace],
    ]
    print(f"Dagster: http://{HOST}:{port} (operator {where.operator})", file=sys.stderr)
    children = [subprocess.Popen(command, cwd=PROJECT_ROOT) for command in commands]
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        while all(child.poll() is None for child in children):
            time.sleep(0.5)
        return next(child.returncode for child in children if child.returncode is not None)
    except KeyboardInterrupt:
        return 0
    finally:
        for child in children:
            child.terminate()
        for child in children:
            child.wait()


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt
