from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingestion.containers import Limits
from ingestion.decoding import Feed, FileNumber, RefusedFileError, Source
from ingestion.feeds import tap3
from ingestion.feeds._ber import BerLimits
from ingestion.loading import load
from tests.ingestion.support import decoded, faults_of, rows
from tests.ingestion.tap_files import (
    Event,
    TapFile,
    call,
    content_transaction,
    data,
    group,
    messaging_event,
    number,
    supplementary_service,
)
from tests.support.operator_builder import write_operator

NETWORKS = {"DEUD2": "26202", "BELMO": "20610"}


def read(
    folder: Path, content: bytes, **options: Any
) -> tuple[list[dict[str, Any]], list[tuple[int, str]]]:
    path = folder / "CDDEUD2FRAF100042"
    path.write_bytes(content)
    options.setdefault("networks", NETWORKS)
    records, rejected = decoded(path, "tap3", **options)
    return records, [(item.line_number, item.reason) for item in rejected]


def one(folder: Path, event: Event, **options: Any) -> dict[str, Any]:
    (record,), rejected = read(folder, TapFile([event]).content(), **options)
    assert rejected == []
    return record


def refusal(folder: Path, content: bytes, **options: Any) -> str:
    with pytest.raises(RefusedFileError) as caught:
        read(folder, content, **options)
    return str(caught.value)


# ------------------------------------------------------------------------------------- the mapping


def test_an_originated_call_by_every_column(tmp_path: Path) -> None:
    assert one(tmp_path, call()) == {
        "record_id": "DEUD2-00042-1",
        "service": "voice",
        "direction": "originating",
        "subscriber": "208010000000001",
        "subscriber_kind": "imsi",
        "other_party": "+4930123456",
        "started_at": "2026-01-10T09:00:00+00:00",
        "duration_seconds": "61",
        "serving_network": "26202",
        "line_number": 1,
    }


def test_a_data_session_by_every_column(tmp_path: Path) -> None:
    assert one(tmp_path, data(part="I")) == {
        "record_id": "DEUD2-00042-1",
        "service": "data",
        "direction": "originating",
        "subscriber": "208010000000001",
        "subscriber_kind": "imsi",
        "started_at": "2026-01-10T09:00:00+00:00",
        "duration_seconds": "500",
        "bytes_uplink": "1000",
        "bytes_downlink": "2000000000",
        "serving_network": "26202",
        "charging_id": "77",
        "is_final": "false",
        "line_number": 1,
    }


def test_a_terminated_call_comes_from_its_caller(tmp_path: Path) -> None:
    record = one(tmp_path, call(terminating=True))
    assert (record["direction"], record["other_party"]) == ("terminating", "+4930123456")


@pytest.mark.parametrize(
    ("terminating", "teleservice", "direction"),
    [(False, "22", "originating"), (True, "21", "terminating")],
)
def test_messages_are_known_by_their_teleservice(
    tmp_path: Path, terminating: bool, teleservice: str, direction: str
) -> None:
    event = call(terminating=terminating, teleservice=teleservice, sms_other="33700000002")
    record = one(tmp_path, event)
    assert (record["service"], record["direction"]) == ("sms", direction)
    assert record["other_party"] == "+33700000002"
    assert "duration_seconds" not in record


@pytest.mark.parametrize(
    ("changes", "other_party"),
    [
        ({"other": "112"}, "112"),
        ({"other": None, "dialled": "0612345678"}, "0612345678"),
        ({"other": "4930123456", "dialled": "030123456"}, "+4930123456"),
        ({"other": "a31b"}, "*31#"),
        ({"other": None}, None),
        ({"teleservice": "22", "sms_other": "Bank"}, "Bank"),
    ],
)
def test_numbers_are_international_where_they_are_long_enough(
    tmp_path: Path, changes: dict[str, Any], other_party: str | None
) -> None:
    assert one(tmp_path, call(**changes)).get("other_party") == other_party


def test_calls_by_bearer_service_are_calls(tmp_path: Path) -> None:
    assert one(tmp_path, call(teleservice=None, bearer="37"))["service"] == "voice"


def test_an_unsuccessful_attempt_is_not_billed(tmp_path: Path) -> None:
    assert one(tmp_path, call(cause=3, duration=0))["disposition"] == "unsuccessful"
    assert "disposition" not in one(tmp_path, call(cause=4))


def test_the_subscriber_is_the_imsi_or_by_option_the_msisdn(tmp_path: Path) -> None:
    record = one(tmp_path, call(), subscriber="msisdn")
    assert (record["subscriber"], record["subscriber_kind"]) == ("33600000001", "msisdn")


@pytest.mark.parametrize(
    ("start", "code", "instant"),
    [
        ("20260110100000", 1, "2026-01-10T09:00:00+00:00"),
        ("20260110100000", 2, "2026-01-10T13:30:00+00:00"),
        ("20251231233000", 2, "2026-01-01T03:00:00+00:00"),
    ],
)
def test_local_times_become_instants_by_the_files_own_table(
    tmp_path: Path, start: str, code: int, instant: str
) -> None:
    record = one(tmp_path, call(start=start, offset_code=code))
    assert record["started_at"] == instant


def test_the_serving_network_is_the_events_own_before_the_senders(tmp_path: Path) -> None:
    assert one(tmp_path, call(serving_network="BELMO"))["serving_network"] == "20610"
    assert one(tmp_path, data(serving_network="BELMO"))["serving_network"] == "20610"


@pytest.mark.parametrize(("part", "is_final"), [("F", "false"), ("L", "true"), (None, None)])
def test_the_last_part_of_a_session_is_final(
    tmp_path: Path, part: str | None, is_final: str | None
) -> None:
    assert one(tmp_path, data(part=part)).get("is_final") == is_final


def test_a_session_without_charging_id_and_with_a_negative_volume_is_left_to_mediation(
    tmp_path: Path,
) -> None:
    record = one(tmp_path, data(charging_id=0, downlink=-2))
    assert "charging_id" not in record and record["bytes_downlink"] == "-2"


# ------------------------------------------------------------------------------ lines and sections


def test_other_kinds_of_events_are_rejected_and_counted(tmp_path: Path) -> None:
    events = [
        call(),
        supplementary_service(),
        messaging_event(30),
        content_transaction(9, refund=False),
    ]
    records, rejected = read(tmp_path, TapFile([*events, data()]).content())
    assert [record["record_id"] for record in records] == ["DEUD2-00042-1", "DEUD2-00042-5"]
    assert rejected == [
        (2, "supplServiceEvent: not read"),
        (3, "messagingEvent: not read"),
        (4, "contentTransaction: not read"),
    ]


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (call(imsi=None), "imsi: missing"),
        (call(imsi="2080a0000000001"), "imsi: not digits: 2080*0000000001"),
        (call(start=None), "callEventStartTimeStamp: missing"),
        (call(start="20260230100000"), "localTimeStamp: no such time: 20260230100000"),
        (call(start="2026011010000"), "localTimeStamp: no such time: 2026011010000"),
        (call(start="00010101000000"), "localTimeStamp: no such time: 00010101000000"),
        (call(offset_code=9), "utcTimeOffsetCode: not in the file's table: 9"),
        (call(teleservice=None), "serviceCode: missing"),
        (data(part="X"), "partialTypeIndicator: not one of F, I, L: X"),
        (Event(group(9)), "basic call information: missing"),
        (Event(group(1999)), "an event of unknown kind: not read"),
    ],
)
def test_an_event_that_can_not_be_read_is_rejected_alone(
    tmp_path: Path, event: Event, reason: str
) -> None:
    records, rejected = read(tmp_path, TapFile([call(), event, data()]).content())
    assert [record["line_number"] for record in records] == [1, 3]
    assert rejected == [(2, reason)]


@pytest.mark.parametrize("events", [[], [call(), data(), call(terminating=True)]])
def test_marked_ends_read_like_stated_lengths(tmp_path: Path, events: list[Event]) -> None:
    stated = read(tmp_path, TapFile(events).content())
    assert read(tmp_path, TapFile(events, indefinite=True).content()) == stated
    assert len(stated[0]) == len(events)


# --------------------------------------------------------------------------------- control totals


def test_refunds_taxes_and_camel_fees_are_in_the_totals(tmp_path: Path) -> None:
    events = [call(tax=12, camel_fee=5), content_transaction(40, refund=True), messaging_event(3)]
    records, rejected = read(tmp_path, TapFile(events).content())
    assert (len(records), len(rejected)) == (1, 2)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"count": 3}, "callEventDetailsCount is 3, the file holds 2 events"),
        ({"charge": 2300}, "totalCharge is 2300, the events come to 2200"),
        ({"tax": 13}, "totalTaxValue is 13, the events come to 12"),
        ({"charge_refund": 1}, "totalChargeRefund is 1, the events come to 0"),
        (
            {"count": 1, "charge": 1},
            "callEventDetailsCount is 1, the file holds 2 events;"
            " totalCharge is 1, the events come to 2200",
        ),
    ],
)
def test_totals_that_do_not_match_refuse_the_file_with_both_figures(
    tmp_path: Path, changes: dict[str, Any], reason: str
) -> None:
    file = TapFile([call(tax=12), data()], **changes)
    assert refusal(tmp_path, file.content()) == f"control totals do not match: {reason}"


def test_a_refund_is_no_charge(tmp_path: Path) -> None:
    file = TapFile([content_transaction(40, refund=True)], charge=40, charge_refund=0)
    assert "totalCharge is 40, the events come to 0" in refusal(tmp_path, file.content())


# ------------------------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"file_type": "T"}, "a test file (fileTypeIndicator T): never billed"),
        ({"file_type": "X"}, "fileTypeIndicator is not known: X"),
        ({"release": (3, 10)}, "release 3.10: only 3.12 is read"),
        ({"release": (2, 12)}, "release 2.12: only 3.12 is read"),
        ({"sender": "D\x1b"}, "sender: not a TADIG code: D\\x1b"),
        ({"recipient": "FR"}, "recipient: not a TADIG code: FR"),
        ({"sequence": "00000"}, "fileSequenceNumber: not 00001 to 99999: 00000"),
        ({"sequence": "1"}, "fileSequenceNumber: not 00001 to 99999: 1"),
        ({"offsets": {1: "+01"}}, "utcTimeOffset: not an offset such as +0200: +01"),
        ({"sender": "USAAT"}, "option networks has no MCC+MNC of TADIG code USAAT"),
        ({"has_audit": False}, "auditControlInfo: missing"),
    ],
)
def test_a_file_that_is_not_what_it_should_be(
    tmp_path: Path, changes: dict[str, Any], reason: str
) -> None:
    assert refusal(tmp_path, TapFile([call()], **changes).content()) == reason


def test_a_file_for_somebody_else_is_refused(tmp_path: Path) -> None:
    content = TapFile([call()]).content()
    assert refusal(tmp_path, content, recipient="BELMO") == "addressed to FRAF1, not to BELMO"
    assert len(read(tmp_path, content, recipient="FRAF1")[0]) == 1


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not a TAP file: it is empty"),
        (group(1, number(41, 2), number(37, 1)), "not a TAP file: an NRTRDE file"),
        (group(1), "batchControlInfo: missing at the beginning"),
        (group(1, group(5)), "batchControlInfo: missing at the beginning"),
        (group(534), "not a TAP file: a RAP file (returned events)"),
        (group(535), "not a TAP file: a RAP file (acknowledgement)"),
        (b"record_id,service\n", "not a TAP file: it begins otherwise"),
        (number(1, 1) or b"", "damaged: byte 0: an element that should hold others does not"),
        (b"\x61\x88" + b"\xff" * 8, "damaged: byte 0: a length of 18446744073709551615"),
        (b"\x61\x80" + b"\x6e\x80" * 50, "batchControlInfo: missing at the beginning"),
        (b"\x61\x80" + TapFile().control() + b"\x65\x80" * 50, "damaged: byte 102: nested deeper"),
        (TapFile([call()]).content() + b"\0\0", "goes on after its end: 2 bytes more"),
        (TapFile().notification() + b"\0", "goes on after its end: 1 bytes more"),
        (group(1, TapFile().control(), group(3), group(3)), "a section stands twice"),
        (
            group(1, TapFile().control(), group(3, group(9, group(63, group(71))))),
            "event 1: an amount can not be read (holds further elements)",
        ),
    ],
)
def test_what_is_no_transfer_batch(tmp_path: Path, content: bytes, reason: str) -> None:
    assert reason in refusal(tmp_path, content)


def test_a_cut_file_is_refused_wherever_it_is_cut(tmp_path: Path) -> None:
    for indefinite in (False, True):
        content = TapFile([call(), data()], indefinite=indefinite).content()
        for size in range(len(content)):
            assert refusal(tmp_path, content[:size])


def test_limits_of_size_and_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = TapFile([call(), data()]).content()
    monkeypatch.setattr(tap3, "MAX_EVENTS", 1)
    assert refusal(tmp_path, content) == "more than 1 events"
    monkeypatch.setattr(tap3, "MAX_BYTES", len(content) - 1)
    assert refusal(tmp_path, content) == f"larger than {len(content) - 1} bytes"
    assert BerLimits().depth == 32


# ------------------------------------------------------------------------------ numbers of files


def file_number(folder: Path, content: bytes) -> FileNumber | None:
    path = folder / "file"
    path.write_bytes(content)
    source = Source(path, "file", len(content), Limits())
    feed = Feed("tap", "tap3", "cdr/tap", "UTC", {"networks": NETWORKS})
    try:
        batches = list(tap3.decode(source, feed))
    except RefusedFileError as error:
        return error.file_number
    return batches[0].file_number


def test_every_file_of_a_series_bears_its_number_also_a_refused_one(tmp_path: Path) -> None:
    numbered = FileNumber("DEUD2", "FRAF1", 42)
    assert file_number(tmp_path, TapFile([call()]).content()) == numbered
    assert file_number(tmp_path, TapFile().content()) == numbered
    assert file_number(tmp_path, TapFile(release=(3, 9)).notification()) == numbered
    assert file_number(tmp_path, TapFile([call()], charge=1).content()) == numbered
    assert file_number(tmp_path, TapFile([call()], indefinite=True).content()[:-3]) == numbered
    # Its length does not fit, so nothing of it is believed.
    assert file_number(tmp_path, TapFile([call()]).content()[:-3]) is None
    # Test files are numbered in a series of their own.
    assert file_number(tmp_path, TapFile(file_type="T").content()) is None


def test_a_folder_of_tap_files(tmp_path: Path, warehouse: duckdb.DuckDBPyConnection) -> None:
    feeds = [{"name": "tap", "format": "tap3", "path": "cdr/tap", "networks": {"DEUD2": "26202"}}]
    folder = write_operator(tmp_path, operator={"feeds": feeds})
    files = {
        "a": TapFile([call(), supplementary_service()]).content(),
        "b": TapFile(sequence="00043").notification(),
        "c": TapFile([call()], sequence="00045", count=7).content(),
        "d": TapFile([call()], sequence="00046", file_type="T").content(),
    }
    for name, content in files.items():
        (folder / "cdr" / "tap" / name).write_bytes(content)
    report = load(warehouse, folder)
    assert (report.files_loaded, report.records, report.rejected, report.refused) == (2, 1, 1, 2)
    numbers = "select sender, recipient, sequence_number"
    assert rows(warehouse, f"{numbers}, records, rejected from raw.usage_files order by 3") == [
        ("DEUD2", "FRAF1", 42, 1, 1),
        ("DEUD2", "FRAF1", 43, 0, 0),
    ]
    refused = rows(warehouse, f"{numbers}, reason from raw.refused_files order by 3")
    assert refused == [
        (
            "DEUD2",
            "FRAF1",
            45,
            "control totals do not match: callEventDetailsCount is 7, the file holds 1 events",
        ),
        (None, None, None, "a test file (fileTypeIndicator T): never billed"),
    ]
    assert load(warehouse, folder).files_loaded == 0


@pytest.mark.parametrize(
    ("networks", "fault"),
    [
        (None, "feeds[0].networks: missing"),
        ("26202", "feeds[0].networks: not a mapping of single values"),
        ({"DEUD": "26202"}, "feeds[0].networks.DEUD: not the network of a TADIG code"),
        ({"DEUD2": "262"}, "feeds[0].networks.DEUD2: not MCC+MNC (5 or 6 digits): 262"),
    ],
)
def test_options_are_checked(tmp_path: Path, networks: Any, fault: str) -> None:
    feed: dict[str, Any] = {"name": "tap", "format": "tap3", "path": "cdr/tap"}
    if networks:
        feed["networks"] = networks
    folder = write_operator(tmp_path, operator={"feeds": [feed]})
    (found,) = faults_of(folder)
    assert fault in found and found.startswith("operator.yaml:")
