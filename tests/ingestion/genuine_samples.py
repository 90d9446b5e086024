"""Genuine usage files of other projects, where they lie beside the checkout. None is part of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

SAMPLES = Path(__file__).parents[3] / "shared" / "samples"

_CDR_STATS = {"service": "voice", "subscriber_kind": "extension"}
# By the folder or file below SAMPLES: how a feed reads it.
FEEDS: dict[str, dict[str, Any]] = {
    "asterisk/*.csv": {"format": "asterisk"},
    "freeswitch/json_cdr.json": {"format": "freeswitch_json"},
    "cgrates/partial_cdr_*.csv": {
        "format": "cgrates",
        "columns": [
            "Account",
            "Destination",
            "",
            "SetupTime",
            "AnswerTime",
            "Sequence",
            "Usage",
            "",
            "",
            "",
            "Partial",
        ],
        "time_form": "%d.%m.%Y %H:%M:%S",
        "origin_id": ["Account", "Destination", "AnswerTime"],
        "started_at": "SetupTime",
        "values": {
            "Sequence": {"1": "1", "0": "2"},
            "Partial": {"partial": "part", "complete": "whole"},
        },
    },
    "cdr-stats/CDRImport-*.csv": {
        "format": "csv",
        "columns": {
            "record_id": "callid",
            "subscriber": "accountcode",
            "other_party": "destination_number",
            "started_at": "starting_date",
            "duration_seconds": "billsec",
            "disposition": "hangup_cause_id",
        },
        "constants": _CDR_STATS,
        "values": {"disposition": {"16": "answered"}},
    },
    "cdr-stats/import_cdr_*.txt": {
        "format": "csv",
        "header": "false",
        "cells": "8",
        "columns": {
            "record_id": "7",
            "subscriber": "1",
            "other_party": "3",
            "started_at": "8",
            "duration_seconds": "5",
            "disposition": "6",
        },
        "time_form": "epoch_seconds",
        "constants": _CDR_STATS,
        "values": {"disposition": {"16": "answered"}},
    },
    "cdr-stats/import_voipcall_*.txt": {
        "format": "csv",
        "header": "false",
        "cells": "7",
        "columns": {
            "subscriber": "1",
            "other_party": "2",
            "started_at": "7",
            "duration_seconds": "4",
            "disposition": "3",
        },
        "constants": _CDR_STATS,
        "values": {"disposition": {"ANSWER": "answered"}},
    },
    "tap3/*.ber": {"format": "tap3", "networks": {"WERFD": "26202"}},
}
