from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from ingestion.decoding import RefusedFileError
from tests.ingestion.support import decoded, faults_of, line_numbers
from tests.support.operator_builder import write_operator

EXAMPLE = {
    "caller_id_name": "Alice",
    "caller_id_number": "1001",
    "destination_number": "0033612345678",
    "context": "default",
    "start_stamp": "2026-01-10 10:00:00",
    "answer_stamp": "2026-01-10 10:00:05",
    "end_stamp": "2026-01-10 10:01:12",
    "duration": "72",
    "billsec": "67",
    "hangup_cause": "NORMAL_CLEARING",
    "uuid": "0f0e0d0c-0000-4000-8000-000000000001",
    "bleg_uuid": "",
    "accountcode": "acme",
    "read_codec": "PCMA",
    "write_codec": "PCMA",
}
ASTERISK = [
    "accountcode",
    "caller_id_number",
    "destination_number",
    "context",
    "caller_id",
    "channel_name",
    "bridge_channel",
    "last_app",
    "last_arg",
    "start_stamp",
    "answer_stamp",
    "end_stamp",
    "duration",
    "billsec",
    "hangup_cause",
    "amaflags",
    "uuid",
    "userfield",
]


def line(columns: list[str] | None = None, between: str = ",", **changes: str) -> str:
    cells = EXAMPLE | changes
    return between.join(f'"{cells.get(name, "")}"' for name in columns or EXAMPLE)


def both(folder: Path, *lines: str, **options: Any) -> tuple[list[dict[str, Any]], list[str]]:
    path = folder / "Master.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    records, rejected = decoded(path, "freeswitch_csv", **options)
    return records, [f"{item.line_number}: {item.reason}" for item in rejected]


def one(folder: Path, *lines: str, **options: Any) -> dict[str, Any]:
    (record,), rejected = both(folder, *lines, **options)
    assert rejected == []
    return record


def test_an_answered_call_of_the_example_template_by_every_column(tmp_path: Path) -> None:
    assert one(tmp_path, line()) == {
        "record_id": "0f0e0d0c-0000-4000-8000-000000000001",
        "service": "voice",
        "direction": "originating",
        "subscriber": "1001",
        "subscriber_kind": "sip_user",
        "other_party": "0033612345678",
        "started_at": "2026-01-10T09:00:05+00:00",
        "duration_seconds": "67",
        "disposition": "answered",
        "line_number": 1,
    }


def test_the_asterisk_template_says_the_same(tmp_path: Path) -> None:
    assert one(tmp_path, line(ASTERISK), template="asterisk") == one(tmp_path, line())


def test_blanks_before_a_cell_are_no_part_of_it(tmp_path: Path) -> None:
    # The template `snom` has one.
    snom = [*EXAMPLE, *["sip_user_agent", "call_clientcode", "a", "b", "c"]]
    assert one(tmp_path, line(snom, ", "), template="snom") == one(tmp_path, line())


def test_a_call_without_answer_bears_its_cause(tmp_path: Path) -> None:
    record = one(tmp_path, line(answer_stamp="", billsec="0", hangup_cause="USER_BUSY"))
    assert record["started_at"] == "2026-01-10T09:00:00+00:00"
    assert (record["duration_seconds"], record["disposition"]) == ("0", "user_busy")


def test_a_template_of_the_operators_own(tmp_path: Path) -> None:
    columns = ["uuid", "accountcode", "", "start_uepoch", "answer_uepoch", "billmsec"]
    columns += ["hangup_cause", "destination_number"]
    cells = ["id1", "acme", "x", "1768035600250000", "1768035605500000", "66540", "", "17"]
    record = one(
        tmp_path,
        ";".join(cells),
        columns=columns,
        delimiter=";",
        subscriber="accountcode",
        subscriber_kind="extension",
    )
    assert (record["record_id"], record["subscriber"], record["subscriber_kind"]) == (
        "id1",
        "acme",
        "extension",
    )
    assert record["started_at"] == "2026-01-10T09:00:05.500000Z"
    assert record["duration_seconds"] == "66.540"


WITH_DIRECTION = [*EXAMPLE, "direction"]


@pytest.mark.parametrize(
    ("options", "dispositions"),
    [
        ({}, ["answered", "outbound_leg"]),
        ({"legs": "ab"}, ["answered", "outbound_leg"]),
        ({"legs": "a"}, ["answered", "answered"]),
        ({"legs": "b"}, ["answered", "answered"]),
    ],
)
def test_both_legs_of_a_call_are_billed_once(
    tmp_path: Path, options: dict[str, str], dispositions: list[str]
) -> None:
    lines = [line(WITH_DIRECTION, direction=name) for name in ("inbound", "outbound")]
    records, _ = both(tmp_path, *lines, columns=WITH_DIRECTION, **options)
    assert [record["disposition"] for record in records] == dispositions


def test_without_uuid_the_line_itself_is_the_record_id(tmp_path: Path) -> None:
    text = line(uuid="")
    assert one(tmp_path, text)["record_id"] == hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize(
    ("time", "instant"),
    [
        ("2026-03-29 01:59:59", "2026-03-29T00:59:59+00:00"),
        ("2026-03-29 03:00:00", "2026-03-29T01:00:00+00:00"),
        # The clock runs twice through this hour.
        ("2026-10-25 02:30:00", "2026-10-25T00:30:00+00:00"),
    ],
)
def test_stamps_are_local_times_of_the_feeds_time_zone(
    tmp_path: Path, time: str, instant: str
) -> None:
    assert one(tmp_path, line(answer_stamp=time))["started_at"] == instant
    utc = one(tmp_path, line(), time_zone="UTC")
    assert utc["started_at"] == "2026-01-10T10:00:05+00:00"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a,b,c", "3 cells where the template has 15"),
        (line(caller_id_name='Al "Ace" Smith'), "text after a closing quote"),
        (line(answer_stamp="yesterday"), "answer_stamp: not a local time"),
        (line(answer_stamp="2026-02-30 10:00:00"), "answer_stamp: not a local time"),
        (line(answer_stamp="0001-01-01 00:00:00"), "answer_stamp: not a local time"),
        (line(answer_stamp="", start_stamp=""), "start_stamp: empty"),
    ],
)
def test_a_line_that_can_not_be_read_is_rejected_alone(
    tmp_path: Path, text: str, reason: str
) -> None:
    records, rejected = both(tmp_path, line(), text, "", line(uuid="2"))
    assert line_numbers(records) == [1, 4]
    (found,) = rejected
    assert found.startswith(f"2: {reason}")


@pytest.mark.parametrize("before", [[], [line()]])
def test_the_sql_template_is_refused_and_not_read(tmp_path: Path, before: list[str]) -> None:
    statement = f"INSERT INTO cdr VALUES ({line()});"
    with pytest.raises(RefusedFileError, match=f"line {1 + len(before)} is an SQL statement"):
        both(tmp_path, *before, statement)


@pytest.mark.parametrize(
    ("options", "faults"),
    [
        (
            {"template": "sql"},
            ["feeds[0].template: not one of example, asterisk, snom, linksys"],
        ),
        ({"legs": "ab"}, ["feeds[0].legs: ab needs the column direction to tell"]),
        ({"subscriber": "ani"}, ["feeds[0].subscriber: ani is not among the columns: ani"]),
        ({"columns": "uuid"}, ["feeds[0].columns: not a list of single values"]),
        (
            {"columns": ["uuid", "uuid", "caller_id_number"]},
            [
                "feeds[0].columns: answer_stamp, answer_epoch or answer_uepoch is missing",
                "feeds[0].columns: billsec or billmsec is missing",
                "feeds[0].columns: destination_number is missing",
                "feeds[0].columns: hangup_cause is missing",
                "feeds[0].columns: start_stamp, start_epoch or start_uepoch is missing",
                "feeds[0].columns[1]: stands twice: uuid",
            ],
        ),
        (
            {"template": "snom", "columns": list(EXAMPLE)},
            ["feeds[0].template: stands beside columns; only one of them can hold: snom"],
        ),
    ],
)
def test_options_are_checked(tmp_path: Path, options: dict[str, Any], faults: list[str]) -> None:
    feed = {"name": "fs", "format": "freeswitch_csv", "path": "cdr/fs"} | options
    found = faults_of(write_operator(tmp_path, operator={"feeds": [feed]}))
    assert len(found) == len(faults)
    for fault, text in zip(sorted(found), sorted(faults), strict=True):
        assert text in fault and fault.startswith("operator.yaml:")
