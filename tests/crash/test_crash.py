"""A killed bill run, run again, leaves what an undisturbed one leaves. `make crash` kills 50."""

from pathlib import Path

from tests.crash.run import run


def test_killed_bill_runs_end_as_if_nobody_had_killed_them(tmp_path: Path) -> None:
    assert run(tmp_path, kills=2, seed=5, subscribers=60, bill_runs=1) == 0
