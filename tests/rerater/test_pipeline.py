"""The pipeline against the re-rater, on generated operators over several bill runs.

One seed by default; `RERATER_SEEDS=1-50` runs many. A seed is its own reproduction.
"""

import os
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.rerater import calendar, runs
from tests.rerater.compare import Comparison
from tests.rerater.pipeline import Pipeline
from tests.rerater.reader import read_folder
from tests.rerater.strategies import Generator, Tables, generate, generate_history

ACCOUNTS, EVENTS = 30, 1500


def seeds(default: str) -> list[int]:
    """`3`, `1,5` or `1-50`."""
    found: list[int] = []
    for part in os.environ.get("RERATER_SEEDS", default).split(","):
        first, _, last = part.partition("-")
        found += range(int(first), int(last or first) + 1)
    return found


def differences(states: list[tuple[date, Tables]], home: Path) -> list[str]:
    """Run both sides through the same states; the differences of the first run that has any."""
    history, pipeline = runs.History(), Pipeline(home / "warehouse")
    for bill_date, tables in states:
        path = tables.write(home / str(bill_date))
        folder = read_folder(path)
        loaded_at = calendar.midnight(bill_date, folder.operator.zone)
        result = runs.run(history, folder, bill_date, loaded_at=loaded_at)
        pipeline.draft(path, bill_date, loaded_at)
        found = Comparison(folder, result, pipeline).compare()
        if found:
            return [f"{bill_date}: {one}" for one in found]
        held = pipeline.suspects(bill_date)
        assert pipeline.issue(path, bill_date) == []
        runs.issue(history, folder, result, held=held)
    return []


@pytest.mark.parametrize("seed", seeds("222"))
def test_a_generated_history_gives_the_same_figures(seed: int, tmp_path: Path) -> None:
    states = generate_history(seed, accounts=ACCOUNTS, events=EVENTS)
    assert differences(states, tmp_path) == []


@pytest.mark.parametrize("seed", seeds("113"))
def test_a_generated_folder_of_many_months_gives_the_same_figures(
    seed: int, tmp_path: Path
) -> None:
    accounts, events = 2 * ACCOUNTS, 2 * EVENTS
    bill_date = Generator(seed, accounts=accounts, events=events).boundaries[-1]
    tables = generate(seed, accounts=accounts, events=events)
    assert differences([(bill_date, tables)], tmp_path) == []


def test_the_generator_reaches_both_nights_on_which_the_clock_changes() -> None:
    """Some seed within the first ones bills a night of 25 hours, some a night of 23."""
    found: set[timedelta] = set()
    for seed in range(1, 12):
        generator = Generator(seed, accounts=1, events=1)
        generator.build()
        for night in generator.nights:
            before = (night - timedelta(hours=1)).astimezone(generator.zone).utcoffset()
            after = night.astimezone(generator.zone).utcoffset()
            if before is not None and after is not None:
                found.add(after - before)
    assert found == {timedelta(hours=1), timedelta(hours=-1)}
