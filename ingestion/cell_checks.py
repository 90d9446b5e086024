"""Types one table's cells and finds those that are wrong, column by column, in SQL.

One expression says what is wrong with a cell and one gives its value; both are made from the
column's declaration. A cell that is wrong becomes null, so that the other checks can go on.
"""

from __future__ import annotations

import duckdb

from ingestion.faults import Fault
from ingestion.table_reading import LINE, RawTable
from ingestion.tables import Column, Table

BOOLEAN = "true|false"
INTEGER = "-?[0-9]{1,18}"
DATE = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
LOCAL_TIMESTAMP = DATE + "[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\\.[0-9]{1,9})?)?"
INSTANT = (
    DATE
    + "[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{1,9})?"
    + "(Z|[+-](0[0-9]|1[0-5])(:?[0-5][0-9])?)"
)
TIME = "([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?|24:00(:00)?"
DECIMALS = {"decimal": 12, "percent": 6}


def quoted(name: str) -> str:
    """An identifier; names come from the declarations, never from a file."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A string literal."""
    return "'" + text.replace("'", "''") + "'"


def instant_sql(text: str) -> str:
    """UTC timestamp of an ISO 8601 text that has an offset; null if there is no such instant."""
    return f"make_timestamp(epoch_us(try_cast({text} as timestamptz)))"


def decimal_pattern(decimals: int) -> str:
    """Zeroes beyond the last decimal are harmless."""
    return f"-?[0-9]+(\\.[0-9]{{1,{decimals}}}0*)?"


def check_cells(con: duckdb.DuckDBPyConnection, raw: RawTable, time_zone: str) -> list[Fault]:
    """Create `typed.<table>` (the table's columns and source_line) and return every fault."""
    table = raw.table
    con.register("cells", raw.rows)
    # Each cell as text and as value; from here on nothing is read from text a second time.
    read = ", ".join(
        f"{quoted(column.name)}, {_value(column, time_zone)} as {_valued(column)}"
        for column in table.columns
    )
    con.execute(f"create or replace temp table read as select {LINE}, {read} from cells")
    con.unregister("cells")
    wrongs = {column.name: _wrong(table, column) for column in table.columns}
    faults: list[Fault] = []
    if raw.rows.num_rows:
        found = con.execute(
            f"""
            select {LINE},
                [{", ".join(quoted(name) for name in wrongs)}],
                [{", ".join(wrongs.values())}]
            from read where coalesce({", ".join(wrongs.values())}) is not null
            order by {LINE}
            """
        ).fetchall()
        faults = [
            Fault(raw.file, line, name, wrong, text)
            for line, texts, messages in found
            for name, text, wrong in zip(wrongs, texts, messages, strict=True)
            if wrong is not None
        ]
    at_fault = {fault.column for fault in faults}
    values = ", ".join(
        f"case when {wrongs[column.name]} is null then {_valued(column)} end"
        f" as {quoted(column.name)}"
        if column.name in at_fault
        else f"{_valued(column)} as {quoted(column.name)}"
        for column in table.columns
    )
    con.execute(
        f"create or replace table typed.{quoted(table.name)} as select {values}, {LINE} from read"
    )
    con.execute("drop table read")
    return faults


def _valued(column: Column) -> str:
    return quoted(f"value of {column.name}")


def _value(column: Column, time_zone: str) -> str:
    text = quoted(column.name)
    match column.kind:
        case "boolean":
            return f"{text} = 'true'"
        case "decimal":
            # Wide decimals are slow to read from text; nearly all fit into a narrow one.
            return (
                f"case when regexp_full_match({text}, '-?[0-9]{{1,9}}([.][0-9]{{1,9}})?')"
                f" then cast(try_cast({text} as decimal(18,9)) as {column.sql_type})"
                f" else try_cast({text} as {column.sql_type}) end"
            )
        case "integer" | "percent" | "date":
            return f"try_cast({text} as {column.sql_type})"
        case "instant":
            return instant_sql(text)
        case "date_or_instant":
            midnight = (
                f"timezone({literal(time_zone)}, try_cast(try_cast({text} as date) as timestamp))"
            )
            return (
                f"case when length({text}) = 10 then make_timestamp(epoch_us({midnight}))"
                f" else {instant_sql(text)} end"
            )
        case "list":
            # Blanks around the separator mean nothing; readers of the raw table need not know.
            return f"array_to_string({_items(text)}, ';')"
        case _:
            return text


def _items(text: str) -> str:
    return f"list_transform(string_split({text}, ';'), lambda item: trim(item))"


def _wrong(table: Table, column: Column) -> str:
    """SQL for what is wrong with the cell, null if nothing is."""
    text, value = quoted(column.name), _valued(column)
    cases = [f"when {text} is null then {literal('empty') if column.required else 'null'}"]

    def refuse(condition: str, message: str) -> None:
        cases.append(f"when {condition} then {literal(message)}")

    def unlike(pattern: str) -> str:
        return f"not regexp_full_match({text}, {literal(pattern)})"

    match column.kind:
        case "boolean":
            refuse(f"{text} not in ('true', 'false')", "not true or false")
        case "integer":
            refuse(unlike(INTEGER), "not a whole number")
        case "decimal" | "percent":
            decimals = DECIMALS[column.kind]
            refuse(unlike("-?[0-9]+(\\.[0-9]+)?"), "not a decimal number")
            refuse(unlike(decimal_pattern(decimals)), f"more than {decimals} decimals")
            refuse(f"{value} is null", "too large")
        case "date":
            refuse(
                f"{unlike(DATE)} or {value} is null or {text} < '0001'",
                "not a date (YYYY-MM-DD)",
            )
        case "instant":
            refuse(unlike(INSTANT) + f" and {_like(text, LOCAL_TIMESTAMP)}", "no offset and no Z")
            refuse(
                f"{unlike(INSTANT)} or {value} is null",
                "not an instant (ISO 8601 with an offset or Z)",
            )
        case "date_or_instant":
            refuse(
                f"{_like(text, DATE)} and ({value} is null or {text} < '0001')",
                "not a date (YYYY-MM-DD)",
            )
            refuse(_like(text, LOCAL_TIMESTAMP), "no offset and no Z")
            refuse(
                f"{unlike(DATE)} and ({unlike(INSTANT)} or {value} is null)",
                "not a date or an instant (ISO 8601 with an offset or Z)",
            )
        case "time":
            refuse(unlike(TIME), "not a time (HH:MM or HH:MM:SS)")
        case "list":
            refuse(f"list_contains({_items(text)}, '')", "an empty value in the list")
        case "text":
            if _is_name(table, column):
                refuse(f"{text} <> trim({text}, ' \t\r\n')", "begins or ends with a blank")
    if column.allowed:
        says = f"not one of {', '.join(column.allowed)}"
        allowed = ", ".join(literal(value) for value in column.allowed)
        if column.kind == "list":
            refuse(f"not list_has_all([{allowed}], {_items(text)})", says)
        else:
            refuse(f"{text} not in ({allowed})", says)
    if column.pattern:
        refuse(unlike(column.pattern), column.pattern_says or "not of the right form")
    if column.minimum is not None:
        refuse(f"{value} < {column.minimum}", f"below {column.minimum}")
    if column.above is not None:
        refuse(f"{value} <= {column.above}", f"not above {column.above}")
    if column.maximum is not None:
        refuse(f"{value} > {column.maximum}", f"above {column.maximum}")
    return "case " + " ".join(cases) + " end"


def _like(text: str, pattern: str) -> str:
    return f"regexp_full_match({text}, {literal(pattern)})"


def _is_name(table: Table, column: Column) -> bool:
    """Whether the text names something, so that a stray blank would make it another name."""
    return (
        (column.required and column.name.endswith("_id"))
        or column.references is not None
        or any(key.column == column.name for key in table.key)
    )
