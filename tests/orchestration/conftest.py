"""Small installations: an operator folder, its warehouse and a Dagster home of their own."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.operator_builder import write_operator

BILLHOUSE = str(Path(sys.executable).parent / "billhouse")

# What an installation of the developer's own would bring in.
FOREIGN = ("BILLHOUSE_", "STRIPE_", "DAGSTER_", "DBT_")


@dataclass(frozen=True)
class Finished:
    """How a command ended."""

    status: int
    stdout: str
    stderr: str

    @property
    def json(self) -> dict[str, Any]:
        """Standard output, which `--json` makes one document."""
        return json.loads(self.stdout)


def statuses(finished: Finished) -> dict[str, int]:
    """Drafts by status, as `billhouse draft --json` counts them."""
    return {row["status"]: row["invoices"] for row in finished.json["statuses"]}


@dataclass(frozen=True)
class Installation:
    """One operator's places."""

    root: Path

    @property
    def operator(self) -> Path:
        return self.root / "operator"

    @property
    def warehouse(self) -> Path:
        return self.root / "warehouse" / "billhouse.duckdb"

    def environment(self) -> dict[str, str]:
        """The process environment of this installation and of no other."""
        own = {k: v for k, v in os.environ.items() if not k.startswith(FOREIGN)}
        return own | {
            "BILLHOUSE_OPERATOR": str(self.operator),
            "BILLHOUSE_WAREHOUSE": str(self.warehouse),
            "COLUMNS": "200",
        }

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start `billhouse` with these arguments."""
        return subprocess.Popen(
            [BILLHOUSE, *arguments],
            env=self.environment(),
            cwd=self.root,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str) -> Finished:
        """Run `billhouse` with these arguments to its end."""
        process = self.start(*arguments)
        stdout, stderr = process.communicate(timeout=300)
        return Finished(process.returncode, stdout, stderr)


Install = Callable[..., Installation]


@pytest.fixture(scope="session")
def install_session(tmp_path_factory: pytest.TempPathFactory) -> Install:
    """Writes an operator folder (see write_operator) and says where everything goes."""

    def install(**content: Any) -> Installation:
        installation = Installation(tmp_path_factory.mktemp("installation"))
        write_operator(installation.operator, **content)
        return installation

    return install


@pytest.fixture
def install(install_session: Install) -> Install:
    """As install_session, for one test."""
    return install_session
