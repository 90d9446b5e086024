"""What the command line reaches into Dagster for is where it is looked for."""

from importlib import import_module

import pytest


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
