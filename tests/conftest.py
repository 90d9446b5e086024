"""What tests state about themselves, by `record_property("stated", …)`, ends the run's output."""

from typing import Any

STATED = "stated"


def pytest_terminal_summary(terminalreporter: Any) -> None:
    reports = [report for group in terminalreporter.stats.values() for report in group]
    for report in reports:
        for name, value in getattr(report, "user_properties", ()):
            if name == STATED and report.when == "call":
                terminalreporter.write_line(str(value))
