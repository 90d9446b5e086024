from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingestion.containers import Limits
from ingestion.decoding import RefusedFileError
from ingestion.loading import load
from tests.ingestion.support import decoded, faults_of, line_numbers, rows
from tests.support.operator_builder import write_operator

CONSTANTS = {"service": "voice", "subscriber_kind": "extension"}
COLUMNS = {
    "record_id": "id",
    "subscriber": "from",
    "other_party": "to",
    "started_at": "at",
    "duration_seconds": "seconds",
    "disposition": "result",
}
HEADER = "id,from,to,at,seconds,result"
CALL = "c1,101,0612345678,2026-01-10 10:00:05,67,OK"
OPTIONS: dict[str, Any] = {
    "columns": COLUMNS,
    "constants": CONSTANTS,
    "values": {"disposition": {"OK": "answered"}},
}
POSITIONS: dict[str, Any] = OPTIONS | {
    "header": "false",
    "columns": {name: str(n) for n, name in enumerate(COLUMNS, 1)},
}


def read(
    folder: Path, content: str | bytes, limits: Limits | None = None, **options: Any
) -> tuple[list[dict[str, Any]], list[tuple[int, str]]]:
    path = folder / "calls.txt"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    records, rejected = decoded(path, "csv", limits=limits, **options)
    return records, [(item.line_number, item.reason) for item in rejected]


def one(folder: Path, content: str | bytes, **options: Any) -> dict[str, Any]:
    (record,), rejected = read(folder, content, **options)
    assert rejected == []
    return record


def refusal(folder: Path, content: str, **options: Any) -> str:
    with pytest.raises(RefusedFileError) as caught:
        read(folder, content, **options)
    return str(caught.value)


def call_with(**cells: str) -> str:
    values = dict(zip(HEADER.split(","), CALL.split(","), strict=True)) | cells
    return ",".join(values.values())


# ------------------------------------------------------------------------------------- the mapping


def test_columns_by_name_in_any_order(tmp_path: Path) -> None:
    record = one(
        tmp_path,
        "x,to,id,at,from,result,seconds\n,06,c1,2026-01-10 10:00:05,101,OK,67\n",
        **OPTIONS,
    )
    assert record == {
        "record_id": "c1",
        "service": "voice",
        "subscriber": "101",
        "subscriber_kind": "extension",
        "other_party": "06",
        "started_at": "2026-01-10T09:00:05+00:00",
        "duration_seconds": "67",
        "disposition": "answered",
        "line_number": 2,
    }


def test_columns_by_position(tmp_path: Path) -> None:
    by_position = one(tmp_path, CALL, **POSITIONS)
    by_name = one(tmp_path, f"{HEADER}\n{CALL}", **OPTIONS)
    assert by_position == by_name | {"line_number": 1}


def test_several_columns_together(tmp_path: Path) -> None:
    columns = COLUMNS | {"started_at": ["date", "time"], "record_id": ["from", "n"]}
    content = "from,n,to,date,time,seconds,result\n101,7,06,2026-01-10,10:00:05,67,OK\n"
    record = one(tmp_path, content, **(OPTIONS | {"columns": columns}))
    assert (record["record_id"], record["started_at"]) == ("101_7", "2026-01-10T09:00:05+00:00")


def test_without_record_id_the_line_itself_is_the_record_id(tmp_path: Path) -> None:
    columns = {name: theirs for name, theirs in COLUMNS.items() if name != "record_id"}
    record = one(tmp_path, f"{HEADER}\n{CALL}\r\n", **(OPTIONS | {"columns": columns}))
    assert record["record_id"] == hashlib.sha256(CALL.encode()).hexdigest()


@pytest.mark.parametrize(
    ("meanings", "written", "meant"),
    [
        ({"OK": "answered"}, "OK", "answered"),
        ({"OK": "answered"}, "BUSY", "BUSY"),
        ({"OK": "answered", "*": "failed"}, "BUSY", "failed"),
        ({"": "answered"}, "", "answered"),
        ({"OK": ""}, "OK", None),
        ({}, "", None),
    ],
)
def test_what_a_value_stands_for(
    tmp_path: Path, meanings: dict[str, str], written: str, meant: str | None
) -> None:
    options = OPTIONS | {"values": {"disposition": meanings}}
    record = one(tmp_path, f"{HEADER}\n{call_with(result=written)}", **options)
    assert record.get("disposition") == meant


@pytest.mark.parametrize(
    ("form", "written", "instant"),
    [
        ("iso", "2026-01-10T09:00:05Z", "2026-01-10T09:00:05+00:00"),
        ("iso", "2026-01-10 10:00:05.250", "2026-01-10T09:00:05.250000+00:00"),
        ("iso", "2026-01-10T04:00:05-0500", "2026-01-10T09:00:05+00:00"),
        ("epoch_seconds", "1768035605", "2026-01-10T09:00:05.000000Z"),
        ("epoch_milliseconds", "1768035605250", "2026-01-10T09:00:05.250000Z"),
        ("%d.%m.%Y %H:%M:%S", "10.01.2026 10:00:05", "2026-01-10T09:00:05+00:00"),
        ("%Y%m%d%H%M%S", "20260110100005", "2026-01-10T09:00:05+00:00"),
        ("%d-%b-%y %H:%M", "10-Jan-26 10:00", "2026-01-10T09:00:00+00:00"),
        (
            "%m/%d/%Y %H:%M:%S.%f %z",
            "1/10/2026 9:00:05.5 +00:00",
            "2026-01-10T09:00:05.500000+00:00",
        ),
        # The clock runs twice through this hour: the first of the two.
        ("iso", "2026-10-25 02:30:00", "2026-10-25T00:30:00+00:00"),
    ],
)
def test_forms_of_times(tmp_path: Path, form: str, written: str, instant: str) -> None:
    content = f"{HEADER}\n{call_with(at=written)}"
    assert one(tmp_path, content, **OPTIONS, time_form=form)["started_at"] == instant


@pytest.mark.parametrize(
    ("form", "written"),
    [
        ("iso", "2026-02-30 10:00:00"),
        ("iso", "10:00"),
        ("iso", "0001-01-01 00:00:00"),
        ("iso", "2026-01-10 10:00:00+01:75"),
        ("epoch_seconds", "12.5"),
        ("epoch_seconds", "99999999999999999"),
        ("%d.%m.%Y %H:%M", "10.01.26 10:00"),
        ("%d-%b-%y %H:%M", "10-Okt-26 10:00"),
        ("%Y-%m-%d %H:%M", "٢٠٢٦-01-10 10:00"),
    ],
)
def test_what_is_no_such_time(tmp_path: Path, form: str, written: str) -> None:
    content = f"{HEADER}\n{CALL}\n{call_with(at=written)}"
    options: dict[str, Any] = OPTIONS | {"time_form": form}
    _, rejected = read(tmp_path, content, **options)
    assert (3, f"started_at: not a time of the form {form}: {written}") in rejected


@pytest.mark.parametrize(
    ("unit", "written", "seconds"),
    [
        ("second", "67.25", "67.25"),
        ("millisecond", "67250", "67.25"),
        ("nanosecond", "1999", "0.000001"),
        ("minute", "1.5", "90"),
        ("minute", "0.1", "6"),
        ("hour", "0.000001", "0.0036"),
        ("h:mm:ss", "1:02:03", "3723"),
        ("h:mm:ss", "00:00:09.5", "9.5"),
        ("m:ss", "125:07", "7507"),
        ("second", "-3", "-3"),
    ],
)
def test_units_of_durations_are_exact(
    tmp_path: Path, unit: str, written: str, seconds: str
) -> None:
    content = f"{HEADER}\n{call_with(seconds=written)}"
    record = one(tmp_path, content, **OPTIONS, units={"duration_seconds": unit})
    assert record["duration_seconds"] == seconds


@pytest.mark.parametrize(
    ("unit", "written", "volume"),
    [
        ("byte", "9007199254740993", "9007199254740993"),
        ("kb", "1.5", "1500"),
        ("mib", "0.5", "524288"),
        ("gb", "1.000000001", "1000000001"),
        ("gib", "-1", "-1073741824"),
    ],
)
def test_units_of_volumes_are_exact(tmp_path: Path, unit: str, written: str, volume: str) -> None:
    options = {
        "columns": {"subscriber": "who", "started_at": "at", "bytes_downlink": "volume"},
        "constants": {"service": "data"},
        "units": {"bytes_downlink": unit},
    }
    content = f"who,at,volume\n1,2026-01-10 10:00:00,{written}"
    assert one(tmp_path, content, **options)["bytes_downlink"] == volume


# ------------------------------------------------------------------------------ how it is written


def test_delimiter_quote_blanks_and_encoding(tmp_path: Path) -> None:
    content = "id;from;to;at;seconds;result\nc1; 101 ; '06;é';2026-01-10 10:00:05;67;OK\n"
    options = OPTIONS | {"delimiter": ";", "quote": "'", "encoding": "latin-1"}
    assert one(tmp_path, content.encode("latin-1"), **options)["other_party"] == "06;é"
    unquoted = OPTIONS | {"delimiter": "\t", "quote": "none"}
    content = "\t".join(HEADER.split(",")) + "\n" + "\t".join(call_with(to='"06').split(","))
    assert one(tmp_path, content, **unquoted)["other_party"] == '"06'


def test_lines_that_are_no_records(tmp_path: Path) -> None:
    content = f"export of today\n\n{HEADER}\n# a note\n{CALL}\n--\n"
    options = OPTIONS | {"skip_lines": "1", "skip_starting_with": ["#", "--"]}
    assert one(tmp_path, content, **options)["line_number"] == 5


TRAILED: dict[str, Any] = OPTIONS | {"trailer": {"starts_with": "TRL", "count": "2"}}


def test_a_trailer_that_counts_right_is_no_record(tmp_path: Path) -> None:
    content = f"{HEADER}\n{CALL}\nbad line\n\nTRL,2,134\n"
    records, rejected = read(tmp_path, content, **TRAILED)
    assert (line_numbers(records), [line for line, _ in rejected]) == ([2], [3])
    assert one(
        tmp_path, f"{HEADER}\n{CALL}\nTRL\n", **(OPTIONS | {"trailer": {"starts_with": "TRL"}})
    )
    assert read(tmp_path, f"{HEADER}\nTRL,000\n", **TRAILED) == ([], [])


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ([CALL, "TRL,2"], "trailer on line 3 counts 2 records, the file holds 1"),
        ([CALL], "trailer is missing: the file may have been cut off"),
        (["TRL,0", CALL], "line 3 follows the trailer on line 2"),
        ([CALL, "TRL"], "trailer on line 3 holds no count"),
        ([CALL, "TRL,one"], "trailer on line 3: not a count: one"),
    ],
)
def test_a_trailer_that_does_not_match_refuses_the_file(
    tmp_path: Path, lines: list[str], reason: str
) -> None:
    assert refusal(tmp_path, "\n".join([HEADER, *lines]), **TRAILED) == reason


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ("id,from,to,at", "columns are missing in the header: seconds, result"),
        (f"{HEADER},to", "columns stand twice in the header: to"),
        ('"id', "header can not be read: a quote is opened"),
    ],
)
def test_a_header_without_a_declared_column_refuses_the_file(
    tmp_path: Path, header: str, reason: str
) -> None:
    assert refusal(tmp_path, f"{header}\n{CALL}\n", **OPTIONS).startswith(reason)


@pytest.mark.parametrize(
    ("text", "options", "reason"),
    [
        ("a,b", OPTIONS, "2 cells where there should be 6"),
        (CALL + ",x", OPTIONS, "7 cells where there should be 6"),
        ("a,b", POSITIONS, "2 cells where there should be 6 or more"),
        (CALL + ",x", POSITIONS | {"cells": "6"}, "7 cells where there should be 6"),
        (call_with(to='"0"6'), OPTIONS, "text after a closing quote"),
        (
            call_with(seconds="1,5"),
            OPTIONS | {"delimiter": ",", "units": {"duration_seconds": "minute"}},
            "7 cells where there should be 6",
        ),
        (
            call_with(seconds="abc"),
            OPTIONS | {"units": {"duration_seconds": "minute"}},
            "duration_seconds: not a duration in minute: abc",
        ),
        (
            call_with(seconds="1:75:00"),
            OPTIONS | {"units": {"duration_seconds": "h:mm:ss"}},
            "duration_seconds: not a duration in h:mm:ss: 1:75:00",
        ),
        (
            call_with(seconds="1.0005"),
            {
                "columns": {"subscriber": "from", "started_at": "at", "bytes_uplink": "seconds"},
                "constants": {"service": "data"},
                "units": {"bytes_uplink": "kb"},
            },
            "bytes_uplink: not a whole number of bytes in kb: 1.0005",
        ),
    ],
)
def test_a_wrong_cell_rejects_its_line_alone(
    tmp_path: Path, text: str, options: dict[str, Any], reason: str
) -> None:
    first = call_with(seconds="1:00:00") if "h:mm:ss" in str(options) else CALL
    header = "" if "header" in options else HEADER
    records, rejected = read(tmp_path, f"{header}\n{first}\n{text}\n{first}\n", **options)
    assert line_numbers(records) == [2, 4]
    assert [line for line, _ in rejected] == [3] and rejected[0][1].startswith(reason)


def test_an_overlong_line_is_rejected_and_counted(tmp_path: Path) -> None:
    content = f"{HEADER}\n{CALL}\n{'x' * 500}\n{CALL}\nTRL,3\n"
    records, rejected = read(tmp_path, content, limits=Limits(line_bytes=100), **TRAILED)
    assert line_numbers(records) == [2, 4]
    assert rejected == [(3, "longer than 100 bytes")]
    with pytest.raises(RefusedFileError, match="header is too long"):
        read(tmp_path, content, limits=Limits(line_bytes=20), **OPTIONS)


def test_values_are_checked_when_they_are_loaded(
    tmp_path: Path, warehouse: duckdb.DuckDBPyConnection
) -> None:
    columns = COLUMNS | {"service": "kind"}
    feed = {
        "name": "switch",
        "format": "csv",
        "path": "cdr/switch",
        "columns": columns,
        "values": {"service": {"1": "voice"}, "disposition": {"OK": "answered"}},
        "constants": {"subscriber_kind": "extension"},
    }
    content = f"{HEADER},kind\n{CALL},1\n{CALL},7\n"
    folder = write_operator(
        tmp_path, operator={"feeds": [feed]}, usage={"switch": {"a.csv": content}}
    )
    report = load(warehouse, folder)
    assert (report.records, report.rejected) == (1, 1)
    assert rows(warehouse, "select line_number, reason, content from raw.rejected_lines") == [
        (3, "service: not one of voice, sms, mms, data: 7", f"{CALL},7")
    ]
    assert rows(warehouse, "select service, duration_seconds from raw.usage_records") == [
        ("voice", 67)
    ]


# ---------------------------------------------------------------------------------- the declaration


@pytest.mark.parametrize(
    ("changes", "faults"),
    [
        ({"columns": None}, ["feeds[0].columns: missing"]),
        ({"columns": "id"}, ["feeds[0].columns: not a mapping"]),
        (
            {"columns": {**COLUMNS, "caller": "x"}},
            ["feeds[0].columns.caller: not one of record_id"],
        ),
        (
            {"columns": {"record_id": "id"}},
            [
                "feeds[0].columns: started_at is missing, here and in constants",
                "feeds[0].columns: subscriber is missing, here and in constants",
                "feeds[0].values.disposition: is not among the columns",
            ],
        ),
        (
            {"columns": {**COLUMNS, "service": "kind"}},
            ["feeds[0].columns.service: stands in constants too: kind"],
        ),
        (
            {"columns": {**COLUMNS, "record_id": [["a"]]}},
            ["feeds[0].columns.record_id[0]: not a single value"],
        ),
        ({"header": "false"}, [f"feeds[0].columns.{name}: not the position" for name in COLUMNS]),
        (
            {
                "header": "false",
                "cells": "5",
                "columns": {name: str(n) for n, name in enumerate(COLUMNS, 1)},
            },
            ["feeds[0].columns.disposition: not the position of a cell, from 1 to 5: 6"],
        ),
        ({"cells": "6"}, ["feeds[0].cells: only with header: false"]),
        (
            {"constants": {"service": "fax", "record_id": "1", "x": "y"}},
            [
                "feeds[0].constants.record_id: can not be the same on every line: 1",
                "feeds[0].constants.service: not one of voice, sms, mms, data: fax",
                "feeds[0].constants.x: not one of record_id",
                "feeds[0].columns.record_id: stands in constants too: id",
            ],
        ),
        (
            {"values": {"service": {"1": "voice"}, "disposition": {"a": ["b"]}}},
            [
                "feeds[0].values.disposition: not a mapping of single values",
                "feeds[0].values.service: is not among the columns",
            ],
        ),
        (
            {
                "constants": {},
                "columns": {**COLUMNS, "service": "kind"},
                "values": {"service": {"1": "fax"}},
            },
            [
                "feeds[0].constants: not a mapping",
                "feeds[0].values.service.1: not one of voice, sms, mms, data: fax",
            ],
        ),
        (
            {
                "constants": {"direction": "originating"},
                "columns": {**COLUMNS, "service": "kind"},
                "values": {"service": {"1": "fax"}},
            },
            ["feeds[0].values.service.1: not one of voice, sms, mms, data: fax"],
        ),
        (
            {"units": {"duration_seconds": "mb", "messages": "mb", "bytes_uplink": "mb"}},
            [
                "feeds[0].units.bytes_uplink: is not among the columns: mb",
                "feeds[0].units.duration_seconds: not one of nanosecond",
                "feeds[0].units.messages: not one of duration_seconds",
            ],
        ),
        ({"time_form": "%d.%m %H:%M"}, ["feeds[0].time_form: year, month or day is missing"]),
        ({"time_form": "%Y %Y-%m-%d %H:%M"}, ["feeds[0].time_form: a part stands twice"]),
        ({"delimiter": ";;"}, ["feeds[0].delimiter: not one character"]),
        ({"quote": ","}, ["feeds[0].quote: the same as delimiter"]),
        ({"encoding": "utf-16"}, ["feeds[0].encoding: not one of utf-8, latin-1"]),
        ({"skip_lines": "-1"}, ["feeds[0].skip_lines: not a whole number up to 1000"]),
        ({"skip_starting_with": ["#", ""]}, ["feeds[0].skip_starting_with[1]: empty"]),
        (
            {"trailer": {"count": "0", "sum": "3"}},
            [
                "feeds[0].trailer.count: not the position of a cell, from 1 to 1000: 0",
                "feeds[0].trailer.starts_with: missing, or not a single value",
                "feeds[0].trailer.sum: not one of starts_with, count: 3",
            ],
        ),
    ],
)
def test_every_option_is_checked(
    tmp_path: Path, changes: dict[str, Any], faults: list[str]
) -> None:
    feed = {"name": "switch", "format": "csv", "path": "cdr/switch", **OPTIONS, **changes}
    feed = {name: value for name, value in feed.items() if value is not None}
    found = faults_of(write_operator(tmp_path, operator={"feeds": [feed]}))
    assert len(found) == len(faults), found
    for text in faults:
        assert any(text in fault for fault in found), (text, found)


def test_a_fault_is_at_the_line_of_its_value(tmp_path: Path) -> None:
    folder = write_operator(tmp_path, operator={"feeds": []})
    path = folder / "operator.yaml"
    text = path.read_text(encoding="utf-8").replace("feeds: []", "").rstrip()
    above = text.count("\n") + 1
    feed = """
feeds:
  - name: switch
    format: csv
    path: cdr/switch
    columns:
      subscriber: who
      started_at: [day, [time]]
      record_id: id
    constants: {service: voice}
    values:
      record_id: {a: b}
      record_id: {c: d}
"""
    path.write_text(text + feed, encoding="utf-8")
    assert faults_of(folder) == [
        f"operator.yaml:{above + 7}: feeds[0].columns.started_at[1]: not a single value",
        f"operator.yaml:{above + 12}: feeds[0].values.record_id: stands twice",
    ]
