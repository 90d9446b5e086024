from __future__ import annotations

import gzip
import json
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet
import pytest
import zstandard

from ingestion.containers import Limits
from ingestion.decoding import USAGE_COLUMNS, RefusedFileError
from ingestion.feeds import _lines, registered_formats
from ingestion.loading import load
from tests.ingestion.support import decoded, line_numbers, rows
from tests.support.operator_builder import csv_text, usage_rows, write_operator, write_usage

HEADER = "record_id,service,subscriber,started_at\n"


def line(number: int) -> str:
    return f"R{number},sms,33600000001,2026-01-10T10:00:00Z\n"


def write(folder: Path, content: str | bytes, name: str = "usage.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_all_formats_are_found_by_their_module() -> None:
    assert {"asterisk", "billhouse", "freeswitch_json"} <= set(registered_formats())


def test_cells_and_line_numbers_of_a_csv(tmp_path: Path) -> None:
    records, rejected = decoded(write(tmp_path, HEADER + line(1) + line(2)), "billhouse")
    assert rejected == []
    assert records == [
        {
            "record_id": f"R{number}",
            "service": "sms",
            "subscriber": "33600000001",
            "started_at": "2026-01-10T10:00:00Z",
            "line_number": number + 1,
        }
        for number in (1, 2)
    ]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ("R2,sms\n", "2 cells where the header has 4"),
        ("R2,sms,1,2,3\n", "5 cells where the header has 4"),
        ('R2,"sms,33600000001,x\n', "a quote is opened and not closed on its line"),
        ('R2,"sms"x,33600000001,x\n', "text after a closing quote"),
        ("R2,s\0ms,33600000001,x\n", "holds a NUL byte"),
        (b"R2,s\xe9ms,33600000001,x\n", "not UTF-8"),
        ("R2,s\rms,33600000001,x\n", "not CSV"),
    ],
)
def test_a_bad_line_is_rejected_and_shifts_no_other(
    tmp_path: Path, bad: str | bytes, reason: str
) -> None:
    bad_bytes = bad.encode() if isinstance(bad, str) else bad
    content = (HEADER + line(1)).encode() + bad_bytes + (line(3) + line(4)).encode() + bad_bytes
    records, rejected = decoded(write(tmp_path, content), "billhouse")
    assert line_numbers(records) == [2, 4, 5]
    assert [record["record_id"] for record in records] == ["R1", "R3", "R4"]
    assert [item.line_number for item in rejected] == [3, 6]
    assert all(item.reason.startswith(reason) for item in rejected)
    assert rejected[0].content.startswith("R2,")


@pytest.mark.parametrize("quoted", [False, True])
def test_bad_lines_among_many_blocks_keep_their_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quoted: bool
) -> None:
    monkeypatch.setattr(_lines, "BLOCK_BYTES", 2_000)
    bad = {17, 18, 200, 999, 1000}
    content = HEADER + "".join(
        "bad,\n" if n in bad else line(n).replace("sms", '"sms"' if quoted else "sms")
        for n in range(2, 1001)
    )
    records, rejected = decoded(write(tmp_path, content), "billhouse")
    assert [item.line_number for item in rejected] == sorted(bad)
    assert line_numbers(records) == [n for n in range(2, 1001) if n not in bad]
    assert all(record["record_id"] == f"R{record['line_number']}" for record in records)


def test_well_quoted_blocks_are_read_like_any_other(tmp_path: Path) -> None:
    content = HEADER + '"R""1","sms","336,00","2026-01-10T10:00:00Z"\r\n"","","",""\r\n'
    records, rejected = decoded(write(tmp_path, content), "billhouse")
    assert records[0]["record_id"] == 'R"1' and records[0]["subscriber"] == "336,00"
    assert records[1] == {"line_number": 3} and rejected == []


def test_a_line_of_50_megabytes_is_rejected_and_the_next_is_read(tmp_path: Path) -> None:
    content = HEADER + line(1) + "x" * 50_000_000 + "\n" + line(3)
    records, rejected = decoded(write(tmp_path, content), "billhouse")
    assert line_numbers(records) == [2, 4]
    (item,) = rejected
    assert (item.line_number, item.reason) == (3, "longer than 1048576 bytes")
    assert item.content == "x" * 500


def test_overlong_lines_at_any_place(tmp_path: Path) -> None:
    long = "y" * 300 + "\n"
    content = HEADER + long + line(2) + long + long + line(5) + long.strip()
    records, rejected = decoded(
        write(tmp_path, content), "billhouse", limits=Limits(line_bytes=200)
    )
    assert line_numbers(records) == [3, 6]
    assert [item.line_number for item in rejected] == [2, 4, 5, 7]


@pytest.mark.parametrize(
    "content",
    [
        "\ufeff" + HEADER + line(1) + line(2),
        (HEADER + line(1) + line(2)).replace("\n", "\r\n"),
        (HEADER + line(1) + line(2)).rstrip("\n"),
        HEADER + line(1) + line(2) + "\n\n  \n",
    ],
)
def test_mark_line_ends_and_blank_lines_at_the_end_do_not_matter(
    tmp_path: Path, content: str
) -> None:
    records, rejected = decoded(write(tmp_path, content), "billhouse")
    assert [record["record_id"] for record in records] == ["R1", "R2"] and rejected == []


@pytest.mark.parametrize("blank", ["\n", " \n", "\t\r\n"])
def test_blank_lines_are_not_counted_but_keep_their_number(tmp_path: Path, blank: str) -> None:
    text = HEADER + blank + line(2) + "\n" + blank + blank.strip("\r\n")
    records, rejected = decoded(write(tmp_path, text), "billhouse")
    assert line_numbers(records) == [3] and rejected == []


@pytest.mark.parametrize("content", ["", "\n", HEADER, HEADER.strip()])
def test_files_without_records(tmp_path: Path, content: str) -> None:
    assert decoded(write(tmp_path, content), "billhouse") == ([], [])


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("record_id,service,started_at\n", "required columns are missing: subscriber"),
        ("a;b\n1;2\n", "required columns are missing: record_id, service"),
        (HEADER.strip() + ",service\n", "columns stand twice in the header: service"),
        ("\n" + line(1), "header is missing"),
        (b"\xff\xfe", "header can not be read"),
    ],
)
def test_a_header_that_can_not_be_used_refuses_the_file(
    tmp_path: Path, content: str | bytes, reason: str
) -> None:
    with pytest.raises(RefusedFileError, match=reason):
        decoded(write(tmp_path, content), "billhouse")


def test_a_column_added_upstream_is_a_warning(
    tmp_path: Path, warehouse: duckdb.DuckDBPyConnection
) -> None:
    usage = {
        "core": [{"cell_id": "x"}],
        "more": {"a.json": json.dumps(usage_rows([{"apn": 1}])[0])},
    }
    report = load(warehouse, write_operator(tmp_path, usage=usage))
    assert [str(warning) for warning in report.warnings] == [
        "cdr/core/usage.csv:1: cell_id: unknown column, not read",
        "cdr/more/a.json:1: apn: unknown key, not read",
    ]
    assert report.records == 2


# ------------------------------------------------------------------ the three kinds of file

RECORD = {
    "record_id": "R1",
    "service": "data",
    "direction": "terminating",
    "subscriber": "208010000000001",
    "subscriber_kind": "imsi",
    "other_party": "0612345678",
    "started_at": "2026-01-10T10:00:00.250+01:00",
    "duration_seconds": "12.500001",
    "bytes_uplink": "9223372036854775807",
    "bytes_downlink": "-1",
    "messages": "2",
    "serving_network": "20801",
    "charging_id": "C1",
    "sequence": "1",
    "is_final": "false",
    "disposition": "busy",
}


def stored(con: duckdb.DuckDBPyConnection) -> list[tuple]:
    columns = ", ".join(USAGE_COLUMNS)
    return rows(con, f"select {columns} from raw.usage_records order by record_id")


def test_csv_json_and_parquet_load_the_same_record(tmp_path: Path) -> None:
    numbers = {
        "duration_seconds": Decimal(RECORD["duration_seconds"]),
        "bytes_uplink": int(RECORD["bytes_uplink"]),
        "bytes_downlink": -1,
        "messages": 2,
        "sequence": 1,
        "is_final": False,
    }
    typed = RECORD | numbers
    parquet = tmp_path / "typed.parquet"
    pyarrow.parquet.write_table(pa.table({name: [value] for name, value in typed.items()}), parquet)
    text = json.dumps(RECORD)
    bare = text.replace('"12.500001"', "12.500001").replace(
        '"9223372036854775807"', "9223372036854775807"
    )
    csv_data = csv_text(USAGE_COLUMNS, [RECORD]).encode()
    contents = {
        "csv": csv_data,
        "gz": gzip.compress(csv_data),
        "zst": zstandard.compress(csv_data),
        "json": text.encode() + b"\n",
        "bare.json": bare.replace('"false"', "false").encode(),
        "parquet": parquet.read_bytes(),
    }
    results = []
    for name, data in contents.items():
        with duckdb.connect() as con:
            folder = write_operator(tmp_path / name)
            # The name says nothing about what is in the file, other than a promised compression.
            write(folder / "cdr" / "core", data, "usage.dat")
            report = load(con, folder)
            assert (report.records, report.rejected, report.refused) == (1, 0, 0), name
            results.append(stored(con))
    assert all(result == results[0] for result in results)
    record = dict(zip(USAGE_COLUMNS, results[0][0], strict=True))
    assert str(record["started_at"]) == "2026-01-10 09:00:00.250000"
    assert record["duration_seconds"] == Decimal("12.500001")
    assert record["bytes_uplink"] == 2**63 - 1
    assert record["is_final"] is False


def test_json_lines_that_are_no_records_are_rejected(tmp_path: Path) -> None:
    good = json.dumps({"record_id": "R", "duration_seconds": 1.5, "service": "", "x": None})
    no_text = '{"record_id": "\\ud800"}', '{"record_id": "\\u0000"}'
    lines = [good, "{", '["R"]', "", "nonsense", good, "1", b"\xff", good, *no_text]
    data = b"\n".join(text if isinstance(text, bytes) else text.encode() for text in lines)
    records, rejected = decoded(write(tmp_path, data), "billhouse")
    assert sorted(line_numbers(records)) == [1, 6, 9]
    assert records[0]["duration_seconds"] == "1.5" and "service" not in records[0]
    assert sorted((item.line_number, item.reason) for item in rejected) == [
        (2, "not JSON"),
        (3, "not a JSON object"),
        (5, "not JSON"),
        (7, "not a JSON object"),
        (8, "not UTF-8"),
        (10, "not UTF-8"),
        (11, "not UTF-8"),
    ]


def test_json_numbers_are_taken_as_they_are_written(tmp_path: Path) -> None:
    numbers = '"duration_seconds": 123456789012.345678, "bytes_uplink": 99999999999999999999'
    text = f'{{"record_id": "R", {numbers}}}'
    records, _ = decoded(write(tmp_path, text), "billhouse")
    assert records[0]["duration_seconds"] == "123456789012.345678"
    assert records[0]["bytes_uplink"] == "99999999999999999999"


def test_parquet_times_need_a_zone_and_columns_a_plain_type(tmp_path: Path) -> None:
    columns = {"record_id": ["R"], "service": ["sms"], "subscriber": ["1"]}
    path = tmp_path / "usage.parquet"

    def written(**more: pa.Array) -> Path:
        pyarrow.parquet.write_table(pa.table(columns | more), path)
        return path

    zoned = pa.array([1_767_225_600], pa.timestamp("s", "America/Montreal"))
    records, _ = decoded(written(started_at=zoned), "billhouse")
    assert records[0]["started_at"] == "2026-01-01T00:00:00.000000Z"
    with pytest.raises(RefusedFileError, match="started_at: a timestamp without a time zone"):
        decoded(written(started_at=pa.array([0], pa.timestamp("us"))), "billhouse")
    with pytest.raises(RefusedFileError, match="other_party: type"):
        decoded(written(started_at=zoned, other_party=pa.array([["1"]])), "billhouse")
    with pytest.raises(RefusedFileError, match="required columns are missing: started_at"):
        decoded(written(), "billhouse")


# ------------------------------------------------------------------------- what values may be


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"record_id": None}, "record_id: empty"),
        ({"service": "fax"}, "service: not one of voice, sms, mms, data: fax"),
        ({"direction": "in"}, "direction: not one of originating, terminating: in"),
        ({"subscriber": None}, "subscriber: empty"),
        ({"subscriber_kind": "imei"}, "subscriber_kind: not one of msisdn, imsi, sip_user"),
        ({"started_at": None}, "started_at: empty"),
        ({"started_at": "2026-01-10T10:00:00"}, "started_at: no offset and no Z: 2026-01-10T10:00"),
        ({"started_at": "2026-13-10T10:00:00Z"}, "started_at: not an instant (ISO 8601"),
        ({"started_at": "2026-01-10T10:00:60Z"}, "started_at: not an instant (ISO 8601"),
        ({"started_at": "10/01/2026 10:00"}, "started_at: not an instant (ISO 8601"),
        ({"duration_seconds": "1e3"}, "duration_seconds: not a decimal number: 1e3"),
        ({"duration_seconds": "NaN"}, "duration_seconds: not a decimal number: NaN"),
        ({"duration_seconds": "1.0000001"}, "duration_seconds: more than 6 decimals: 1.0000001"),
        ({"duration_seconds": "1" * 13}, "duration_seconds: too large: 1111111111111"),
        ({"duration_seconds": None}, "duration_seconds: empty for an answered call"),
        ({"service": "data", "bytes_uplink": "1.5"}, "bytes_uplink: not a whole number: 1.5"),
        ({"service": "data", "bytes_uplink": str(2**63)}, "bytes_uplink: too large: 92233720"),
        (
            {"service": "data", "bytes_uplink": None, "bytes_downlink": None},
            "bytes_downlink: empty, and bytes_uplink too",
        ),
        ({"service": "sms", "messages": "two"}, "messages: not a whole number: two"),
        ({"sequence": "0x1"}, "sequence: not a whole number: 0x1"),
        ({"is_final": "1"}, "is_final: not true or false: 1"),
    ],
)
def test_a_value_that_can_not_be_read_rejects_its_line(
    tmp_path: Path, warehouse: duckdb.DuckDBPyConnection, cells: dict, reason: str
) -> None:
    load(warehouse, write_operator(tmp_path, usage={"core": [{}, cells, {}]}))
    ((number, found, content),) = rows(
        warehouse, "select line_number, reason, content from raw.rejected_lines"
    )
    assert number == 3 and found.startswith(reason)
    assert "," in content and len(content) <= 500
    assert rows(warehouse, "select line_number from raw.usage_records order by 1") == [(2,), (4,)]


def test_every_fault_of_a_line_is_in_its_reason(
    tmp_path: Path, warehouse: duckdb.DuckDBPyConnection
) -> None:
    bad = {"service": "fax", "started_at": "x", "is_final": "?"}
    load(warehouse, write_operator(tmp_path, usage={"core": [bad]}))
    assert rows(warehouse, "select reason from raw.rejected_lines") == [
        (
            "service: not one of voice, sms, mms, data: fax; started_at: not an instant (ISO 8601"
            " with an offset or Z): x; is_final: not true or false: ?",
        )
    ]


def test_what_makes_no_sense_is_left_to_mediation(
    tmp_path: Path, warehouse: duckdb.DuckDBPyConnection
) -> None:
    usage = [
        {"duration_seconds": "-5"},
        {"service": "data", "bytes_uplink": "-1", "bytes_downlink": None},
        {"started_at": "1970-01-01T00:00:00-12:00"},
        {"duration_seconds": None, "disposition": "no answer"},
        {"subscriber": "nobody", "duration_seconds": "999999999999.999999"},
        {"duration_seconds": "60.50000000"},
    ]
    report = load(warehouse, write_operator(tmp_path, usage={"core": usage}))
    assert (report.records, report.rejected) == (6, 0)


def test_defaults_of_empty_cells(tmp_path: Path, warehouse: duckdb.DuckDBPyConnection) -> None:
    usage = [{"service": "sms"}, {"service": "mms", "messages": 3}, {"service": "voice"}]
    load(warehouse, write_operator(tmp_path, usage={"core": usage}))
    assert rows(
        warehouse,
        "select direction, subscriber_kind, messages, is_final, disposition"
        " from raw.usage_records order by line_number",
    ) == [
        ("originating", "msisdn", 1, None, None),
        ("originating", "msisdn", 3, None, None),
        ("originating", "msisdn", None, None, None),
    ]


def test_the_session_time_zone_of_the_warehouse_does_not_matter(tmp_path: Path) -> None:
    usage = {"core": [{"started_at": "2026-07-01T00:00:00+02:00"}]}
    folder = write_operator(
        tmp_path, usage=usage, identifiers=[{"valid_from": "2026-01-01T00:00:00Z"}]
    )
    results = []
    for zone in ("UTC", "America/St_Johns"):
        with duckdb.connect() as con:
            con.execute(f"set TimeZone = '{zone}'")
            load(con, folder)
            results.append(
                rows(
                    con,
                    "select started_at, activated_at, valid_from from raw.usage_records,"
                    " raw.subscriptions, raw.identifiers",
                )
            )
    assert results[0] == results[1]
    assert [str(value) for value in results[0][0]] == [
        "2026-06-30 22:00:00",
        "2025-12-31 23:00:00",
        "2026-01-01 00:00:00",
    ]


def test_write_usage_compresses_by_name(tmp_path: Path) -> None:
    for name in ("a.csv", "a.csv.gz", "a.csv.zst"):
        records, _ = decoded(write_usage(tmp_path / name, [{}, {}]), "billhouse")
        assert len(records) == 2
