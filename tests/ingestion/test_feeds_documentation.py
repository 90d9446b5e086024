"""What docs/feeds.md tells users to write works, and no format or option is left out."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from ingestion.feeds import registered_formats
from ingestion.loading import load
from ingestion.operator_yaml import read_operator_yaml
from tests.ingestion import fuzz_seeds
from tests.ingestion.support import rows
from tests.ingestion.tap_files import TapFile, call
from tests.support.operator_builder import write_operator

PAGE = (Path(__file__).parents[2] / "docs" / "feeds.md").read_text(encoding="utf-8")
EXAMPLES: list[dict[str, Any]] = [
    feed
    for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.S)
    for feed in yaml.safe_load(block)["feeds"]
]
SWITCH = """\
calls of today
node;call;type;caller;called;date;time;length;volume;cause
n1;1;1;33600000001;0612345678;10.01.2026;10:00:05;0:01:07;;16
n1;2;4;33600000001;;10.01.2026;10:00:05;0:10:00;1.5;
END;2
"""
# A file for each example, and how many records it holds.
FILES: dict[str, tuple[str | bytes, int]] = {
    "core": (fuzz_seeds.billhouse_csv()[0], 3),
    "switch": (SWITCH, 2),
    "gateway": ("c1,101,0612345678,1768035605250,67250,OK\n", 1),
    "pbx": (fuzz_seeds.asterisk()[0], 4),
    "softswitch csv": ("u1,inbound,101,x,0612345678,1768035600,1768035605,67250,OK\n", 1),
    "softswitch json": (
        '{"variables": {"uuid": "u1", "sip_auth_username": "a", "answer_epoch": "1768035605",'
        ' "billsec": "5"}}',
        1,
    ),
    "ocs": (fuzz_seeds.cgrates()[0], 3),
    "interconnect": ("1,2,x,10.01.2026 10:00:05,10.01.2026 10:00:05,1,65,x,x,x,partial\n", 1),
    "roaming": (TapFile([call()]).content(), 1),
}


def file_of(feed: dict[str, Any]) -> tuple[str | bytes, int]:
    kind = feed["format"].rpartition("_")[2]
    return FILES.get(f"{feed['name']} {kind}") or FILES[feed["name"]]


@pytest.mark.parametrize("feed", EXAMPLES, ids=lambda feed: f"{feed['format']}-{feed['name']}")
def test_each_example_reads_a_file(
    feed: dict[str, Any], tmp_path: Path, warehouse: duckdb.DuckDBPyConnection
) -> None:
    content, records = file_of(feed)
    name = Path(feed["path"]).name
    folder = write_operator(tmp_path, operator={"feeds": [feed]}, usage={name: {"file": content}})
    assert [str(warning) for warning in read_operator_yaml(folder).warnings] == []
    report = load(warehouse, folder)
    assert (report.records, report.rejected, report.refused) == (records, 0, 0)
    assert rows(warehouse, "select count(*) from raw.usage_records where started_at is null") == [
        (0,)
    ]


def test_every_format_has_an_example_and_every_option_a_mention() -> None:
    table = {
        name: set(re.findall(r"`(\w+)`", options))
        for name, options in re.findall(r"^\| \[`(\w+)`\].*?\|.*?\|(.*)\|$", PAGE, re.M)
    }
    formats = registered_formats()
    assert table == {name: set(usage_format.options) for name, usage_format in formats.items()}
    assert {feed["format"] for feed in EXAMPLES} == set(formats)


def test_every_format_states_its_mapping_and_has_a_test() -> None:
    tests = Path(__file__).parent
    for name, usage_format in registered_formats().items():
        module = __import__(usage_format.decode.__module__, fromlist=["__doc__"])
        for column in ("record_id", "started_at", "disposition"):
            assert column in (module.__doc__ or ""), name
        assert (tests / f"test_{name}_feed.py").is_file()
