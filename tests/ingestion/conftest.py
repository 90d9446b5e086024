from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest


@pytest.fixture
def warehouse() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as con:
        yield con
