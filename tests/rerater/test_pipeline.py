"""The pipeline against the re-rater, on generated operators: not one figure may differ.

`make fuzz` compares more of them, with other seeds. A scenario is its own reproduction.
"""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import yaml

from tests.rerater.agreement import Scenario, agree
from tests.rerater.strategies import Generator

# Together they reach every feature of expected_coverage.yaml, in both halves of the year.
SCENARIOS = [
    "history:7:100:6000",
    "months:2:150:14000",
    "months:10:150:14000",
]
LEAST_EVENTS = 20_000
# Many accounts with little usage each, over bill dates between which everything may change.
CHARGING = "history:21:500:2500"
LEAST = yaml.safe_load(
    (Path(__file__).parent / "expected_coverage.yaml").read_text(encoding="utf-8")
)


def test_the_pipeline_and_the_rerater_agree_on_every_part_of_every_event(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    events = 0
    coverage: Counter[str] = Counter()
    for text in SCENARIOS:
        found = agree(Scenario.parse(text).states(), tmp_path / text.replace(":", "-"))
        assert not found.differences, f'make fuzz FUZZ="{text}"\n{found.differences[0]}'
        events += found.events
        coverage += found.coverage
    record_property(
        "stated",
        f"pipeline and re-rater agree on {events:,} generated events: {len(LEAST)} features, "
        "0 differences",
    )
    assert events >= LEAST_EVENTS
    too_few = {
        feature: f"{coverage[feature]} of at least {least}"
        for feature, least in LEAST.items()
        if coverage[feature] < least
    }
    assert too_few == {}


def test_the_pipeline_and_the_rerater_agree_on_the_drafts_of_500_accounts_as_facts_change(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    found = agree(Scenario.parse(CHARGING).states(), tmp_path)
    assert not found.differences, f'make fuzz FUZZ="{CHARGING}"\n{found.differences[0]}'
    record_property(
        "stated",
        f"pipeline and re-rater agree on the drafts of {found.accounts} generated accounts at "
        f"{found.bill_dates} bill dates, 0 differences",
    )
    assert found.accounts >= 500
    assert found.bill_dates >= 3


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
