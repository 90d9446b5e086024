"""The bytes of usage files: the `billhouse` feed in its shapes, Asterisk, FreeSWITCH."""

import gzip
import io
import json
from datetime import date

import polars as pl
import zstandard

from ingestion.decoding import USAGE_COLUMNS
from ingestion.demo import dice
from ingestion.demo.usage import FIRST_SWITCH, GATEWAY, SECOND_SWITCH

SWITCH_NAMES = {FIRST_SWITCH: "msc1", SECOND_SWITCH: "msc2", GATEWAY: "pgw"}
_GZIP_LEVEL = 4
_ZSTD_LEVEL = 3


def core_suffix(switch: int, number: int) -> str:
    """How the switch writes its file of the day."""
    if switch == FIRST_SWITCH:
        return ".csv.gz" if number % 7 == 3 else ".csv"
    if switch == SECOND_SWITCH:
        return {0: ".jsonl", 1: ".csv.gz", 2: ".csv.zst"}.get(number % 6, ".csv")
    return {0: ".parquet", 2: ".jsonl.gz"}.get(number % 4, ".csv")


def core_name(switch: int, day: date, suffix: str) -> str:
    """Where a file of the core network stands."""
    return f"cdr/core/{day:%Y-%m}/{SWITCH_NAMES[switch]}_{day:%Y%m%d}{suffix}"


def core_text(records: pl.DataFrame, switch: int, suffix: str) -> bytes:
    """A text file of the core network, not yet packed."""
    text = io.BytesIO()
    if ".jsonl" in suffix:
        _typed(records.with_columns(_instant(switch))).write_ndjson(text)
    else:
        records.with_columns(_instant(switch)).select(USAGE_COLUMNS).write_csv(text)
    return text.getvalue()


def core_parquet(records: pl.DataFrame) -> bytes:
    """A Parquet file of the core network, typed."""
    content = io.BytesIO()
    instant = pl.from_epoch("at").dt.cast_time_unit("us").dt.replace_time_zone("UTC")
    typed = _typed(records.with_columns(started_at=instant))
    typed.write_parquet(content, compression="zstd", statistics=False)
    return content.getvalue()


def packed(content: bytes, suffix: str) -> bytes:
    """Compressed as the suffix says; no clock in it, so that equal content gives equal bytes."""
    if suffix.endswith(".gz"):
        return gzip.compress(content, _GZIP_LEVEL, mtime=0)
    if suffix.endswith(".zst"):
        return zstandard.ZstdCompressor(_ZSTD_LEVEL).compress(content)
    return content


def _typed(records: pl.DataFrame) -> pl.DataFrame:
    """Numbers as numbers; the switches that write typed files count whole seconds."""
    return records.select(USAGE_COLUMNS).with_columns(pl.col("duration_seconds").cast(pl.Int64))


def _instant(switch: int) -> pl.Expr:
    """started_at as text: the second switch writes local time with its offset."""
    instant = pl.from_epoch("at").dt.replace_time_zone("UTC")
    if switch == SECOND_SWITCH:
        local = instant.dt.convert_time_zone("Europe/Paris")
        return local.dt.strftime("%Y-%m-%dT%H:%M:%S%:z").alias("started_at")
    return instant.dt.strftime("%Y-%m-%dT%H:%M:%SZ").alias("started_at")


def _local_text(seconds: pl.Expr) -> pl.Expr:
    instant = pl.from_epoch(seconds).dt.replace_time_zone("UTC")
    return instant.dt.convert_time_zone("Europe/Paris").dt.strftime("%Y-%m-%d %H:%M:%S")


def asterisk_csv(calls: pl.DataFrame, number: int) -> bytes:
    """cdr-csv/Master.csv of a day: no header, local times, uniqueid switched on."""
    ring = (dice.throw(pl.col("hashed"), 101) % 16 + 2).cast(pl.Int64)
    answered = pl.col("disposition") == "answered"
    channel = (dice.throw(pl.col("hashed"), 102) % 900_000 + 100_000).cast(pl.String)
    text = io.BytesIO()
    calls.sort("at", "hashed").with_columns(ring=ring).select(
        accountcode=pl.col("account_id"),
        src=pl.col("subscriber"),
        dst=pl.col("other_party"),
        dcontext=pl.lit("from-internal"),
        clid=pl.format('"{}" <{}>', "subscriber", "subscriber"),
        channel=pl.format("PJSIP/{}-00{}", "subscriber", channel),
        dstchannel=pl.format("PJSIP/trunk-01{}", channel),
        lastapp=pl.lit("Dial"),
        lastdata=pl.format("PJSIP/{}@trunk,60", "other_party"),
        start=_local_text(pl.col("at") - pl.col("ring")),
        answer=pl.when(answered).then(_local_text(pl.col("at"))).otherwise(pl.lit("")),
        end=_local_text(pl.col("at") + pl.col("seconds")),
        duration=pl.col("seconds") + pl.col("ring"),
        billsec=pl.col("seconds"),
        disposition=pl.when(answered)
        .then(pl.lit("ANSWERED"))
        .when(pl.col("disposition") == "busy")
        .then(pl.lit("BUSY"))
        .otherwise(pl.lit("NO ANSWER")),
        amaflags=pl.lit("DOCUMENTATION"),
        uniqueid=pl.format(
            "{}.{}", pl.col("at") - pl.col("ring"), number * 100_000 + pl.int_range(pl.len())
        ),
        userfield=pl.lit(""),
    ).write_csv(text, include_header=False, quote_style="non_numeric")
    return text.getvalue()


_HANGUP = {
    "answered": ("NORMAL_CLEARING", "16"),
    "busy": ("USER_BUSY", "17"),
    "no_answer": ("NO_ANSWER", "19"),
}


def freeswitch_json(calls: pl.DataFrame) -> bytes:
    """mod_json_cdr of a day, one a-leg a line; numbers as strings, as FreeSWITCH writes them."""
    lines = []
    for call in calls.sort("at", "hashed").iter_rows(named=True):
        hashed: int = call["hashed"]
        seconds: int = call["seconds"]
        ring = hashed % 14 + 2
        answered = call["disposition"] == "answered"
        cause, code = _HANGUP[call["disposition"]]
        started, ended = call["at"] - ring, call["at"] + seconds
        user, dialled = call["subscriber"], call["other_party"]
        uuid = f"{hashed:016x}{dice.mixed(hashed):016x}"
        uuid = "-".join((uuid[:8], uuid[8:12], uuid[12:16], uuid[16:20], uuid[20:]))
        document = {
            "core-uuid": "5f0c6c1e-0000-4000-8000-000000000001",
            "switchname": "sip1",
            "channel_data": {"state": "CS_REPORTING", "direction": "inbound"},
            "variables": {
                "direction": "inbound",
                "uuid": uuid,
                "sip_from_user": user,
                "sip_req_user": dialled,
                "accountcode": call["account_id"],
                "start_epoch": str(started),
                "answer_epoch": str(call["at"] if answered else 0),
                "end_epoch": str(ended),
                "start_uepoch": str(started * 1_000_000),
                "answer_uepoch": str(call["at"] * 1_000_000 if answered else 0),
                "end_uepoch": str(ended * 1_000_000),
                "duration": str(seconds + ring),
                "billsec": str(seconds),
                "billmsec": str(seconds * 1000),
                "hangup_cause": cause,
                "hangup_cause_q850": code,
            },
            "callflow": [
                {
                    "dialplan": "XML",
                    "profile_index": "1",
                    "caller_profile": {
                        "username": user,
                        "caller_id_name": user,
                        "caller_id_number": user,
                        "destination_number": dialled,
                        "context": "default",
                    },
                    "times": {"answered_time": str(call["at"] * 1_000_000 if answered else 0)},
                }
            ],
        }
        lines.append(json.dumps(document, ensure_ascii=False, separators=(",", ":")))
    return ("\n".join(lines) + "\n").encode("utf-8")
