from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingestion.decoding import RefusedFileError
from ingestion.loading import load
from tests.ingestion.support import decoded, faults_of, line_numbers, rows
from tests.support.operator_builder import write_operator

CALL = {
    "Tenant": "example.org",
    "ToR": "*voice",
    "OriginID": "call-1",
    "RequestType": "*postpaid",
    "Account": "33600000001",
    "Subject": "33600000001",
    "Destination": "33612345678",
    "SetupTime": "2026-01-10 09:00:00 +0000 UTC",
    "AnswerTime": "2026-01-10 09:00:05 +0000 UTC",
    "Usage": "1m7s",
}
# A mediation system that writes parts of calls, with times of its own form.
PARTS: dict[str, Any] = {
    "columns": [
        "Account",
        "Destination",
        "",
        "SetupTime",
        "AnswerTime",
        "Sequence",
        "Usage",
        "Partial",
    ],
    "time_form": "%d.%m.%Y %H:%M:%S",
    "origin_id": ["Account", "Destination", "AnswerTime"],
    "started_at": "SetupTime",
    "values": {
        "Sequence": {"1": "1", "0": "2"},
        "Partial": {"partial": "part", "complete": "whole"},
    },
}


def line(between: str = ",", **changes: str) -> str:
    return between.join((CALL | changes).values())


def both(folder: Path, *lines: str, **options: Any) -> tuple[list[dict[str, Any]], list[str]]:
    path = folder / "cdrs.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    records, rejected = decoded(path, "cgrates", **options)
    return records, [f"{item.line_number}: {item.reason}" for item in rejected]


def one(folder: Path, *lines: str, **options: Any) -> dict[str, Any]:
    (record,), rejected = both(folder, *lines, **options)
    assert rejected == []
    return record


def test_a_call_by_every_column(tmp_path: Path) -> None:
    assert one(tmp_path, line()) == {
        "record_id": "call-1",
        "service": "voice",
        "direction": "originating",
        "subscriber": "33600000001",
        "subscriber_kind": "msisdn",
        "other_party": "33612345678",
        "started_at": "2026-01-10T09:00:05+00:00",
        "duration_seconds": "67",
        "disposition": "answered",
        "line_number": 1,
    }


@pytest.mark.parametrize(
    ("usage", "options", "seconds"),
    [
        ("5m", {}, "300"),
        ("10s", {}, "10"),
        ("1h2m3.5s", {}, "3723.5"),
        ("250ms", {}, "0.25"),
        ("1.5µs", {}, "0.000001"),
        ("10.0000009s", {}, "10"),
        ("-5s", {}, "-5"),
        ("0s", {}, "0"),
        ("62", {}, "62"),
        ("62.25", {}, "62.25"),
        ("62000000000", {"usage_unit": "nanosecond"}, "62"),
        ("1.5", {"usage_unit": "minute"}, "90"),
    ],
)
def test_durations(tmp_path: Path, usage: str, options: dict[str, str], seconds: str) -> None:
    assert one(tmp_path, line(Usage=usage), **options)["duration_seconds"] == seconds


@pytest.mark.parametrize(
    ("tor", "usage", "column", "quantity"),
    [
        ("*sms", "1", "messages", "1"),
        ("*mms", "2", "messages", "2"),
        ("*data", "1048576", "bytes_downlink", "1048576"),
        ("*data", "1.048576ms", "bytes_downlink", "1048576"),
        ("*sms", "1ns", "messages", "1"),
    ],
)
def test_messages_and_data(
    tmp_path: Path, tor: str, usage: str, column: str, quantity: str
) -> None:
    record = one(tmp_path, line(ToR=tor, Usage=usage))
    assert record["service"] == tor[1:] and record[column] == quantity
    assert "duration_seconds" not in record


@pytest.mark.parametrize(
    ("time", "instant"),
    [
        ("2026-01-10T09:00:05Z", "2026-01-10T09:00:05+00:00"),
        ("2026-01-10T10:00:05.25+01:00", "2026-01-10T09:00:05.250000+00:00"),
        ("2026-01-10 10:00:05 +0100 CET", "2026-01-10T09:00:05+00:00"),
        ("2026-01-10 10:00:05", "2026-01-10T09:00:05+00:00"),
        ("1768035605", "2026-01-10T09:00:05.000000Z"),
        ("1768035605250", "2026-01-10T09:00:05.250000Z"),
    ],
)
def test_times(tmp_path: Path, time: str, instant: str) -> None:
    assert one(tmp_path, line(AnswerTime=time))["started_at"] == instant


@pytest.mark.parametrize("never", ["", "0001-01-01 00:00:00 +0000 UTC", "0001-01-01T00:00:00Z"])
def test_a_call_without_answer(tmp_path: Path, never: str) -> None:
    record = one(tmp_path, line(AnswerTime=never, Usage="0s"))
    assert (record["disposition"], record["duration_seconds"]) == ("unanswered", "0")
    assert record["started_at"] == "2026-01-10T09:00:00+00:00"
    # Only calls are answered.
    message = one(tmp_path, line(ToR="*sms", AnswerTime=never, Usage="1"))
    assert (message["disposition"], message["started_at"]) == ("answered", record["started_at"])


def test_comments_are_skipped_and_a_header_of_the_file_holds(tmp_path: Path) -> None:
    records, rejected = both(
        tmp_path,
        line(),
        "#" + line(OriginID="taken out"),
        ":OriginID,Account,Destination,AnswerTime,Usage,ToR",
        "call-2,33600000002,33612345678,2026-01-10T09:00:05Z,5s,*voice",
        "",
        "call-3,33600000002,33612345678,2026-01-10T09:00:05Z,1,*sms",
    )
    assert [(r["line_number"], r["record_id"]) for r in records] == [
        (1, "call-1"),
        (4, "call-2"),
        (6, "call-3"),
    ]
    assert rejected == []


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (":OriginID,Account,AnswerTime", "header on line 1: Usage is missing"),
        (":OriginID,Account,AnswerTime,Usage,Usage", "header on line 1: Usage stands twice"),
        (':"a', "header on line 1: a quote is opened"),
    ],
)
def test_a_header_that_lacks_a_column_refuses_the_file(
    tmp_path: Path, header: str, reason: str
) -> None:
    with pytest.raises(RefusedFileError) as caught:
        both(tmp_path, header, line())
    assert str(caught.value).startswith(reason)


def test_another_delimiter_and_order(tmp_path: Path) -> None:
    record = one(
        tmp_path,
        'call-1;*prepaid;example.org;1001;33612345678;2026-01-10 10:00:05;62;x;"";y',
        columns=["OriginID", "RequestType", "", "Account", "Destination", "AnswerTime", "Usage"]
        + [""] * 3,
        delimiter=";",
        subscriber_kind="sip_user",
    )
    assert (record["subscriber"], record["subscriber_kind"]) == ("1001", "sip_user")
    assert (record["service"], record["duration_seconds"]) == ("voice", "62")
    assert record["started_at"] == "2026-01-10T09:00:05+00:00"


def part(setup: str, sequence: str, usage: str, partial: str, other: str = "2") -> str:
    return f"1,{other},somewhere,{setup},04.01.2026 18:58:55,{sequence},{usage},{partial}"


def test_parts_of_a_call_in_several_files_are_one_call(
    tmp_path: Path, warehouse: duckdb.DuckDBPyConnection
) -> None:
    feed = {"name": "switch", "format": "cgrates", "path": "cdr/switch", **PARTS}
    files = {
        "1.csv": part("04.01.2026 18:58:55", "1", "65", "partial") + "\n",
        "2.csv": part("04.01.2026 19:00:00", "0", "15", "partial")
        + "\n"
        + part("04.01.2026 20:00:00", "0", "74", "complete", other="3")
        + "\n",
    }
    folder = write_operator(tmp_path, operator={"feeds": [feed]}, usage={"switch": files})
    report = load(warehouse, folder)
    assert (report.records, report.rejected) == (3, 0)
    call = "1_2_04.01.2026 18:58:55"
    assert rows(
        warehouse,
        """
        select record_id, charging_id, sequence, is_final, duration_seconds, hour(started_at)
        from raw.usage_records order by started_at
        """,
    ) == [
        (f"{call}/1", call, 1, False, 65, 17),
        (f"{call}/2", call, 2, False, 15, 18),
        ("1_3_04.01.2026 18:58:55", None, None, None, 74, 19),
    ]


@pytest.mark.parametrize(
    ("partial", "sequence", "is_final"),
    [("true", "1", "false"), ("false", "2", "true"), ("false", "", None), ("", "2", None)],
)
def test_what_cgrates_itself_calls_partial(
    tmp_path: Path, partial: str, sequence: str, is_final: str | None
) -> None:
    text = ",".join([line(), partial, sequence])
    record = one(tmp_path, text, columns=[*CALL, "Partial", "Sequence"])
    assert record.get("is_final") == is_final
    assert record.get("charging_id") == ("call-1" if is_final else None)


def test_parts_without_a_number_differ_by_their_start(tmp_path: Path) -> None:
    options = PARTS | {"columns": [c if c != "Sequence" else "" for c in PARTS["columns"]]}
    record = one(tmp_path, part("04.01.2026 19:00:00", "", "15", "partial"), **options)
    assert record["record_id"].endswith("/2026-01-04T18:00:00+00:00")
    assert "sequence" not in record


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a,b", "2 cells where there are 10 columns"),
        (line(ToR="*monetary"), "ToR: not one of *voice, *sms, *mms, *data: *monetary"),
        (line(Usage="soon"), "Usage: not a duration: soon"),
        (line(Usage="5x"), "Usage: not a duration: 5x"),
        (line(Usage=""), "Usage: empty"),
        (line(ToR="*data", Usage="1.5"), "Usage: not a whole number: 1.5"),
        (line(OriginID=""), "OriginID: empty"),
        (line(AnswerTime="2026-13-10 09:00:00"), "AnswerTime: not a time of the feed's form"),
        (line(AnswerTime="", SetupTime=""), "SetupTime: empty"),
    ],
)
def test_a_line_that_can_not_be_read_is_rejected_alone(
    tmp_path: Path, text: str, reason: str
) -> None:
    records, rejected = both(tmp_path, line(), text, line(OriginID="call-2"))
    assert line_numbers(records) == [1, 3]
    (found,) = rejected
    assert found.startswith(f"2: {reason}")


@pytest.mark.parametrize(
    ("options", "faults"),
    [
        ({"time_form": "DD.MM.YYYY"}, ["feeds[0].time_form: not iso, epoch_seconds"]),
        ({"time_form": "%d.%m.%Y"}, ["feeds[0].time_form: hour or minute is missing"]),
        ({"time_form": "%d.%m.%Y %I:%M"}, ["feeds[0].time_form: %I is not one of %Y"]),
        ({"delimiter": ";;"}, ["feeds[0].delimiter: not one character"]),
        ({"origin_id": ["CallID"]}, []),
        (
            {"columns": ["Account", "Account"]},
            [
                "feeds[0].columns: AnswerTime is not among the columns",
                "feeds[0].columns: OriginID is not among the columns",
                "feeds[0].columns: Usage is not among the columns",
                "feeds[0].columns[1]: stands twice: Account",
            ],
        ),
        (
            {"columns": [*CALL], "origin_id": ["CallID"]},
            ["feeds[0].origin_id: CallID is not among the columns"],
        ),
        (
            {"values": {"Partial": {"x": "half"}}},
            ["feeds[0].values.Partial.x: not one of part, last, whole: half"],
        ),
        ({"values": {"ToR": "x"}}, ["feeds[0].values.ToR: not a mapping of single values: x"]),
    ],
)
def test_options_are_checked(tmp_path: Path, options: dict[str, Any], faults: list[str]) -> None:
    feed = {"name": "cgr", "format": "cgrates", "path": "cdr/cgr"} | options
    found = faults_of(write_operator(tmp_path, operator={"feeds": [feed]}))
    assert len(found) == len(faults)
    for fault, text in zip(sorted(found), sorted(faults), strict=True):
        assert text in fault and fault.startswith("operator.yaml:")
