from __future__ import annotations

import datetime as dt
import gzip
import hashlib
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
import zstandard

from ingestion import loading
from ingestion.decoding import USAGE_COLUMNS, Batch, Feed, RefusedFileError, Source, UsageFormat
from ingestion.faults import OperatorFolderError
from ingestion.feeds import registered_formats
from ingestion.loading import USAGE_TABLES, load, prepare, raw_columns
from ingestion.operator_folder import check
from ingestion.table_reading import read_table
from ingestion.tables import TABLES
from tests.ingestion.support import counts, faults_of, rows, warnings_of
from tests.support.operator_builder import csv_text, usage_rows, write_operator, write_usage

Warehouse = duckdb.DuckDBPyConnection


def instant(text: str) -> dt.datetime:
    """As the raw tables hold it: UTC without saying so."""
    return dt.datetime.fromisoformat(text)


def content(con: Warehouse) -> dict[str, list[tuple]]:
    """Everything in schema raw, in an order that does not depend on how it came there."""
    tables = rows(
        con,
        "select table_name from duckdb_tables()"
        " where schema_name = 'raw' and table_name not like '%_paths'",
    )
    return {name: sorted(rows(con, f"select * from raw.{name}"), key=repr) for (name,) in tables}


# ---------------------------------------------------------------------------------- the raw tables


def test_prepare_creates_every_table_and_can_be_repeated(warehouse: Warehouse) -> None:
    prepare(warehouse)
    warehouse.execute("insert into raw.draft_releases values ('2026-02-01', 'A1', 'x', now())")
    prepare(warehouse)
    assert len(content(warehouse)["draft_releases"]) == 1
    types = {
        (table, column): kind
        for table, column, kind in rows(
            warehouse,
            "select table_name, column_name, lower(data_type) from information_schema.columns"
            " where table_schema = 'raw'",
        )
    }
    for table in TABLES:
        for name, kind in raw_columns(table):
            assert types[table.name, name] == kind
    for name, columns in USAGE_TABLES.items():
        assert [column for table, column in types if table == name] == [c for c, _ in columns]
    assert types["rates", "price"] == "decimal(28,12)"
    assert types["subscriptions", "activated_at"] == "timestamp"
    assert not {kind for kind in types.values() if kind in ("double", "float")}


def test_prepare_adds_a_column_that_an_older_table_lacks(warehouse: Warehouse) -> None:
    warehouse.execute("create schema raw")
    warehouse.execute("create table raw.usage_files (file_id varchar)")
    prepare(warehouse)
    assert len(rows(warehouse, "describe raw.usage_files")) == len(USAGE_TABLES["usage_files"])


def test_reference_tables_hold_what_the_files_say_and_no_defaults(
    tmp_path: Path, warehouse: Warehouse
) -> None:
    write_operator(
        tmp_path,
        rates=[
            {"band": None, "valid_from": "2026-01-01", "tier_from": 60, "price": "0.123456789012"}
        ],
        allowances=[{"zones": "FR; DE", "quantity": None}],
        subscriptions=[
            {"activated_at": "2026-07-01", "terminated_at": "2026-08-01T12:00:00-04:00"}
        ],
    )
    load(warehouse, tmp_path)
    assert rows(
        warehouse,
        "select rate_id, band, per, direction, cast(price as varchar), source_file, source_line"
        " from raw.rates",
    ) == [
        (
            "card/voice/originating/home/*/*@2026-01-01#0#60",
            None,
            None,
            None,
            "0.123456789012",
            "ratebook/rates.csv",
            2,
        )
    ]
    assert rows(warehouse, "select zones, quantity, unit from raw.allowances") == [
        ("FR;DE", None, None)
    ]
    assert rows(warehouse, "select activated_at, terminated_at from raw.subscriptions") == [
        (instant("2026-06-30 22:00"), instant("2026-08-01 16:00"))
    ]
    assert rows(warehouse, "select operator_id, cycle_days, minor_units from raw.operator") == [
        ("demo", "1", 2)
    ]


def test_reference_tables_are_replaced_when_they_change(
    tmp_path: Path, warehouse: Warehouse
) -> None:
    write_operator(tmp_path)
    assert load(warehouse, tmp_path).reference_changed
    assert not load(warehouse, tmp_path).reference_changed
    write_operator(tmp_path, products=[{"price": "11.00"}])
    assert load(warehouse, tmp_path).reference_changed
    assert rows(warehouse, "select cast(price as varchar) from raw.products") == [
        ("11.000000000000",)
    ]
    write_operator(tmp_path, operator={"billing": {"payment_terms_days": 30}})
    assert load(warehouse, tmp_path).reference_changed
    assert rows(warehouse, "select payment_terms_days from raw.operator") == [(30,)]


# ------------------------------------------------------------------------------- once, by content


def test_a_file_is_loaded_once_whatever_its_name(tmp_path: Path, warehouse: Warehouse) -> None:
    folder = write_operator(tmp_path, usage={"core": {"a.csv": [{}, {}]}})
    first = load(warehouse, folder)
    assert (first.files_loaded, first.files_skipped, first.records) == (1, 0, 2)
    before = content(warehouse)
    again = load(warehouse, folder)
    assert (again.files_loaded, again.files_skipped, again.records) == (0, 1, 0)
    (folder / "cdr/core/a.csv").rename(folder / "cdr/core/b.csv")
    (folder / "cdr/core/deep").mkdir()
    write_usage(folder / "cdr/core/deep/copy.csv", [{}, {}])
    assert load(warehouse, folder).files_skipped == 2
    assert content(warehouse) == before


def test_a_small_file_leaves_the_threads_of_the_connection_as_they_were(
    tmp_path: Path, warehouse: Warehouse
) -> None:
    folder = write_operator(tmp_path, usage={"core": {"a.csv": [{}, {}]}})
    warehouse.execute("set threads = 3")
    assert load(warehouse, folder).records == 2
    assert rows(warehouse, "select current_setting('threads')") == [(3,)]


def test_what_stops_a_load_is_told_and_the_threads_are_given_back(
    tmp_path: Path, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_operator(tmp_path, usage={"core": {"a.csv": [{}, {}]}})
    warehouse.execute("set threads = 3")
    monkeypatch.setattr(loading, "insert_sql", lambda *_: "select error('no room left')")
    with pytest.raises(duckdb.Error, match="no room left"):
        load(warehouse, folder)
    assert rows(warehouse, "select current_setting('threads')") == [(3,)]
    monkeypatch.undo()
    assert load(warehouse, folder).records == 2


def test_a_known_file_that_has_not_been_touched_is_not_read_again(
    tmp_path: Path, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingestion.usage_files.SETTLED_NS", 0)
    folder = write_operator(tmp_path, usage={"core": {"a.csv": [{}], "b.csv": [{}, {}]}})
    time.sleep(0.05)
    load(warehouse, folder)
    hashed: list[str] = []
    original = hashlib.sha256

    def counted() -> Any:
        hashed.append("file")
        return original()

    monkeypatch.setattr("ingestion.usage_files.hashlib.sha256", counted)
    assert load(warehouse, folder).files_skipped == 2 and hashed == []
    # Same size, same time of writing: the time of change can not be set back.
    path = folder / "cdr/core/a.csv"
    times = path.stat()
    path.write_bytes(path.read_bytes().replace(b"R1", b"R9"))
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert load(warehouse, folder).files_loaded == 1 and len(hashed) == 1
    warehouse.execute("delete from raw.usage_files")
    warehouse.execute("delete from raw.usage_records")
    assert load(warehouse, folder).files_loaded == 2


def test_tables_that_have_not_been_touched_are_not_read_again(
    tmp_path: Path, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingestion.usage_files.SETTLED_NS", 0)
    tables_read: list[str] = []

    def counted(folder: Path, table: Any, limits: Any) -> Any:
        tables_read.append(table.name)
        return read_table(folder, table, limits)

    monkeypatch.setattr("ingestion.operator_folder.read_table", counted)

    def loaded() -> tuple[bool, bool]:
        """Whether the tables were read, and whether they had changed."""
        tables_read.clear()
        time.sleep(0.05)
        report = load(warehouse, folder)
        return bool(tables_read), report.reference_changed

    folder = write_operator(tmp_path, usage={"core": [{}]})
    assert loaded() == (True, True)
    write_usage(folder / "cdr/core/b.csv", [{}, {}])
    assert loaded() == (False, False)
    products = folder / "ratebook/products.csv"
    products.write_bytes(products.read_bytes())
    assert loaded() == (True, False)
    assert loaded() == (False, False)
    # of what there is something to say it is said each time
    strange = products.read_text().splitlines()
    products.write_text(
        "".join(f"{line},{'x' if n else 'strange'}\n" for n, line in enumerate(strange))
    )
    assert loaded() == (True, False)
    assert loaded() == (True, False)
    assert "unknown column" in str(load(warehouse, folder).warnings[0])


def test_a_file_that_has_just_been_written_is_read_again(
    tmp_path: Path, warehouse: Warehouse
) -> None:
    folder = write_operator(tmp_path, usage={"core": [{}]})
    load(warehouse, folder)
    assert rows(warehouse, "select count(*) from raw.usage_paths") == [(0,)]


def test_one_name_with_other_content_is_another_file(tmp_path: Path, warehouse: Warehouse) -> None:
    folder = write_operator(tmp_path, usage={"core": {"a.csv": [{}]}})
    load(warehouse, folder)
    write_usage(folder / "cdr/core/a.csv", [{}, {}])
    assert load(warehouse, folder).files_loaded == 1
    assert rows(warehouse, "select file_number, file_name, records from raw.usage_files") == [
        (1, "cdr/core/a.csv", 1),
        (2, "cdr/core/a.csv", 2),
    ]


def test_two_files_of_one_content_in_one_load_are_one(tmp_path: Path, warehouse: Warehouse) -> None:
    folder = write_operator(tmp_path, usage={"core": {"b.csv": [{}], "a.csv": [{}]}})
    report = load(warehouse, folder)
    assert (report.files_loaded, report.files_skipped) == (1, 1)
    assert rows(warehouse, "select file_name from raw.usage_files") == [("cdr/core/a.csv",)]


def test_one_instant_stands_with_all_files_of_a_load(tmp_path: Path, warehouse: Warehouse) -> None:
    folder = write_operator(tmp_path, usage={"core": {"a.csv": [{}], "b.csv": [{}, {}]}})
    moment = dt.datetime(2026, 2, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=1)))
    load(warehouse, folder, loaded_at=moment)
    assert rows(warehouse, "select distinct loaded_at from raw.usage_files") == [
        (instant("2026-02-01"),)
    ]


def test_files_are_numbered_by_feed_and_name(tmp_path: Path, warehouse: Warehouse) -> None:
    usage = {"zulu": {"a.csv": [{}]}, "alpha": {"b.csv": [{}, {}], "a.csv": [{}, {}, {}]}}
    load(warehouse, write_operator(tmp_path, usage=usage))
    assert rows(
        warehouse, "select file_number, feed, file_name, lines from raw.usage_files order by 1"
    ) == [
        (1, "alpha", "cdr/alpha/a.csv", 3),
        (2, "alpha", "cdr/alpha/b.csv", 2),
        (3, "zulu", "cdr/zulu/a.csv", 1),
    ]


def test_records_do_not_depend_on_names_order_and_number_of_loads(tmp_path: Path) -> None:
    usage = [usage_rows([{"record_id": f"R{n}{m}"} for m in range(n)]) for n in range(1, 6)]

    def records(names: list[str], loads: int) -> list[tuple]:
        folder = write_operator(tmp_path / "-".join([*names, str(loads)]))
        with duckdb.connect() as con:
            for start in range(0, 5, 5 // loads):
                for name, part in list(zip(names, usage, strict=True))[start : start + 5 // loads]:
                    write_usage(folder / "cdr" / "core" / name, part)
                load(con, folder)
            return sorted(
                rows(con, "select * exclude (file_number) from raw.usage_records"), key=repr
            )

    assert records(list("abcde"), 1) == records(list("edcba"), 5) == records(list("caebd"), 1)


# ------------------------------------------------------------------------------ nothing is changed


@pytest.mark.parametrize("name", ["bad.csv.gz", "bad.csv.zst"])
@pytest.mark.parametrize("keep", [0.5, 0.99])
def test_a_truncated_file_stops_the_load_before_anything_is_changed(
    tmp_path: Path, warehouse: Warehouse, name: str, keep: float
) -> None:
    folder = write_operator(tmp_path, usage={"core": {"a.csv": [{}]}})
    load(warehouse, folder)
    before = content(warehouse)
    text = csv_text(USAGE_COLUMNS, usage_rows([{"other_party": str(n**5)} for n in range(2000)]))
    compress = gzip.compress if name.endswith("gz") else zstandard.compress
    data = compress(text.encode())
    write_operator(folder, products=[{"price": "99"}])
    write_usage(folder / "cdr/core/0.csv", [{}, {}])
    (folder / "cdr/core" / name).write_bytes(data[: int(len(data) * keep)])
    with pytest.raises(OperatorFolderError) as raised:
        load(warehouse, folder)
    (fault,) = raised.value.faults
    assert str(fault).startswith(f"cdr/core/{name}:{fault.line}: truncated")
    assert fault.line is not None and (fault.line > 100 * keep or name.endswith("zst"))
    assert content(warehouse) == before
    (folder / "cdr/core" / name).write_bytes(data)
    assert load(warehouse, folder).records == 2002


def test_a_bit_flip_in_a_compressed_or_parquet_file_is_a_fault(tmp_path: Path) -> None:
    folder = write_operator(tmp_path)
    data = gzip.compress(csv_text(USAGE_COLUMNS, usage_rows([{}] * 100)).encode())
    (folder / "cdr/core/flip.gz").write_bytes(data[:60] + bytes([data[60] ^ 16]) + data[61:])
    (folder / "cdr/core/cut.parquet").write_bytes(b"PAR1" + b"\0" * 100)
    (folder / "cdr/core/trailing.gz").write_bytes(data + b"junk")
    assert [fault.split(": ")[0].split(":")[0] for fault in faults_of(folder)] == [
        "cdr/core/cut.parquet",
        "cdr/core/flip.gz",
        "cdr/core/trailing.gz",
    ]


def test_a_fault_in_a_table_stops_the_load_too(tmp_path: Path, warehouse: Warehouse) -> None:
    folder = write_operator(tmp_path, rates=[{"price": "x"}], usage={"core": [{}]})
    with pytest.raises(OperatorFolderError, match=r"ratebook/rates.csv:2: price"):
        load(warehouse, folder)
    assert not any(content(warehouse).values())


def test_bombs_are_faults_and_not_expanded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_operator(tmp_path)
    zeroes = b"0" * (64 << 20)
    (folder / "cdr/core/bomb.csv.zst").write_bytes(zstandard.compress(zeroes * 4))
    assert faults_of(folder) == ["cdr/core/bomb.csv.zst:1: expands to more than 1000 times"]
    (folder / "cdr/core/bomb.csv.zst").unlink()
    (folder / "cdr/core/large.csv.gz").write_bytes(gzip.compress(zeroes, 1))
    assert faults_of(folder) == []
    monkeypatch.setenv("BILLHOUSE_MAX_EXPANDED_BYTES", "1000000")
    assert faults_of(folder) == ["cdr/core/large.csv.gz:1: expands to more than 1000000 bytes"]
    monkeypatch.setenv("BILLHOUSE_MAX_EXPANDED_BYTES", "lots")
    with pytest.raises(ValueError, match="BILLHOUSE_MAX_EXPANDED_BYTES"):
        check(folder)


def test_links_out_of_the_folder_are_refused(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    write_usage(outside / "a.csv", [{}])
    folder = write_operator(tmp_path / "operator", holidays=None)
    (folder / "cdr/core/file.csv").symlink_to(outside / "a.csv")
    (folder / "cdr/core/folder").symlink_to(outside)
    (folder / "cdr/core/nowhere").symlink_to(folder / "nowhere")
    (folder / "ratebook/holidays.csv").symlink_to("/etc/hostname")
    assert faults_of(folder) == [
        "cdr/core/file.csv: leads out of the operator folder",
        "cdr/core/folder: leads out of the operator folder",
        "cdr/core/nowhere: link leads nowhere",
        "ratebook/holidays.csv: leads out of the operator folder",
    ]


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    folder = write_operator(tmp_path)
    os.mkfifo(folder / "cdr/core/pipe.csv")
    assert faults_of(folder) == ["cdr/core/pipe.csv: not a file"]


def test_a_link_inside_the_folder_is_read(tmp_path: Path, warehouse: Warehouse) -> None:
    folder = write_operator(tmp_path, usage={"core": {"a.csv": [{}]}})
    (folder / "cdr/core/b.csv").symlink_to("a.csv")
    assert load(warehouse, folder).files_skipped == 1


def test_hidden_and_unfinished_files_are_left_alone(tmp_path: Path, warehouse: Warehouse) -> None:
    names = [".gitkeep", ".a.csv.swp", "a.csv.tmp", "b.csv.part", ".hidden/c.csv"]
    folder = write_operator(tmp_path, usage={"core": dict.fromkeys(names, "x")})
    assert load(warehouse, folder).files_loaded == 0
    assert counts(warehouse)["refused_files"] == 0


def test_a_folder_that_no_feed_reads_is_a_warning(tmp_path: Path) -> None:
    folder = write_operator(tmp_path)
    write_usage(folder / "cdr/forgotten/a.csv", [{}])
    (folder / "cdr/core").rmdir()
    assert warnings_of(folder) == [
        "cdr/core: no such folder: core",
        "cdr/forgotten: belongs to no feed of operator.yaml, not read",
    ]


def test_a_folder_that_does_not_exist_is_a_fault(tmp_path: Path, warehouse: Warehouse) -> None:
    with pytest.raises(OperatorFolderError, match="no such folder"):
        load(warehouse, tmp_path / "nowhere")


# ----------------------------------------------------------------------------- every line counts


def test_every_line_is_a_record_or_rejected(tmp_path: Path, warehouse: Warehouse) -> None:
    numbers = random.Random(1)
    bad = {"service": "fax"}, {"started_at": "x"}, {"duration_seconds": "1..2"}
    usage = [numbers.choice([{}, {}, {}, *bad]) for _ in range(5000)]
    folder = write_operator(tmp_path, usage={"core": usage})
    report = load(warehouse, folder)
    wrong = [n for n, row in enumerate(usage, 2) if row]
    assert (report.records, report.rejected) == (5000 - len(wrong), len(wrong))
    assert rows(warehouse, "select line_number from raw.rejected_lines order by 1") == [
        (n,) for n in wrong
    ]
    assert rows(warehouse, "select lines, records, rejected from raw.usage_files") == [
        (5000, report.records, report.rejected)
    ]
    assert rows(
        warehouse,
        "select count(*) from raw.usage_records where record_id <> 'R' || (line_number - 1)",
    ) == [(0,)]


def test_large_files_are_written_in_several_batches(
    tmp_path: Path, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingestion.feeds._lines.BLOCK_BYTES", 5_000)
    monkeypatch.setattr("ingestion.feeds._parts.BATCH_LINES", 100)
    monkeypatch.setattr(loading, "BATCH_LINES", 150)
    monkeypatch.setattr(loading, "TRANSACTION_LINES", 700)
    files = {f"{n}.csv": [{"record_id": f"{n}-{m}"} for m in range(400)] for n in range(5)}
    files["2.csv"][37]["service"] = "fax"
    report = load(warehouse, write_operator(tmp_path, usage={"core": files}))
    assert (report.files_loaded, report.records, report.rejected) == (5, 1999, 1)
    assert rows(warehouse, "select file_number, line_number from raw.rejected_lines") == [(3, 39)]
    assert rows(
        warehouse,
        "select file_number, count(*), count(distinct line_number) from raw.usage_records"
        " group by 1 order by 1",
    ) == [(1, 400, 400), (2, 400, 400), (3, 399, 399), (4, 400, 400), (5, 400, 400)]


def refusing(after: int) -> UsageFormat:
    """A format that refuses files beginning with `refuse` after some batches."""

    def decode(source: Source, feed: Feed) -> Iterator[Batch]:
        refuse = source.content().startswith(b"refuse")
        plain = registered_formats_before["billhouse"].decode
        if not refuse:
            yield from plain(source, feed)
            return
        text = csv_text(USAGE_COLUMNS, usage_rows([{"record_id": "gone"}] * 100)).encode()
        other = source.path.with_suffix(".tmp")
        other.write_bytes(text)
        for _ in range(after):
            yield from plain(Source(other, "x", 1, source.limits), feed)
        raise RefusedFileError("trailer says 3 records, there are 2")

    return UsageFormat("refusing", decode)


registered_formats_before = dict(registered_formats())


@pytest.mark.parametrize("after", [0, 1, 5])
def test_a_file_that_its_decoder_refuses_leaves_nothing_but_the_reason(
    tmp_path: Path, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    monkeypatch.setitem(registered_formats(), "refusing", refusing(after))
    monkeypatch.setattr(loading, "BATCH_LINES", 150)
    feeds = [{"name": "core", "format": "refusing", "path": "cdr/core"}]
    usage = {"core": {"a.csv": [{}], "b.csv": "refuse", "c.csv": [{}, {}]}}
    folder = write_operator(tmp_path, operator={"feeds": feeds}, usage=usage)
    report = load(warehouse, folder, loaded_at=instant("2026-02-01"))
    assert (report.files_loaded, report.records, report.refused) == (2, 3, 1)
    assert [str(warning) for warning in report.warnings] == [
        "cdr/core/b.csv: refused: trailer says 3 records, there are 2"
    ]
    assert rows(warehouse, "select file_number, count(*) from raw.usage_records group by 1") == [
        (1, 1),
        (2, 2),
    ]
    before = content(warehouse)
    again = load(warehouse, folder, loaded_at=instant("2026-03-01"))
    assert (again.refused, again.files_skipped) == (1, 2)
    assert content(warehouse) == before
    assert rows(warehouse, "select reason, refused_at from raw.refused_files") == [
        ("trailer says 3 records, there are 2", instant("2026-02-01"))
    ]


def test_a_missing_required_column_refuses_the_file_and_stops_nothing(
    tmp_path: Path, warehouse: Warehouse
) -> None:
    usage = {"core": {"a.csv": "record_id,service,started_at\n1,sms,x\n", "b.csv": [{}]}}
    report = load(warehouse, write_operator(tmp_path, usage=usage))
    assert (report.records, report.refused) == (1, 1)
    assert rows(warehouse, "select file_name, reason from raw.refused_files") == [
        ("cdr/core/a.csv", "required columns are missing: subscriber")
    ]


def test_a_file_that_is_written_to_meanwhile_is_left_for_the_next_load(
    tmp_path: Path, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_operator(tmp_path, usage={"core": {"a.csv": [{}], "b.csv": [{}, {}]}})
    original = registered_formats_before["billhouse"].decode

    def decode(source: Source, feed: Feed) -> Iterator[Batch]:
        if source.name.endswith("a.csv"):
            write_usage(source.path, [{}, {}, {}])
        return original(source, feed)

    monkeypatch.setitem(registered_formats(), "billhouse", UsageFormat("billhouse", decode))
    report = load(warehouse, folder)
    assert (report.files_loaded, report.records) == (1, 2)
    assert "has changed while it was being loaded" in str(report.warnings[0])
    monkeypatch.undo()
    assert load(warehouse, folder).records == 3


def test_a_decoder_that_fails_rolls_its_transaction_back(
    tmp_path: Path, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_operator(tmp_path, usage={"core": {"a.csv": [{}]}})

    def decode(source: Source, feed: Feed) -> Iterator[Batch]:
        yield from registered_formats_before["billhouse"].decode(source, feed)
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setitem(registered_formats(), "billhouse", UsageFormat("billhouse", decode))
        with pytest.raises(ZeroDivisionError):
            load(warehouse, folder)
    assert counts(warehouse) == dict.fromkeys(counts(warehouse), 0)
    assert load(warehouse, folder).records == 1
    assert threading.active_count() < 10


def test_progress_is_reported_to_the_end(tmp_path: Path, warehouse: Warehouse) -> None:
    folder = write_operator(tmp_path, usage={"core": {"a.csv": [{}], "b.csv": [{}, {}]}})
    calls: list[tuple[str, int, int]] = []
    load(warehouse, folder, progress=lambda *call: calls.append(call))
    stages = {stage: (done, total) for stage, done, total in calls}
    assert set(stages) == {"tables", "files", "usage"}
    assert all(done == total for done, total in stages.values())


# --------------------------------------------------------------------------------- a crash midway

LOADER = """
import sys
from pathlib import Path
import duckdb
from ingestion import loading
loading.TRANSACTION_LINES = 300
print("ready", flush=True)
with duckdb.connect(sys.argv[2]) as con:
    loading.load(con, Path(sys.argv[1]), progress=lambda *call: print(call, flush=True))
"""


@pytest.mark.parametrize("steps", [1, 20, 25, 30, 45])
def test_a_killed_load_leaves_whole_files_and_the_next_one_finishes(
    tmp_path: Path, steps: int
) -> None:
    files = {f"{n:02d}.csv": [{"record_id": f"{n}-{m}"} for m in range(100)] for n in range(20)}
    folder = write_operator(tmp_path / "operator", usage={"core": files})
    path = tmp_path / "warehouse.duckdb"
    process = subprocess.Popen(
        [sys.executable, "-c", LOADER, str(folder), str(path)],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    assert process.stdout is not None
    for _ in range(steps + 1):
        process.stdout.readline()
    time.sleep(random.Random(steps).random() / 50)
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    with duckdb.connect(str(path)) as con:
        prepare(con)
        loaded = rows(con, "select file_id, records from raw.usage_files order by 1")
        stored = rows(con, "select file_id, count(*) from raw.usage_records group by 1 order by 1")
        assert loaded == stored and all(number == 100 for _, number in loaded)
        report = load(con, folder)
        assert report.files_loaded == 20 - len(loaded)
        assert counts(con) == {
            "usage_files": 20,
            "usage_records": 2000,
            "rejected_lines": 0,
            "refused_files": 0,
        }
        assert rows(con, "select file_number from raw.usage_files order by 1") == [
            (n,) for n in range(1, 21)
        ]
