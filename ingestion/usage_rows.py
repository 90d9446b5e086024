"""What a usage record may hold, for every format alike: SQL from text cells to raw.usage_records.

A record at fault here can not be read (2.1 `rejected`); what only makes no sense (a negative
duration, an unknown subscriber) is left to mediation, which can mend it.
"""

from __future__ import annotations

from dataclasses import dataclass

from ingestion.cell_checks import INSTANT, LOCAL_TIMESTAMP, instant_sql, literal, quoted
from ingestion.decoding import LINE_NUMBER, USAGE_COLUMNS
from ingestion.tables import DIRECTIONS, SERVICES

DURATION_DECIMALS = 6
SHOWN_CHARACTERS = 100

# raw.usage_records, in this order.
RECORD_COLUMNS: tuple[tuple[str, str], ...] = (
    ("file_number", "bigint"),
    ("file_id", "varchar"),
    ("feed", "varchar"),
    ("line_number", "bigint"),
    ("record_id", "varchar"),
    ("service", "varchar"),
    ("direction", "varchar"),
    ("subscriber", "varchar"),
    ("subscriber_kind", "varchar"),
    ("other_party", "varchar"),
    ("started_at", "timestamp"),
    ("duration_seconds", "decimal(18,6)"),
    ("bytes_uplink", "bigint"),
    ("bytes_downlink", "bigint"),
    ("messages", "bigint"),
    ("serving_network", "varchar"),
    ("charging_id", "varchar"),
    ("sequence", "bigint"),
    ("is_final", "boolean"),
    ("disposition", "varchar"),
)
TYPES = dict(RECORD_COLUMNS)


# Ids and numbers differ from row to row, the other texts are few. Said here, because finding it out
# for each stretch of rows takes the warehouse longer than writing them.
_DIFFERENT = ("record_id", "charging_id", "subscriber", "other_party")
_FEW = (
    "file_id",
    "feed",
    "service",
    "direction",
    "subscriber_kind",
    "serving_network",
    "disposition",
)
COMPRESSION = dict.fromkeys(_DIFFERENT, "fsst") | dict.fromkeys(_FEW, "dictionary")


@dataclass(frozen=True)
class Cell:
    """`value`: SQL of the typed value; `faults`: (condition, message), the first that holds.

    `readable`: SQL that holds if and only if there is no fault, where there is a quicker one.
    """

    name: str
    value: str
    faults: tuple[tuple[str, str], ...]
    readable: str | None = None

    def readable_sql(self) -> str:
        """Whether the cell can be read."""
        return self.readable or " and ".join(
            f"coalesce(not ({condition}), true)" for condition, _ in self.faults
        )


def _required(name: str, *faults: tuple[str, str]) -> Cell:
    return Cell(name, quoted(name), ((f"{quoted(name)} is null", "empty"), *faults))


def _started_at() -> Cell:
    name = "started_at"
    instant = instant_sql(name)
    return Cell(
        name,
        instant,
        (
            (f"{name} is null", "empty"),
            (_matches(name, LOCAL_TIMESTAMP), "no offset and no Z"),
            (
                f"not {_matches(name, INSTANT)} or {instant} is null",
                "not an instant (ISO 8601 with an offset or Z)",
            ),
        ),
        f"""(
            {instant} is not null
            and ({name} like '____-__-__T__:__:__Z' or {_matches(name, INSTANT)})
        )""",
    )


def _one_of(name: str, allowed: tuple[str, ...]) -> tuple[str, str]:
    values = ", ".join(literal(value) for value in allowed)
    return f"{quoted(name)} not in ({values})", f"not one of {', '.join(allowed)}"


def _matches(name: str, pattern: str) -> str:
    return f"regexp_full_match({quoted(name)}, {literal(pattern)})"


def _integer(name: str, value: str | None = None) -> Cell:
    number = f"try_cast({quoted(name)} as bigint)"
    return Cell(
        name,
        value or number,
        (
            (f"not {_matches(name, '-?[0-9]+')}", "not a whole number"),
            (f"{quoted(name)} is not null and {number} is null", "too large"),
        ),
    )


def _duration() -> Cell:
    name = "duration_seconds"
    number = f"try_cast({name} as {TYPES[name]})"
    return Cell(
        name,
        number,
        (
            (f"not {_matches(name, '-?[0-9]+([.][0-9]+)?')}", "not a decimal number"),
            (
                f"not {_matches(name, f'-?[0-9]+([.][0-9]{{1,{DURATION_DECIMALS}}}0*)?')}",
                f"more than {DURATION_DECIMALS} decimals",
            ),
            (f"{name} is not null and {number} is null", "too large"),
            (
                f"service = 'voice' and {name} is null and {_ANSWERED}",
                "empty for an answered call",
            ),
        ),
    )


_ANSWERED = "coalesce(disposition, 'answered') = 'answered'"
_KINDS = ("msisdn", "imsi", "sip_user", "extension")

CELLS: tuple[Cell, ...] = (
    _required("record_id"),
    _required("service", _one_of("service", SERVICES)),
    Cell(
        "direction",
        "coalesce(direction, 'originating')",
        (_one_of("direction", DIRECTIONS),),
    ),
    _required("subscriber"),
    Cell(
        "subscriber_kind",
        "coalesce(subscriber_kind, 'msisdn')",
        (_one_of("subscriber_kind", _KINDS),),
    ),
    Cell("other_party", "other_party", ()),
    _started_at(),
    _duration(),
    _integer("bytes_uplink"),
    Cell(
        "bytes_downlink",
        _integer("bytes_downlink").value,
        (
            *_integer("bytes_downlink").faults,
            (
                "service = 'data' and bytes_uplink is null and bytes_downlink is null"
                f" and {_ANSWERED}",
                "empty, and bytes_uplink too",
            ),
        ),
    ),
    _integer(
        "messages",
        "coalesce(try_cast(messages as bigint), case when service in ('sms', 'mms') then 1 end)",
    ),
    Cell("serving_network", "serving_network", ()),
    Cell("charging_id", "charging_id", ()),
    _integer("sequence"),
    Cell(
        "is_final",
        "is_final = 'true'",
        (("is_final not in ('true', 'false')", "not true or false"),),
    ),
    Cell("disposition", "disposition", ()),
)

assert tuple(cell.name for cell in CELLS) == USAGE_COLUMNS


def is_readable_sql() -> str:
    """Whether a row of cells can be read."""
    return " and ".join(cell.readable_sql() for cell in CELLS if cell.faults)


def reason_sql() -> str:
    """Everything that is wrong with a row: `column: what is wrong: value; …`; empty if nothing."""
    parts: list[str] = []
    for cell in CELLS:
        if not cell.faults:
            continue
        name = quoted(cell.name)
        value = f"coalesce(': ' || left({name}, {SHOWN_CHARACTERS}), '')"
        whens = " ".join(
            f"when {condition} then {literal(f'{cell.name}: {message}')} || {value}"
            for condition, message in cell.faults
        )
        parts.append(f"case {whens} end")
    return f"concat_ws('; ', {', '.join(parts)})"


def insert_sql(rows: str, files: str) -> str:
    """Insert the readable rows of relation `rows` (cells, line_number, file_number).

    `files` is a relation with file_number, file_id and feed.
    """
    values = ", ".join(f"{cell.value} as {quoted(cell.name)}" for cell in CELLS)
    names = ", ".join(quoted(name) for name, _ in RECORD_COLUMNS)
    return f"""
        insert into raw.usage_records ({names})
        select {names}
        from (select file_number, {LINE_NUMBER}, {values} from {rows} where {is_readable_sql()})
        inner join {files} using (file_number)
    """


def rejected_sql(rows: str) -> str:
    """file_number, line_number and reason of each row that can not be read."""
    return f"""
        select file_number, {LINE_NUMBER}, {reason_sql()} as reason
        from {rows} where not ({is_readable_sql()})
        order by file_number, {LINE_NUMBER}
    """
