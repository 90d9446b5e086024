"""1.3: the same usage gives the same lines to the last digit, however it comes and is worked on."""

import hashlib
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from orchestration import dbt
from orchestration.environment import DBT_PROJECT
from tests.rerater import calendar
from tests.rerater.pipeline import Pipeline
from tests.rerater.reader import read_folder
from tests.rerater.strategies import Generator, Tables, UsageFileTable

SEED, ACCOUNTS, RECORDS = 2, 60, 3000
LEAST_PARTS = 2000
Files = list[UsageFileTable]

# Where a record stands in its file is the only thing that may differ.
PLACES = {"file_id", "line_number", "event_key"}
RESULTS = {
    "rating.rated_usage": PLACES,
    "rating.allowance_balances": set[str](),
    "mediation.suspended_usage": PLACES,
    "charging.owed_charges": set[str](),
}


def as_written(files: Files) -> Files:
    return files


def in_reverse(files: Files) -> Files:
    """Other names in other folders, so that they load in another order, and every line turned."""
    found = []
    for number, file in enumerate(files):
        suffix = file.path.rsplit(".", 1)[1]
        feed = "/".join(file.path.split("/")[:2])
        path = f"{feed}/{100 - number:03d}/usage.{suffix}"
        found.append(UsageFileTable(path, file.rows[::-1], file.garbage))
    return found


def in_one_file_per_feed(files: Files) -> Files:
    """All records of a feed in one file, shuffled."""
    found = []
    for feed in sorted({file.path.split("/")[1] for file in files}):
        own = [file for file in files if file.path.split("/")[1] == feed]
        rows = [row for file in own for row in file.rows]
        random.Random(1).shuffle(rows)
        found.append(UsageFileTable(f"cdr/{feed}/all.jsonl", rows))
    return found


def in_many_files(files: Files) -> Files:
    """Seventeen small files for each, dealt like cards."""
    return [
        UsageFileTable(f"{file.path.replace('.', '-')}/{deal}.csv", file.rows[deal::17])
        for file in files
        for deal in range(17)
        if file.rows[deal::17]
    ]


@dataclass(frozen=True)
class Way:
    """One way for the same month to come in and to be worked on."""

    files: Callable[[Files], Files]
    threads: int


WAYS = (
    Way(as_written, threads=2),
    Way(in_reverse, threads=1),
    Way(in_one_file_per_feed, threads=4),
    Way(in_many_files, threads=4),
)


def profiles_with(threads: int, folder: Path) -> Path:
    """The project's profile with this many threads, of dbt and of the engine."""
    document = yaml.safe_load((DBT_PROJECT / "profiles.yml").read_text(encoding="utf-8"))
    output = document["billhouse"]["outputs"]["duckdb"]
    output["threads"] = threads
    output["settings"]["threads"] = threads
    folder.mkdir(parents=True)
    (folder / "profiles.yml").write_text(yaml.safe_dump(document), encoding="utf-8")
    return folder


def digest_of(pipeline: Pipeline, table: str, left_out: set[str]) -> tuple[str, int]:
    """SHA-256 over all rows of a table in one order, and how many there are."""
    rows = [
        repr([(name, value) for name, value in row.items() if name not in left_out])
        for row in pipeline.rows(f"select * from {table}")
    ]
    return hashlib.sha256("\n".join(sorted(rows)).encode()).hexdigest(), len(rows)


def drafted(tables: Tables, way: Way, home: Path, patch: pytest.MonkeyPatch) -> Pipeline:
    """The month billed in this way, as `billhouse draft` does it."""
    profiles = profiles_with(way.threads, home / "profiles")
    patch.setattr(
        dbt, "_PROJECT", ["--project-dir", str(DBT_PROJECT), "--profiles-dir", str(profiles)]
    )
    whole = Tables(tables.operator, tables.rows, way.files(tables.usage))
    path = whole.write(home / "operator")
    bill_date = Generator(SEED, accounts=ACCOUNTS, events=RECORDS).boundaries[-1]
    loaded_at = calendar.midnight(bill_date, read_folder(path).operator.zone)
    pipeline = Pipeline(home / "warehouse")
    pipeline.draft(path, bill_date, loaded_at)
    return pipeline


def test_order_names_and_number_of_files_and_threads_change_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables = Generator(SEED, accounts=ACCOUNTS, events=RECORDS).build()
    digests: dict[str, list[tuple[str, int]]] = {table: [] for table in RESULTS}
    for number, way in enumerate(WAYS):
        pipeline = drafted(tables, way, tmp_path / str(number), monkeypatch)
        for table, left_out in RESULTS.items():
            digests[table].append(digest_of(pipeline, table, left_out))
    assert digests["rating.rated_usage"][0][1] >= LEAST_PARTS
    assert {table: len(set(found)) for table, found in digests.items()} == dict.fromkeys(RESULTS, 1)
