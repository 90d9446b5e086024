from __future__ import annotations

import gzip
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet
import pytest

from ingestion.containers import Limits
from ingestion.table_reading import RawTable, read_table
from ingestion.tables import BY_NAME
from tests.ingestion.support import faults_of, warnings_of
from tests.support.operator_builder import write_operator

HOLIDAYS = BY_NAME["holidays"]


def read(folder: Path, data: bytes, name: str = "holidays.csv") -> RawTable:
    path = folder / "ratebook" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    return read_table(folder, HOLIDAYS, Limits())


def faults(folder: Path, data: bytes) -> list[str]:
    return [str(f).removeprefix("ratebook/holidays.csv:") for f in read(folder, data).faults]


def cells(raw: RawTable) -> list[tuple]:
    return [tuple(row.values()) for row in raw.rows.to_pylist()]


def test_every_cell_is_text_and_knows_its_line(tmp_path: Path) -> None:
    raw = read(tmp_path, b"date,name\n2026-05-01,May day\n2026-12-25,\n")
    assert cells(raw) == [("2026-05-01", "May day", 2), ("2026-12-25", None, 3)]
    assert raw.complete and not raw.faults


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbfdate,name\n2026-05-01,x\n",
        b"date,name\r\n2026-05-01,x\r\n",
        b"date,name\n2026-05-01,x",
        b"name,date\nx,2026-05-01\n\n\n",
        b'"date","name"\n"2026-05-01","x"\n',
    ],
)
def test_byte_order_mark_line_ends_order_and_quotes_do_not_matter(
    tmp_path: Path, data: bytes
) -> None:
    assert cells(read(tmp_path, data)) == [("2026-05-01", "x", 2)]


def test_lines_are_exact_after_blank_lines_and_quoted_line_ends(tmp_path: Path) -> None:
    data = b'date,name\n"2026-05-01","two\nlines, and ""quotes"""\n\n2026-05-08,y\n'
    assert cells(read(tmp_path, data)) == [
        ("2026-05-01", 'two\nlines, and "quotes"', 2),
        ("2026-05-08", "y", 5),
    ]


@pytest.mark.parametrize("quoted", [False, True])
def test_ragged_lines_are_faults_and_shift_no_other(tmp_path: Path, quoted: bool) -> None:
    last = '"z"' if quoted else "z"
    data = f"date,name\n1\n2026-05-01,x\n2,y,z,u\n2026-05-02,{last}\n".encode()
    raw = read(tmp_path, data)
    assert cells(raw) == [("2026-05-01", "x", 3), ("2026-05-02", "z", 5)]
    assert [str(fault) for fault in raw.faults] == [
        "ratebook/holidays.csv:2: 1 cells where the header has 2",
        "ratebook/holidays.csv:4: 4 cells where the header has 2",
    ]
    assert not raw.complete


def test_unclosed_and_misplaced_quotes_are_faults_where_they_begin(tmp_path: Path) -> None:
    data = b'date,name\n2026-05-01,"x"y\n2026-05-02,z\n2026-05-03,"open\n2026-05-04,u\n'
    assert faults(tmp_path, data) == [
        "2: text after a closing quote",
        "4: a quote is opened here and never closed",
    ]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", "1: file is empty, its header is missing"),
        (b"\n\n", "1: file is empty, its header is missing"),
        (b"\n2026-05-01,x\n", "1: header is missing"),
        (b"date,date,name\n", "1: date: column stands twice in the header"),
        (b"name\nx\n", "1: date: required column is missing"),
        (b"date;name\n2026-05-01;x\n", "1: date: required column is missing: date;name"),
        ("date,name\n2026-05-01,fête\n".encode("latin-1"), "2: not UTF-8: 2026-05-01,f\\xea"),
        ("date,name\n".encode("utf-16"), "1: not UTF-8: UTF-16"),
        (b"date,name\n2026-05-01,a\0b\n", "2: holds a NUL byte"),
    ],
)
def test_a_file_that_is_no_table(tmp_path: Path, data: bytes, expected: str) -> None:
    assert faults(tmp_path, data) == [expected]


def test_a_header_alone_is_an_empty_table(tmp_path: Path) -> None:
    raw = read(tmp_path, b"date,name\n")
    assert raw.complete and raw.rows.num_rows == 0 and not raw.faults


def test_an_unknown_column_is_a_warning_and_a_column_may_be_missing(tmp_path: Path) -> None:
    raw = read(tmp_path, b"colour,date\nred,2026-05-01\n")
    assert cells(raw) == [("2026-05-01", None, 2)]
    assert [str(warning) for warning in raw.warnings] == [
        "ratebook/holidays.csv:1: colour: unknown column, not read"
    ]


def test_gzip_is_read_and_damage_is_a_fault(tmp_path: Path) -> None:
    data = b"date,name\n" + b"".join(b"2026-05-%02d,name %d\n" % (d, d) for d in range(1, 31))
    packed = gzip.compress(data)
    assert read(tmp_path, packed, "holidays.csv.gz").rows.num_rows == 30
    raw = read(tmp_path, packed[:-9], "holidays.csv.gz")
    (fault,) = raw.faults
    assert str(fault).startswith("ratebook/holidays.csv.gz:")
    assert "truncated gzip file" in str(fault) and not raw.complete
    (fault,) = read(tmp_path, data, "holidays.csv.gz").faults
    assert str(fault) == "ratebook/holidays.csv.gz: not a gzip file"


def test_parquet_is_read_and_damage_is_a_fault(tmp_path: Path) -> None:
    path = tmp_path / "ratebook" / "holidays.parquet"
    path.parent.mkdir()
    dates = pa.array([1, 2], pa.int32()).cast(pa.date32())
    pyarrow.parquet.write_table(pa.table({"date": dates, "name": ["a", ""]}), path)
    raw = read_table(tmp_path, HOLIDAYS, Limits())
    assert cells(raw) == [("1970-01-02", "a", 1), ("1970-01-03", None, 2)]
    path.write_bytes(path.read_bytes()[:-30])
    (fault,) = read_table(tmp_path, HOLIDAYS, Limits()).faults
    assert str(fault).startswith("ratebook/holidays.parquet: damaged Parquet file")


def test_a_parquet_column_in_floating_point_is_refused(tmp_path: Path) -> None:
    write_operator(tmp_path, payments=None)
    columns = {
        "payment_id": ["P1"],
        "account_id": ["A1"],
        "received_on": ["2026-02-01"],
        "method": ["cash"],
    }
    path = tmp_path / "crm" / "payments.parquet"
    pyarrow.parquet.write_table(pa.table(columns | {"amount": [1.1]}), path)
    assert "crm/payments.parquet: amount: type can not be read: double" in faults_of(tmp_path)
    pyarrow.parquet.write_table(pa.table(columns | {"amount": [Decimal("1.10")]}), path)
    assert faults_of(tmp_path) == []


def test_two_variants_of_one_table_are_a_fault(tmp_path: Path) -> None:
    read(tmp_path, b"date,name\n")
    raw = read(tmp_path, gzip.compress(b"date,name\n"), "holidays.csv.gz")
    assert [str(fault) for fault in raw.faults] == [
        "ratebook/holidays.csv: the same table stands in another file: ratebook/holidays.csv.gz"
    ]


def test_a_missing_file_is_an_empty_table_unless_it_is_required(tmp_path: Path) -> None:
    write_operator(tmp_path, payments=None, bands=None)
    assert faults_of(tmp_path) == []
    write_operator(tmp_path, products=None, accounts=None)
    assert faults_of(tmp_path) == [
        "crm/accounts.csv: file is missing",
        "ratebook/products.csv: file is missing",
    ]


def test_a_misspelt_file_is_a_warning(tmp_path: Path) -> None:
    write_operator(tmp_path)
    (tmp_path / "ratebook" / "holiday.csv").write_text("date,name\n")
    assert warnings_of(tmp_path) == ["ratebook/holiday.csv: not a table of this folder, not read"]


def test_an_expanded_size_over_the_limit_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "ratebook").mkdir()
    path = tmp_path / "ratebook" / "holidays.csv.gz"
    path.write_bytes(gzip.compress(b"date,name\n" * 10_000))
    (fault,) = read_table(tmp_path, HOLIDAYS, Limits(expanded_bytes=50_000)).faults
    assert "expands to more than 50000 bytes" in str(fault)
