"""Small installations: an operator folder, its warehouse and a Dagster home of their own."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from orchestration import crediting, dbt, environment, issuing, releasing, summaries
from orchestration.environment import DBT_PROJECT
from orchestration.steps import Steps
from orchestration.warehouse import exclusive
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
    return _counted(finished.json)


def _counted(drafts: dict[str, Any]) -> dict[str, int]:
    return {row["status"]: row["invoices"] for row in drafts["statuses"]}


@dataclass(frozen=True)
class Installation:
    """One operator's places, and two ways to work there.

    `run` and `start` are the command line as people have it. `draft`, `issue`, `release` and
    `credit` are its steps in this process, without Dagster: a third of the cost, for tests that
    look at what a bill run leaves and not at how it was started.
    """

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

    @contextmanager
    def steps(self) -> Iterator[Steps]:
        """The steps, holding the warehouse."""
        with exclusive(self.warehouse):
            yield Steps(environment=environment.resolve(variables=self.environment()))

    def draft(self, bill_date: str) -> dict[str, int]:
        """Load what is new and draft; gives the drafts by status."""
        of_date = date.fromisoformat(bill_date)
        with self.steps() as steps:
            steps.load()
            steps.build_drafts(of_date)
            with steps.connect() as con:
                return _counted(summaries.drafts(con, of_date))

    def issue(self, bill_date: str, *, render: bool = False) -> int:
        """Issue, archive and keep the books; gives how many documents were issued now."""
        of_date = date.fromisoformat(bill_date)
        with self.steps() as steps:
            report = steps.issue(of_date)
            steps.keep()
            steps.build_issued(of_date)
            if render:
                steps.render(of_date)
        return report.issued

    def release(self, bill_date: str, account_id: str, reason: str) -> None:
        """Let a held draft go, and draft anew."""
        of_date, now = date.fromisoformat(bill_date), datetime.now(UTC)
        with self.steps() as steps, steps.connect() as con:
            assert releasing.not_held(con, of_date, [account_id]) == []
            releasing.release(con, of_date, [account_id], reason=reason, released_at=now)
        self.draft(bill_date)

    def credit(self, document_number: str, reason: str) -> str:
        """Credit an invoice, then archive and keep the books; gives the credit note's number."""
        with self.steps() as steps:
            number = crediting.credit(steps.connect, document_number, reason=reason)
            with steps.connect() as con:
                bill_date = issuing.bill_date_of(con, number)
        self.issue(bill_date.isoformat())
        return number

    def dbt(self, *command: str) -> list[Any]:
        """One command of dbt's in this process, on the warehouse; gives how each node ended."""
        from dbt.cli.main import dbtRunner

        folder = str(self.root / "dbt")
        quiet = ["--log-level", "none", "--log-level-file", "none", "--log-path", folder]
        project = ["--project-dir", str(DBT_PROJECT), "--profiles-dir", str(DBT_PROJECT)]
        with exclusive(self.warehouse), pytest.MonkeyPatch.context() as patch:
            patch.setenv("BILLHOUSE_WAREHOUSE", str(self.warehouse))
            runner = dbtRunner(manifest=dbt.parse(self.warehouse.stem))
            try:
                ended: Any = runner.invoke(
                    [*quiet, *command, *project, "--no-write-json", "--target-path", folder]
                )
            finally:
                dbt.close_connections()
        assert ended.result is not None, ended.exception
        return list(ended.result.results)


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
