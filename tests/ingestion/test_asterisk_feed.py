from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingestion.loading import load
from tests.ingestion.support import decoded, line_numbers, rows
from tests.support.operator_builder import write_operator


def call(**changes: str) -> str:
    """A line as cdr_csv writes it: text in quotes, numbers without."""
    cells = {
        "accountcode": "acme",
        "src": "101",
        "dst": "0033612345678",
        "dcontext": "internal",
        "clid": '""Alice"" <101>',
        "channel": "PJSIP/101-00000001",
        "dstchannel": "PJSIP/trunk-00000002",
        "lastapp": "Dial",
        "lastdata": "PJSIP/0033612345678@trunk,60",
        "start": "2026-01-10 10:00:00",
        "answer": "2026-01-10 10:00:05",
        "end": "2026-01-10 10:01:12",
        "duration": "72",
        "billsec": "67",
        "disposition": "ANSWERED",
        "amaflags": "DOCUMENTATION",
        "uniqueid": "1768035600.1",
        "userfield": "",
    } | changes
    bare = ("duration", "billsec", "sequence")
    return ",".join(
        value if name in bare else f'"{value}"'
        for name, value in cells.items()
        if value != "absent"
    )


def one(folder: Path, *lines: str, **options: Any) -> dict[str, Any]:
    (record,), rejected = both(folder, *lines, **options)
    assert rejected == []
    return record


def both(folder: Path, *lines: str, **options: Any) -> tuple[list[dict[str, Any]], list[str]]:
    path = folder / "Master.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    records, rejected = decoded(path, "asterisk", **options)
    return records, [f"{item.line_number}: {item.reason}" for item in rejected]


def test_an_answered_call_by_every_column(tmp_path: Path) -> None:
    assert one(tmp_path, call()) == {
        "record_id": "1768035600.1",
        "service": "voice",
        "direction": "originating",
        "subscriber": "101",
        "subscriber_kind": "extension",
        "other_party": "0033612345678",
        "started_at": "2026-01-10T09:00:05+00:00",
        "duration_seconds": "67",
        "disposition": "answered",
        "line_number": 1,
    }


def test_a_call_without_answer_begins_at_its_start_and_lasts_nothing(tmp_path: Path) -> None:
    record = one(tmp_path, call(answer="", billsec="0", disposition="NO ANSWER"))
    assert record["started_at"] == "2026-01-10T09:00:00+00:00"
    assert record["duration_seconds"] == "0"
    assert record["disposition"] == "no answer"


def test_options_say_whose_call_it_is(tmp_path: Path) -> None:
    record = one(tmp_path, call(), subscriber="accountcode", subscriber_kind="sip_user")
    assert (record["subscriber"], record["subscriber_kind"]) == ("acme", "sip_user")


@pytest.mark.parametrize(
    ("changes", "record_id"),
    [
        ({"userfield": "absent"}, "1768035600.1"),
        ({"peeraccount": "", "linkedid": "1768035600.1", "sequence": "7"}, "1768035600.1-7"),
        (
            {"userfield": "absent", "peeraccount": "", "linkedid": "x", "sequence": "8"},
            "1768035600.1-8",
        ),
        ({"uniqueid": "pbx-1768035600.1"}, "pbx-1768035600.1"),
    ],
)
def test_the_record_id_is_uniqueid_and_sequence(
    tmp_path: Path, changes: dict[str, str], record_id: str
) -> None:
    assert one(tmp_path, call(**changes))["record_id"] == record_id


@pytest.mark.parametrize(
    "changes",
    [
        {"uniqueid": "absent", "userfield": "absent"},
        {"uniqueid": "absent", "userfield": "some note"},
    ],
)
def test_without_uniqueid_the_line_itself_is_the_record_id(
    tmp_path: Path, changes: dict[str, str]
) -> None:
    line = call(**changes)
    assert one(tmp_path, line)["record_id"] == hashlib.sha256(line.encode()).hexdigest()


@pytest.mark.parametrize(
    ("time", "unique_id", "instant"),
    [
        ("2026-03-29 01:59:59", "", "2026-03-29T00:59:59+00:00"),
        ("2026-03-29 03:00:00", "", "2026-03-29T01:00:00+00:00"),
        # The clock runs twice through this hour; uniqueid knows which of the two it was.
        ("2026-10-25 02:30:00", "", "2026-10-25T00:30:00+00:00"),
        ("2026-10-25 02:30:00", "1792888190.5", "2026-10-25T00:30:00+00:00"),
        ("2026-10-25 02:30:00", "1792891790.5", "2026-10-25T01:30:00+00:00"),
        ("2026-07-01 10:00:00.250000", "", "2026-07-01T08:00:00.250000+00:00"),
    ],
)
def test_local_times_across_daylight_saving(
    tmp_path: Path, time: str, unique_id: str, instant: str
) -> None:
    record = one(tmp_path, call(answer=time, uniqueid=unique_id or "absent", userfield="x"))
    assert record["started_at"] == instant


def test_times_are_of_the_feeds_time_zone(tmp_path: Path) -> None:
    assert one(tmp_path, call(), time_zone="UTC")["started_at"] == "2026-01-10T10:00:05+00:00"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("a,b,c", "3 cells where Asterisk writes 16 to 21"),
        ('"open,' * 16, "text after a closing quote"),
        (call(answer=""), "answer: empty for an answered call"),
        (call(answer="10/01/2026 10:00"), "answer: not a local time (YYYY-MM-DD HH:MM:SS)"),
        (call(answer="2026-02-30 10:00:00"), "answer: not a local time"),
        # In UTC it would lie before the first day of the calendar.
        (call(answer="0001-01-01 00:00:00"), "answer: not a local time"),
        (call(billsec="x"), "billsec: not a number of seconds: x"),
        (call(billsec="-1"), "billsec: not a number of seconds: -1"),
        (call(billsec="9" * 5000), "billsec: not a number of seconds: 999"),
        (call(billsec="74"), "billsec: more than duration 72: 74"),
        (call(disposition=""), "disposition: empty"),
        (call(dst="a\0b"), "holds a NUL byte"),
    ],
)
def test_a_line_that_can_not_be_read_is_rejected_alone(
    tmp_path: Path, line: str, reason: str
) -> None:
    records, rejected = both(tmp_path, call(), line, "", call(uniqueid="1768035601.2"))
    assert line_numbers(records) == [1, 4]
    (found,) = rejected
    assert found.startswith(f"2: {reason}")


def test_a_second_over_duration_is_how_asterisk_rounds(tmp_path: Path) -> None:
    assert one(tmp_path, call(billsec="73"))["duration_seconds"] == "73"


def test_a_call_of_nobody_is_rejected_when_it_is_loaded(
    tmp_path: Path, warehouse: duckdb.DuckDBPyConnection
) -> None:
    feeds = [{"name": "pbx", "format": "asterisk", "path": "cdr/pbx", "time_zone": "Europe/Paris"}]
    text = call() + "\n" + call(src="", uniqueid="1768035601.2") + "\n"
    folder = write_operator(
        tmp_path, operator={"feeds": feeds}, usage={"pbx": {"Master.csv": text}}
    )
    report = load(warehouse, folder)
    assert (report.records, report.rejected) == (1, 1)
    assert rows(warehouse, "select line_number, reason from raw.rejected_lines") == [
        (2, "subscriber: empty")
    ]
    assert rows(warehouse, "select duration_seconds, disposition from raw.usage_records") == [
        (67, "answered")
    ]
