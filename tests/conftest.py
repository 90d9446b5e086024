"""What tests state about themselves, by `record_property("stated", …)`, ends the run's output."""

from pathlib import Path
from typing import Any

import pytest

TESTS = Path(__file__).parent

STATED = "stated"

# Files that take most of a minute and more, longest first: begun last, one would run on alone.
LONG = (
    "golden/test_cases.py",
    "rerater/test_pipeline.py",
    "rerater/test_increments.py",
    "orchestration/test_archive.py",
    "orchestration/test_bill_run.py",
    "crash/test_crash.py",
    "dbt_project/test_models.py",
    "golden/test_cycles.py",
    "orchestration/test_issued_stays.py",
    "orchestration/test_command_line.py",
    "orchestration/test_explaining.py",
    "orchestration/test_reference.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long files first; the others stay in their order."""

    def turn(item: pytest.Item) -> int:
        name = item.path.relative_to(TESTS).as_posix()
        return LONG.index(name) if name in LONG else len(LONG)

    items.sort(key=turn)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    reports = [report for group in terminalreporter.stats.values() for report in group]
    for report in reports:
        for name, value in getattr(report, "user_properties", ()):
            if name == STATED and report.when == "call":
                terminalreporter.write_line(str(value))
