from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingestion.containers import Limits
from ingestion.loading import load
from tests.ingestion.support import decoded, line_numbers, rows
from tests.support.operator_builder import write_operator


def leg(destination: str = "0612345678", **changes: str | None) -> dict[str, Any]:
    """A record in the shape that mod_json_cdr writes, URL-encoded and with numbers as text."""
    variables = {
        "uuid": "0f0e0d0c-0000-4000-8000-000000000001",
        "direction": "inbound",
        "sip_from_user": "1001",
        "sip_auth_username": "alice%40example.com",
        "start_epoch": "1768035600",
        "start_uepoch": "1768035600250000",
        "answer_epoch": "1768035605",
        "answer_uepoch": "1768035605500000",
        "answer_stamp": "2026-01-10%2010%3A00%3A05",
        "billsec": "67",
        "billmsec": "66540",
        "hangup_cause": "NORMAL_CLEARING",
    } | changes
    return {
        "core-uuid": "x",
        "channel_data": {"state": "CS_REPORTING"},
        "variables": {name: value for name, value in variables.items() if value is not None},
        "callflow": [
            {"profile_index": "2", "caller_profile": {"destination_number": destination}},
            {"profile_index": "1", "caller_profile": {"destination_number": "first"}},
        ],
    }


def read(
    folder: Path, text: str, **options: Any
) -> tuple[list[dict[str, Any]], list[tuple[int, str]]]:
    path = folder / "cdr.json"
    path.write_text(text, encoding="utf-8")
    records, rejected = decoded(path, "freeswitch_json", **options)
    return records, [(item.line_number, item.reason) for item in rejected]


def one(folder: Path, document: dict[str, Any], **options: Any) -> dict[str, Any]:
    (record,), rejected = read(folder, json.dumps(document), **options)
    assert rejected == []
    return record


def test_an_answered_leg_by_every_column(tmp_path: Path) -> None:
    assert one(tmp_path, leg("%2B33612345678")) == {
        "record_id": "0f0e0d0c-0000-4000-8000-000000000001",
        "service": "voice",
        "direction": "originating",
        "subscriber": "alice@example.com",
        "subscriber_kind": "sip_user",
        "other_party": "+33612345678",
        "started_at": "2026-01-10T09:00:05.500000Z",
        "duration_seconds": "66.540",
        "disposition": "answered",
        "line_number": 1,
    }


def test_values_that_are_not_encoded_are_read_as_well(tmp_path: Path) -> None:
    record = one(tmp_path, leg("+33612345678", sip_auth_username="alice@example.com"))
    assert (record["other_party"], record["subscriber"]) == ("+33612345678", "alice@example.com")


def test_a_leg_without_answer_bears_its_cause(tmp_path: Path) -> None:
    record = one(
        tmp_path, leg(answer_epoch="0", answer_uepoch="0", billmsec="0", hangup_cause="USER_BUSY")
    )
    assert record["started_at"] == "2026-01-10T09:00:00.250000Z"
    assert (record["duration_seconds"], record["disposition"]) == ("0.000", "user_busy")


def test_the_leg_to_the_called_party_is_not_billed_again(tmp_path: Path) -> None:
    assert one(tmp_path, leg(direction="outbound"))["disposition"] == "outbound_leg"
    document = leg(direction=None)
    document["channel_data"]["direction"] = "outbound"
    assert one(tmp_path, document)["disposition"] == "outbound_leg"


def test_whole_seconds_where_there_is_nothing_finer(tmp_path: Path) -> None:
    record = one(tmp_path, leg(billmsec=None, answer_uepoch=None))
    assert record["duration_seconds"] == "67"
    assert record["started_at"] == "2026-01-10T09:00:05.000000Z"


def test_options_name_the_variable_and_its_kind(tmp_path: Path) -> None:
    record = one(tmp_path, leg(), subscriber="sip_from_user", subscriber_kind="extension")
    assert (record["subscriber"], record["subscriber_kind"]) == ("1001", "extension")
    assert one(tmp_path, leg(sip_auth_username=None))["subscriber"] == "1001"


@pytest.mark.parametrize("indent", [None, 0, 2])
@pytest.mark.parametrize("between", ["\n", "", "\n\n"])
def test_documents_on_lines_or_one_after_the_other(
    tmp_path: Path, indent: int | None, between: str
) -> None:
    texts = [json.dumps(leg(uuid=f"id{n}"), indent=indent) for n in range(300)]
    records, rejected = read(tmp_path, between.join(texts))
    assert [record["record_id"] for record in records] == [f"id{n}" for n in range(300)]
    height = texts[0].count("\n") + between.count("\n")
    assert line_numbers(records) == [1 + n * height for n in range(300)]
    assert rejected == []


def test_what_is_not_json_is_rejected_up_to_the_next_document(tmp_path: Path) -> None:
    texts = [
        json.dumps(leg(uuid="a")),
        '{"variables": {"uuid": "cut',
        json.dumps(leg(uuid="b")),
        "noise",
        "more noise",
        json.dumps(leg(uuid="c")),
        "[1]",
        json.dumps(leg(uuid="d"))[:-5],
    ]
    records, rejected = read(tmp_path, "\n".join(texts) + "\n")
    assert [(r["line_number"], r["record_id"]) for r in records] == [(1, "a"), (3, "b"), (6, "c")]
    assert rejected == [(2, "not JSON"), (4, "not JSON"), (7, "not a JSON object"), (8, "not JSON")]


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ({}, "variables: missing"),
        (
            leg(start_uepoch=None, start_epoch=None, answer_epoch="0", answer_uepoch="0"),
            "variables.start_epoch: missing",
        ),
        (leg(answer_uepoch="yesterday"), "variables.answer_uepoch: not an epoch: yesterday"),
        (leg(billmsec="1.5"), "variables.billmsec: not a whole number: 1.5"),
    ],
)
def test_a_document_that_is_no_call_record_is_rejected(
    tmp_path: Path, document: dict[str, Any], reason: str
) -> None:
    assert read(tmp_path, json.dumps(document)) == ([], [(1, reason)])


@pytest.mark.parametrize("size", [900, 5_000_000])
def test_a_document_over_the_limit_is_let_go_of(tmp_path: Path, size: int) -> None:
    texts = [json.dumps(leg(uuid="a")), '{"x": "' + "y" * size, json.dumps(leg(uuid="b"))]
    records, rejected = read(tmp_path, "\n".join(texts), limits=Limits(line_bytes=800))
    assert [(r["line_number"], r["record_id"]) for r in records] == [(1, "a"), (3, "b")]
    assert [line for line, _ in rejected] == [2]


def test_what_is_no_text_is_rejected(tmp_path: Path) -> None:
    for value in ("a%00b", "a\ud800b"):
        assert read(tmp_path, json.dumps(leg(uuid=value))) == ([], [(1, "record_id: not text")])


def test_a_reason_that_quotes_what_is_no_text_can_be_kept(tmp_path: Path) -> None:
    for value, shown in (("1\ud800", "1\\ud800"), ("1%00", "1\ufffd")):
        _, rejected = read(tmp_path, json.dumps(leg(answer_uepoch=value)))
        assert rejected == [(1, f"variables.answer_uepoch: not an epoch: {shown}")]


def test_deeply_nested_documents_do_no_harm(tmp_path: Path) -> None:
    records, rejected = read(tmp_path, "[" * 200_000 + "\n" + json.dumps(leg()))
    assert len(records) == 1 and rejected == [(1, "not JSON")]


def test_one_of_two_documents_on_a_line_is_rejected_when_it_is_loaded(
    tmp_path: Path, warehouse: duckdb.DuckDBPyConnection
) -> None:
    text = json.dumps(leg(uuid="a")) + json.dumps(leg(uuid="b", billmsec=None, billsec="x"))
    feeds = [{"name": "fs", "format": "freeswitch_json", "path": "cdr/fs"}]
    folder = write_operator(
        tmp_path, operator={"feeds": feeds}, usage={"fs": {"1.json": text + "\n"}}
    )
    report = load(warehouse, folder)
    assert (report.records, report.rejected) == (1, 1)
    assert rows(warehouse, "select records, rejected from raw.usage_files") == [(1, 1)]
    assert rows(warehouse, "select record_id from raw.usage_records") == [("a",)]
    assert rows(warehouse, "select line_number, reason from raw.rejected_lines") == [
        (1, "duration_seconds: not a decimal number: x")
    ]


def test_many_files_of_one_document(tmp_path: Path, warehouse: duckdb.DuckDBPyConnection) -> None:
    files = {f"{n:04d}.json": json.dumps(leg(uuid=f"id{n}")) for n in range(500)}
    files["bad.json"] = "{"
    feeds = [{"name": "fs", "format": "freeswitch_json", "path": "cdr/fs"}]
    folder = write_operator(tmp_path, operator={"feeds": feeds}, usage={"fs": files})
    report = load(warehouse, folder)
    assert (report.files_loaded, report.records, report.rejected) == (501, 500, 1)
    assert rows(
        warehouse,
        """
        select count(*) from raw.usage_files
        inner join raw.usage_records using (file_number, file_id, feed)
        where record_id = 'id' || cast(cast(left(split_part(file_name, '/', 3), 4) as int) as text)
        """,
    ) == [(500,)]
