"""Small files of every format, whole and right, from which inputs are mutated."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
import pyarrow.parquet

from ingestion.decoding import USAGE_COLUMNS
from tests.ingestion.tap_files import (
    TapFile,
    call,
    content_transaction,
    data,
    messaging_event,
    supplementary_service,
)

# What makes readers stumble: ends, quotes, numbers without end, times at the edge of the calendar.
TOKENS: tuple[bytes, ...] = (
    b"",
    b"\0",
    b"\n",
    b"\r",
    b"\r\n",
    b'"',
    b'""',
    b',",',
    b";",
    b"#",
    b":",
    b" ",
    b"\t",
    b"-1",
    b"0",
    b"1e9999",
    b"0x10",
    b"NaN",
    b"9" * 30,
    b"9" * 5000,
    b"0." + b"1" * 30,
    b"-" * 20,
    b"0001-01-01 00:00:00",
    b"9999-12-31 23:59:59",
    b"9999-12-31T23:59:59-15:59",
    b"2026-02-30T10:00:00Z",
    b"2026-10-25 02:30:00",
    b"2026-01-10T10:00:00+99:99",
    b"18446744073709551616",
    b"1h2m3.5s",
    b"1ns" * 20,
    b".s",
    b"5m",
    b"*data",
    b"true",
    b"ANSWERED",
    b"INSERT INTO cdr VALUES (1);",
    b"{",
    b"}",
    b"[" * 2000,
    b'{"a":' * 500,
    b'{"variables": []}',
    b"\\u0000",
    b"\\ud800",
    b"%00",
    b"%ff",
    b"%",
    b"null",
    b"\xff",
    b"\xc3\xa9",
    b"\xef\xbb\xbf",
    b"\xe2\x80\xa8",
    "٣".encode(),
    "²".encode(),
    b"\x1c",
    b"\x85",
    b"x" * 9000,
)
BER_TOKENS: tuple[bytes, ...] = (
    b"\0\0",
    b"\x80",
    b"\x61\x80",
    b"\x69\x80" * 40,
    b"\x69\x00" * 200,
    b"\x88" + b"\xff" * 8,
    b"\x84\x7f\xff\xff\xff",
    b"\x89" + b"\0" * 9,
    b"\x5f\xff\xff\xff\xff\xff\x7f",
    b"\x5f\x81\x49\x00",
    b"\x5f\x3e\x10" + b"\xff" * 16,
    b"\x5f\x3e\x11" + b"\xff" * 17,
    b"\x30\x80",
    b"\x50\x0e00010101000000",
    b"\x50\x0e99991231235959",
    b"\x5f\x6e\x01T",
)


def asterisk() -> tuple[bytes, ...]:
    first = (
        '"acme","101","0612345678","internal","""Al"" <101>","PJSIP/1","PJSIP/2","Dial","x,60",'
        '"2026-01-10 10:00:00","2026-01-10 10:00:05","2026-01-10 10:01:12",72,67,"ANSWERED",'
        '"DOCUMENTATION"'
    )
    lines = [
        f'{first},"1768035600.1",""',
        f'{first},"1768035600.2","","","1768035600.1",7',
        first,
        first.replace("ANSWERED", "BUSY") + ',"note"',
    ]
    return "\n".join(lines).encode(), ("\r\n".join(lines[:2]) + "\r\n\r\n").encode()


USAGE: list[dict[str, Any]] = [
    {
        "record_id": "R1",
        "service": "voice",
        "subscriber": "33600000001",
        "other_party": "0612345678",
        "started_at": "2026-01-10T10:00:00Z",
        "duration_seconds": "61.5",
        "charging_id": "c",
        "sequence": "1",
        "is_final": "true",
        "disposition": "answered",
    },
    {
        "record_id": "R2",
        "service": "data",
        "subscriber": "33600000001",
        "started_at": "2026-01-10T11:00:00+01:00",
        "bytes_uplink": "1",
        "bytes_downlink": "2000",
        "serving_network": "26202",
    },
]


def billhouse_csv() -> tuple[bytes, ...]:
    lines = [",".join(USAGE_COLUMNS)]
    lines += [",".join(str(row.get(name, "")) for name in USAGE_COLUMNS) for row in USAGE]
    lines += ['"R3",sms,,"33600000001",,,2026-01-10T12:00:00Z' + "," * 9]
    return "\n".join(lines).encode(), ("\r\n".join(lines) + "\r\n").encode()


def billhouse_json() -> tuple[bytes, ...]:
    lines = [json.dumps(row) for row in USAGE]
    return (
        "\n".join(lines).encode(),
        b'{"record_id": "\\u00e9", "bytes_uplink": 12, "is_final": true, "x": [1, {"y": null}]}\n',
    )


def billhouse_parquet() -> tuple[bytes, ...]:
    table = pa.Table.from_pylist([{name: row.get(name) for name in USAGE[0]} for row in USAGE])
    found: list[bytes] = []
    for compression in ("none", "zstd"):
        sink = pa.BufferOutputStream()
        pyarrow.parquet.write_table(table, sink, compression=compression)
        found.append(sink.getvalue().to_pybytes())
    return tuple(found)


def cgrates() -> tuple[bytes, ...]:
    lines = [
        ":Tenant,ToR,OriginID,RequestType,Account,Subject,Destination,SetupTime,AnswerTime,Usage",
        "a.org,*voice,c1,*rated,1001,1001,33612345678,2026-01-10 09:00:00 +0000 UTC,"
        "2026-01-10 09:00:05 +0000 UTC,1m7s",
        "# taken out",
        "a.org,*data,c2,*rated,1001,1001,,2026-01-10T09:00:00Z,2026-01-10T09:00:00Z,1048576",
        'a.org,*sms,c3,*rated,1001,1001,"336,1",1768035605,1768035605,1',
    ]
    return "\n".join(lines).encode(), ("\r\n".join(lines[1:]) + "\r\n").encode()


def cgrates_parts() -> tuple[bytes, ...]:
    """Parts of calls as a switch lists them, without ids: two of one call, one of another."""
    return (
        b"33612345678,442071838750,GB-Fixed,10.01.2026 09:00:00,10.01.2026 09:00:05,1,65,Peak,0.01,"
        b"33612,partial\n"
        b"33612345678,442071838750,GB-Fixed,10.01.2026 09:01:10,10.01.2026 09:00:05,0,12,Peak,0.01,"
        b"33612,complete\n",
        b"33612345679,33698765432,FR,10.01.2026 10:00:00,10.01.2026 10:00:00,1,74,Offpeak,0,336,"
        b"complete\r\n",
    )


CSV_OPTIONS: dict[str, Any] = {
    "columns": {
        "record_id": ["id", "part"],
        "service": "kind",
        "subscriber": "from",
        "other_party": "to",
        "started_at": ["day", "time"],
        "duration_seconds": "length",
        "bytes_downlink": "volume",
        "disposition": "result",
    },
    "constants": {"subscriber_kind": "msisdn"},
    "values": {"service": {"1": "voice", "4": "data"}, "disposition": {"": "answered"}},
    "units": {"duration_seconds": "h:mm:ss", "bytes_downlink": "kib"},
    "time_form": "%d.%m.%Y %H:%M:%S",
}


def csv() -> tuple[bytes, ...]:
    lines = [
        "id,part,kind,from,to,day,time,length,volume,result",
        "c1,1,1,336,337,10.01.2026,10:00:05,0:01:07,,",
        'c2,,4,336,"3,7",10.01.2026,10:00:05,,1.5,"ok"',
        "c3,,1,336,337,25.10.2026,02:30:00,00:00:07,,busy",
    ]
    return "\n".join(lines).encode(), ("\r\n".join(lines) + "\r\n").encode()


def freeswitch_csv() -> tuple[bytes, ...]:
    cells = [
        "Alice",
        "1001",
        "0612345678",
        "default",
        "2026-01-10 10:00:00",
        "2026-01-10 10:00:05",
        "2026-01-10 10:01:12",
        "72",
        "67",
        "NORMAL_CLEARING",
        "0f0e0d0c-0000-4000-8000-000000000001",
        "",
        "acme",
        "PCMA",
        "PCMA",
    ]
    unanswered = [*cells[:5], "", *cells[6:8], "0", "USER_BUSY", *cells[10:]]
    lines = [",".join(f'"{cell}"' for cell in line) for line in (cells, unanswered)]
    return "\n".join(lines).encode(), ("\r\n".join(lines) + "\r\n").encode()


def freeswitch_json() -> tuple[bytes, ...]:
    leg = {
        "channel_data": {"direction": "inbound"},
        "variables": {
            "uuid": "id1",
            "sip_from_user": "alice%40example.com",
            "start_epoch": "1768035600",
            "start_uepoch": "1768035600250000",
            "answer_uepoch": "1768035605500000",
            "billsec": "67",
            "billmsec": "66540",
            "hangup_cause": "NORMAL_CLEARING",
        },
        "callflow": [{"caller_profile": {"destination_number": "%2B33612345678"}}],
    }
    text = json.dumps(leg)
    return text.encode(), (json.dumps(leg, indent=1) + "\n" + text).encode()


TAP_EVENTS = [
    call(tax=3, camel_fee=4, serving_network="WERFD"),
    call(terminating=True, teleservice="21", sms_other="Bank"),
    data(part="L"),
    supplementary_service(),
    content_transaction(4, refund=True),
    messaging_event(3),
]


def tap3() -> tuple[bytes, ...]:
    return (
        TapFile(TAP_EVENTS).content(),
        TapFile(TAP_EVENTS[:3], indefinite=True).content(),
        TapFile(TAP_EVENTS[:1]).content(),
        TapFile().notification(),
    )
