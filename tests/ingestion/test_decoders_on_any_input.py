"""Whatever the bytes: no decoder fails but in the declared ways, and no line is lost or shifted."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingestion.containers import DamagedFileError, Limits
from ingestion.decoding import RefusedFileError
from ingestion.feeds import _lines, registered_formats
from tests.ingestion import fuzz_seeds
from tests.ingestion.support import decoded

few_examples = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
HEADER = b"record_id,service,subscriber,started_at\n"
cells = st.sampled_from([b"a", b"", b'"a"', b'"', b'"a', b'a"b', b'"a""b"', b"\r", b"\0", b"\xff"])
lines = st.lists(cells, min_size=1, max_size=6).map(b",".join) | st.just(b"R,sms,336,2026")
ends = st.sampled_from([b"\n", b"\r\n"])
REQUIRED_OPTIONS: dict[str, dict[str, Any]] = {
    "csv": fuzz_seeds.CSV_OPTIONS,
    "tap3": {"networks": {"DEUD2": "26202"}},
}


def result(path: Path, data: bytes, usage_format: str = "billhouse") -> Any:
    path.write_bytes(data)
    options = REQUIRED_OPTIONS.get(usage_format, {})
    records, rejected = decoded(path, usage_format, limits=Limits(line_bytes=100_000), **options)
    return (
        sorted(tuple(sorted(record.items())) for record in records),
        sorted((item.line_number, item.reason, item.content) for item in rejected),
    )


def moved(found: Any, lines_down: int) -> Any:
    records, rejected = found
    return (
        [
            tuple((k, v + lines_down if k == "line_number" else v) for k, v in record)
            for record in records
        ],
        [(number + lines_down, *rest) for number, *rest in rejected],
    )


@few_examples
@given(st.lists(st.tuples(lines, ends), max_size=12))
def test_each_csv_line_is_read_as_if_it_stood_alone(
    tmp_path: Path, content: list[tuple[bytes, bytes]]
) -> None:
    path = tmp_path / "a.csv"
    together = result(path, HEADER + b"".join(line + end for line, end in content))
    records: list[Any] = []
    rejected: list[Any] = []
    for number, (line, end) in enumerate(content):
        alone = moved(result(path, HEADER + line + end), number)
        records += alone[0]
        rejected += alone[1]
    assert together == (sorted(records), sorted(rejected))


json_lines = st.one_of(
    st.dictionaries(
        st.sampled_from(["record_id", "service", "duration_seconds", "x"]),
        st.none() | st.booleans() | st.integers() | st.text(max_size=3) | st.just([1]),
    ).map(json.dumps),
    st.sampled_from(["", "{", "[]", "1", "nonsense", '{"duration_seconds": 1.50}', '{"a": 1,}']),
).map(str.encode)


@few_examples
@given(st.lists(json_lines, max_size=8))
def test_each_json_line_is_read_as_if_it_stood_alone(tmp_path: Path, content: list[bytes]) -> None:
    first = b'{"record_id": "R"}\n'
    path = tmp_path / "a.json"
    start = result(path, first)
    expected: list[list[Any]] = [list(start[0]), []]
    for number, line in enumerate(content):
        alone = result(path, first + line)
        alone[0].remove(start[0][0])
        for position, found in enumerate(moved(alone, number)):
            expected[position] += found
    together = result(path, first + b"\n".join(content))
    assert together == (sorted(expected[0]), sorted(expected[1]))


@few_examples
@given(st.binary(max_size=400), st.sampled_from(sorted(registered_formats())))
def test_any_bytes_end_in_records_rejections_or_a_refusal(
    tmp_path: Path, data: bytes, usage_format: str
) -> None:
    try:
        result(tmp_path / "a", data, usage_format)
    except (RefusedFileError, DamagedFileError) as error:
        assert str(error)


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress, lambda data: data])
@few_examples
@given(st.data())
def test_a_damaged_file_is_damaged_or_refused_but_never_a_failure(
    tmp_path: Path, pack: Any, data: st.DataObject
) -> None:
    packed = bytearray(pack(HEADER + b"R1,sms,336,2026-01-01T00:00:00Z\n" * 50))
    for _ in range(data.draw(st.integers(1, 4))):
        packed[data.draw(st.integers(0, len(packed) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(packed)))
    try:
        result(tmp_path / "a", bytes(packed[:cut]))
    except (RefusedFileError, DamagedFileError) as error:
        assert str(error)


@pytest.mark.parametrize("size", [1, 3, 40, 100_000])
def test_the_size_of_blocks_does_not_matter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    data = HEADER + b"".join(
        b'R%d,"sms",336,2026\n' % n if n % 7 else b'bad "%d\n\n' % n for n in range(500)
    )
    expected = result(tmp_path / "a", data)
    monkeypatch.setattr(_lines, "BLOCK_BYTES", size)
    monkeypatch.setattr("ingestion.containers.READ_SIZE", 50)
    assert result(tmp_path / "a", data) == expected
