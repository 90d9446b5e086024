"""One process at a time on the warehouse; the next one waits."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

from orchestration.warehouse import connect, exclusive, has_table

HOLDER = """
import sys, time
from pathlib import Path
from orchestration.warehouse import connect, exclusive

file = Path(sys.argv[1])
with exclusive(file), connect(file) as con:
    con.execute("create table if not exists marks (marked_at timestamp)")
    print("held", flush=True)
    time.sleep(float(sys.argv[2]))
    con.execute("insert into marks values (current_timestamp)")
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "billhouse.duckdb"


def hold(file: Path, seconds: float) -> subprocess.Popen[str]:
    """Another process that holds the warehouse, once this returns."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(file), str(seconds)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert process.stdout is not None
    assert process.stdout.readline().strip() == "held"
    return process


def test_second_process_waits_and_is_told_by_whom(file: Path) -> None:
    other = hold(file, 0.5)
    told: list[str] = []
    with exclusive(file, waiting=told.append), connect(file) as con:
        assert con.execute("select count(*) from marks").fetchone() == (1,)
    assert other.wait() == 0
    assert len(told) == 1
    assert f"process {other.pid}" in told[0]


def test_lock_goes_with_a_killed_process(file: Path) -> None:
    other = hold(file, 60)
    other.send_signal(signal.SIGKILL)
    other.wait()
    began = time.monotonic()
    with exclusive(file), connect(file):
        pass
    assert time.monotonic() - began < 5


def test_lock_is_reentrant_and_ends_with_its_outermost_holder(file: Path) -> None:
    with exclusive(file):
        with exclusive(file), connect(file) as con:
            assert not has_table(con, "main", "marks")
        with connect(file):
            pass
    with pytest.raises(RuntimeError, match="without holding its lock"), connect(file):
        pass


def test_session_is_in_utc(file: Path) -> None:
    with exclusive(file), connect(file) as con:
        assert con.execute("select current_setting('TimeZone')").fetchone() == ("UTC",)


def test_connection_is_closed_when_its_block_fails(file: Path) -> None:
    with exclusive(file):
        with pytest.raises(ZeroDivisionError), connect(file):
            raise ZeroDivisionError
        duckdb.connect(str(file), config={"threads": 1}).close()
