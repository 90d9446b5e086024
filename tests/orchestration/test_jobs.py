"""What the command line reaches into Dagster for is where it is looked for."""

from importlib import import_module
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from orchestration import jobs


@pytest.mark.parametrize(
    "name",
    [
        "event_log.sqlite.sqlite_event_log",
        "runs.sqlite.sqlite_run_storage",
        "schedules.sqlite.sqlite_schedule_storage",
    ],
)
def test_storages_make_their_engine_by_the_name_that_is_replaced(name: str) -> None:
    assert callable(import_module(f"dagster._core.storage.{name}").create_engine)


def test_a_file_stays_open_when_a_storage_gives_its_engine_up(tmp_path: Path) -> None:
    kept = jobs._one_per_file(create_engine)
    url = f"sqlite:///{tmp_path / 'runs.db'}"
    engine = kept(url, poolclass=NullPool)
    with engine.connect() as con:
        con.execute(text("create temporary table opened (n int)"))
    engine.dispose()
    # A temporary table goes with its connection.
    with kept(url, poolclass=NullPool).connect() as con:
        assert con.execute(text("select n from opened")).all() == []
