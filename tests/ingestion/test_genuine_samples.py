"""Every genuine file ends as records, rejected lines or a refused file with its reason.

The files belong to other projects and are no part of this one: without them nothing is tested here.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest

from ingestion.feeds import tap3
from ingestion.loading import load
from tests.ingestion.genuine_samples import FEEDS, SAMPLES
from tests.ingestion.support import decoded, rows
from tests.support.operator_builder import write_operator

pytestmark = pytest.mark.skipif(not SAMPLES.is_dir(), reason=f"{SAMPLES} is not there")

# Records and rejected lines of each file that is loaded.
LOADED = {
    "CDRImport-2015-10-26.csv": (5, 0),
    # Calls of nobody: src is empty.
    "Master.csv": (0, 2),
    # Ends inside an open quote.
    "cdrlib-buggy.csv": (0, 1),
    # One line has a billsec above its duration.
    "cdrlib-good.csv": (4, 1),
    "import_cdr_100.txt": (100, 0),
    # The last line is cut off.
    "import_voipcall_report.txt": (9, 1),
    "json_cdr.json": (1, 0),
    "partial_cdr_1.csv": (2, 0),
    "partial_cdr_2.csv": (1, 0),
    "partial_cdr_3.csv": (1, 0),
    # Takes a number of its series and holds no usage.
    "tap_notification.ber": (0, 0),
}
CHARGE = "totalCharge is 2300, the events come to"
REFUSED = {
    "asn1c-sample-DataInterChange-1.ber": "release 3.10: only 3.12 is read",
    "deep_invalid.ber": "not a TAP file: an NRTRDE file (fraud alarms, never billed)",
    "length_overflow.ber": "not a TAP file: it begins otherwise",
    "nrt_2_1.ber": "not a TAP file: an NRTRDE file (fraud alarms, never billed)",
    "rap_ack.ber": "not a TAP file: a RAP file (acknowledgement)",
    "rap_mini.ber": "not a TAP file: a RAP file (returned events)",
    "tap_3_12_negative_volume.ber": "control totals do not match:"
    f" callEventDetailsCount is 4, the file holds 1 events; {CHARGE} 66600",
    "tap_3_12_timestamps.ber": "control totals do not match:"
    f" callEventDetailsCount is 4, the file holds 5 events; {CHARGE} 71200",
    "tap_3_12_trailing_eoc_invalid.ber": "goes on after its end: 2 bytes more",
    "tap_3_12_valid.ber": f"control totals do not match: {CHARGE} 71200",
    "tap_3_12_valid_add_osi.ber": f"control totals do not match: {CHARGE} 71200",
    "tap_3_12_valid_most_indef.ber": f"control totals do not match: {CHARGE} 71200",
}


def test_every_file_is_accounted_for(tmp_path: Path, warehouse: duckdb.DuckDBPyConnection) -> None:
    feeds = [
        {"name": f"feed{n}", "path": f"cdr/feed{n}", **feed}
        for n, feed in enumerate(FEEDS.values())
    ]
    folder = write_operator(tmp_path, operator={"feeds": feeds})
    for feed, pattern in zip(feeds, FEEDS, strict=True):
        for sample in SAMPLES.glob(pattern):
            shutil.copy(sample, folder / feed["path"] / sample.name)
    report = load(warehouse, folder)
    assert {
        Path(name).name: (records, rejected)
        for name, records, rejected in rows(
            warehouse, "select file_name, records, rejected from raw.usage_files"
        )
    } == LOADED
    assert {
        Path(name).name: reason
        for name, reason in rows(warehouse, "select file_name, reason from raw.refused_files")
    } == REFUSED
    assert (report.records, report.rejected, report.refused) == (123, 5, 12)
    assert rows(warehouse, "select count(*) from raw.rejected_lines where reason <> ''") == [(5,)]


@pytest.mark.parametrize(
    "name", ["tap_3_12_valid", "tap_3_12_valid_add_osi", "tap_3_12_valid_most_indef"]
)
def test_their_events_are_read_where_their_totals_are_wrong(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tap3._TapFile, "_check_audit", lambda file, audit: None)
    path = SAMPLES / "tap3" / f"{name}.ber"
    records, rejected = decoded(path, "tap3", networks={"WERFD": "26202"})
    assert [
        (record["service"], record["direction"], record["subscriber"], record["duration_seconds"])
        for record in records
    ] == [
        ("voice", "terminating", "133713371337133", "153"),
        ("voice", "originating", "232323232323232", "213"),
        ("data", "originating", "232323232323232", "500"),
    ]
    assert records[2]["bytes_downlink"] == "1200000000"
    assert records[0]["started_at"] == "2014-03-01T12:03:42+00:00"
    assert [item.reason for item in rejected] == ["supplServiceEvent: not read"]
