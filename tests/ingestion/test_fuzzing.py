"""A slice of the fuzzing, and that it would find what it is for."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from ingestion.decoding import Batch, Feed, Record, Source, UsageFormat, in_batches
from ingestion.feeds import registered_formats
from tests.ingestion import fuzzing

TARGETS = fuzzing.targets()


@pytest.mark.parametrize("name", sorted(TARGETS))
def test_mutated_files_end_in_the_declared_ways(name: str) -> None:
    tally = fuzzing.fuzz(name, TARGETS[name], 40 if "parquet" in name else 400)
    assert tally.wrong == []
    # The inputs reach beyond the first check.
    assert (
        tally.decoded
        and tally.records
        and tally.decoded + tally.refused + tally.damaged == tally.inputs
    )
    assert tally.rejected or tally.refused or tally.damaged


def test_every_decoder_is_fuzzed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert {target.format for target in TARGETS.values()} == set(registered_formats())
    formats = registered_formats() | {"new": UsageFormat("new", _failing)}
    monkeypatch.setattr(fuzzing, "registered_formats", lambda: formats)
    found = fuzzing.targets()
    assert fuzzing.fuzz("new", found["new"], 1).wrong
    assert found.keys() - TARGETS.keys() == {"new"}


def test_the_same_seed_gives_the_same_inputs() -> None:
    for name, target in TARGETS.items():
        assert fuzzing.input_of(name, target, 99, 1) == fuzzing.input_of(name, target, 99, 1)
        assert len({fuzzing.input_of(name, target, number, 1) for number in range(40)}) > 20


Decode = Callable[[Source, Feed], Iterator[Batch]]


def _failing(source: Source, feed: Feed) -> Iterator[Batch]:
    raise IndexError("beyond the end")


def _losing(source: Source, feed: Feed) -> Iterator[Batch]:
    lines = source.content().split(b"\n")
    return in_batches(Record(n, {"record_id": "R"}) for n, _ in enumerate(lines[:-1], 1))


def _slow(source: Source, feed: Feed) -> Iterator[Batch]:
    end = time.process_time() + 0.02
    while time.process_time() < end:
        pass
    return in_batches([])


def _greedy(source: Source, feed: Feed) -> Iterator[Batch]:
    assert bytes(8 << 20)
    return in_batches([])


@pytest.mark.parametrize(
    ("decode", "found"),
    [
        (_failing, "IndexError: beyond the end"),
        (_losing, "lines in the file"),
        (_slow, "s of CPU"),
        (_greedy, "MiB of memory"),
    ],
)
def test_what_is_wrong_is_found(
    decode: Decode, found: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    formats = registered_formats() | {"wrong": UsageFormat("wrong", decode)}
    monkeypatch.setattr(fuzzing, "registered_formats", lambda: formats)
    monkeypatch.setattr(fuzzing, "CPU_SECONDS_MAX", 0.01 if decode is _slow else 60)
    monkeypatch.setattr(fuzzing, "MEMORY_GROWTH_MAX", 1 << 20)
    target = replace(TARGETS["asterisk"], format="wrong")
    if decode is _slow or decode is _greedy:
        target = replace(target, records=None)
    tally = fuzzing.fuzz("wrong", target, 3)
    assert any(found in wrong for wrong in tally.wrong)
    assert "--seed 1 --only" in tally.wrong[0]
