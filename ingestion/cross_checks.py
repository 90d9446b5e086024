"""Checks that need more than one cell: keys, overlaps, references, and the rules of single tables.

All of them read the `typed` tables of a private DuckDB connection. A check of references to a
table that could not be read completely is left out: it would only repeat that table's faults.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import duckdb

from ingestion.arrow import rows_where
from ingestion.cell_checks import literal, quoted
from ingestion.faults import Fault
from ingestion.operator_yaml import FILE, OperatorSettings, is_language
from ingestion.table_reading import LINE, RawTable
from ingestion.tables import BASE_UNITS, DAYS, UNITS, Column, Reference, Table


@dataclass
class Findings:
    """What the checks of a folder found; `raw` gives each table's file and completeness."""

    con: duckdb.DuckDBPyConnection
    raw: Mapping[str, RawTable]
    settings: OperatorSettings
    faults: list[Fault] = field(default_factory=list)
    warnings: list[Fault] = field(default_factory=list)

    def rows(self, query: str) -> list[tuple]:
        return self.con.execute(query).fetchall()

    def add(
        self,
        table: str,
        column: str | None,
        message: str,
        query: str,
        *,
        warning: bool = False,
    ) -> None:
        """One finding for each row (line, value or none) of the query.

        A third column, if there is one, fills `{}` in the message.
        """
        found = self.warnings if warning else self.faults
        raw = self.raw[table]
        rows = self.rows(query)
        if rows and column and raw.table.column(column).kind not in ("text", "list"):
            rows = self._as_written(raw, column, rows)
        for line, value, *rest in rows:
            text = message.format(*rest) if rest else message
            found.append(Fault(raw.file, line, column, text, None if value is None else str(value)))

    def _as_written(self, raw: RawTable, column: str, rows: list[tuple]) -> list[tuple]:
        """The rows with the cell's own text as value."""
        chosen = rows_where(raw.rows, LINE, [row[0] for row in rows])
        texts = dict(
            zip(chosen.column(LINE).to_pylist(), chosen.column(column).to_pylist(), strict=True)
        )
        return [(line, texts[line], *rest) for line, _, *rest in rows]

    def complete(self, *tables: str) -> bool:
        return all(self.raw[table].complete for table in tables)


def cross_check(findings: Findings) -> None:
    """Run every check that goes beyond one cell."""
    for raw in findings.raw.values():
        if raw.rows.num_rows == 0:
            continue
        _check_keys(findings, raw.table)
        _check_validity(findings, raw.table)
        for column in raw.table.columns:
            if column.references:
                _check_reference(findings, raw.table, column, column.references)
    for check in SINGLE_RULES:
        check(findings)


# ---------------------------------------------------------------------------------- keys and time


def _key_sql(table: Table) -> list[str]:
    return [
        f"coalesce(cast({quoted(key.column)} as varchar), {literal(key.default)})"
        for key in table.key
    ]


def _present(table: Table) -> str:
    """Rows whose key could be read."""
    required = [key.column for key in table.key if table.column(key.column).required]
    return " and ".join(f"{quoted(name)} is not null" for name in required) or "true"


def _check_keys(findings: Findings, table: Table) -> None:
    if not table.key:
        return
    keys = _key_sql(table)
    shown = " || ', ' || ".join(keys)
    column = table.key[0].column if len(table.key) == 1 else None
    subject = "" if column else f"the key ({', '.join(key.column for key in table.key)}) "
    if table.validity:
        findings.add(
            table.name,
            column,
            f"{subject}is valid at the same time on line {{}}",
            _overlaps(
                f"select *, {shown} as shown from {typed(table.name)} where {_present(table)}",
                keys,
                table.validity,
                table.column(table.validity[0]).sql_type,
            ),
            warning=table.overlap == "warning",
        )
    else:
        findings.add(
            table.name,
            column,
            f"{subject}stands already on line {{}}",
            f"""
            select {LINE}, shown, first_line from (
                select {LINE}, {shown} as shown,
                    min({LINE}) over (partition by {", ".join(keys)}) as first_line
                from {typed(table.name)} where {_present(table)}
            ) where {LINE} > first_line
            """,
        )


def _overlaps(rows: str, keys: list[str], validity: tuple[str, str], sql_type: str) -> str:
    """Of `rows` (with a column `shown`) those that begin before one of the same key has ended.

    Half open, so that one row may begin on the day on which another ends. The third column is the
    line of the row that reaches furthest.
    """
    start, end = (quoted(name) for name in validity)
    names = [f"key_{number}" for number in range(len(keys))]
    return f"""
        select {LINE}, shown, reached.line from (
            select *, max({{'upto': upto, 'line': {LINE}}}) over (
                partition by {", ".join(names)}
                order by since, {LINE} rows between unbounded preceding and 1 preceding
            ) as reached
            from (
                select {LINE}, shown,
                    coalesce({start}, cast('-infinity' as {sql_type})) as since,
                    coalesce({end}, cast('infinity' as {sql_type})) as upto,
                    {", ".join(f"{key} as {name}" for key, name in zip(keys, names, strict=True))}
                from ({rows})
            ) where since < upto
        ) where since < reached.upto
    """


def _check_validity(findings: Findings, table: Table) -> None:
    """An end before its beginning; in the ratebook also a stretch of no time at all.

    A product that a customer cancels on its first day is no mistake.
    """
    names = {column.name for column in table.columns}
    for start, end in (
        ("valid_from", "valid_to"),
        ("activated_at", "terminated_at"),
        ("opened_on", "closed_on"),
    ):
        if not {start, end} <= names:
            continue
        operator, says = ("<=", "not after") if table.folder == "ratebook" else ("<", "before")
        findings.add(
            table.name,
            end,
            f"{says} {start}",
            f"select {LINE}, {end} from {typed(table.name)} where {end} {operator} {start}",
        )


# ------------------------------------------------------------------------------------ references


def _check_reference(
    findings: Findings, table: Table, column: Column, reference: Reference
) -> None:
    if not findings.complete(reference.table):
        return
    name = quoted(column.name)
    source = typed(table.name)
    if column.kind == "list":
        source = f"(select {LINE}, unnest(string_split({name}, ';')) as {name} from {source})"
    others = ", ".join(literal(other) for other in reference.others)
    excluded = f"and {name} not in ({others})" if others else ""
    unknown = f"""
        select {LINE}, {name} as value from {source}
        where {name} is not null {excluded}
            and {name} not in (
                select {quoted(reference.column)} from {typed(reference.table)}
                where {quoted(reference.column)} is not null
            )
    """
    warning = reference.unknown == "warning"
    if warning:
        # One warning for each unknown value is enough.
        unknown = f"select min({LINE}), value from ({unknown}) group by value"
    message = f"not in {reference.table}.{reference.column}"
    findings.add(table.name, column.name, message, unknown, warning=warning)


def typed(table: str) -> str:
    """The relation that holds the table's typed cells."""
    return f"typed.{quoted(table)}"


# ---------------------------------------------------------------------------------- single tables


def _products(findings: Findings) -> None:
    findings.add(
        "products",
        "rate_card_id",
        "a plan needs a rate card",
        f"select {LINE}, null from typed.products where kind = 'plan' and rate_card_id is null",
    )
    findings.add(
        "products",
        "price",
        "empty, but charged {}",
        f"""
        select {LINE}, null, charge from typed.products
        where charge <> 'none' and price is null
            and {LINE} not in (select line from faulty where file = 'products' and name = 'price')
        """,
    )


def _units(findings: Findings) -> None:
    pairs = ", ".join(
        f"('{service}', '{unit}')" for service, units in UNITS.items() for unit in units
    )
    for table in ("allowances", "rates"):
        findings.add(
            table,
            "unit",
            "not a unit of {}",
            f"""
            select {LINE}, unit, service from {typed(table)}
            where service is not null and unit is not null and (service, unit) not in ({pairs})
            """,
        )
    base_units = " ".join(
        f"when '{unit}' then {size}" for units in UNITS.values() for unit, size in units.items()
    )
    defaults = " ".join(f"when '{service}' then '{unit}'" for service, unit in BASE_UNITS.items())
    size = f"case coalesce(unit, case service {defaults} end) {base_units} end"
    for column in ("quantity", "rollover_max"):
        findings.add(
            "allowances",
            column,
            "not a whole number of {}s",
            f"""
            select {LINE}, {column}, case service {defaults} end from typed.allowances
            where cast({column} as decimal(38,12)) * {size} % 1 <> 0
            """,
        )


def _rates(findings: Findings) -> None:
    findings.add(
        "rates",
        "rate_id",
        "stands already on line {}",
        f"""
        select {LINE}, rate_id, first_line from (
            select {LINE}, rate_id, min({LINE}) over (partition by rate_id) as first_line
            from typed.rates where rate_id is not null
        ) where {LINE} > first_line
        """,
    )
    findings.add(
        "rates",
        "maximum_charge",
        "below minimum_charge",
        f"select {LINE}, maximum_charge from typed.rates where maximum_charge < minimum_charge",
    )
    key = (
        "rate_card_id, service, coalesce(direction, 'originating'), coalesce(visited_zone, '*'),"
        " coalesce(zone, '*'), coalesce(band, '*'), valid_from, valid_to"
    )
    findings.add(
        "rates",
        "tier_mode",
        "differs from the other tiers, on line {}",
        f"""
        select {LINE}, mode, first_line from (
            select *, first(mode) over (partition by {key} order by {LINE}) as first_mode,
                min({LINE}) over (partition by {key}) as first_line
            from (
                select *, coalesce(tier_mode, 'graduated') as mode from typed.rates
                where coalesce(starts_at, 0) = 0
            )
        ) where mode <> first_mode
        """,
    )
    for column in ("starts_at", "tier_from"):
        findings.add(
            "rates",
            column,
            "no row of this rate begins at 0: what lies below has no price",
            f"""
            select min({LINE}), min({column}) from typed.rates
            where rate_card_id is not null and service is not null
            group by {key} having min(coalesce({column}, 0)) > 0
            """,
            warning=True,
        )


def _bands(findings: Findings) -> None:
    """Equal priorities at one moment are an error; a holiday is also its weekday."""
    file = findings.raw["bands"].file
    rows = findings.rows(
        f"select {LINE}, band, days, from_time, to_time, coalesce(priority, 0) from typed.bands"
        f" where days is not null and from_time is not null and to_time is not null order by {LINE}"
    )
    holidays = {
        DAYS[date.weekday()]
        for (date,) in findings.rows("select date from typed.holidays where date is not null")
    }
    earlier: list[tuple[int, set[str], str, str, int]] = []
    for line, _, days, from_time, to_time, priority in rows:
        start, end = _padded(from_time), _padded(to_time)
        if end <= start:
            message = f"not after from_time {from_time} (a band may not cross midnight)"
            findings.faults.append(Fault(file, line, "to_time", message, to_time))
            continue
        moments = set(days.split(";"))
        for other_line, other_moments, other_start, other_end, other_priority in earlier:
            if priority != other_priority or start >= other_end or other_start >= end:
                continue
            shared = moments & other_moments
            mixed = {day for day in moments ^ other_moments if day != "holiday"}
            on_holiday = ("holiday" in moments) != ("holiday" in other_moments) and mixed
            if shared:
                message = f"the same at one moment on line {other_line}"
                findings.faults.append(Fault(file, line, "priority", message, str(priority)))
            elif on_holiday and mixed & holidays:
                message = f"the same on a holiday on line {other_line}"
                findings.faults.append(Fault(file, line, "priority", message, str(priority)))
            elif on_holiday:
                message = f"would be the same on a holiday on line {other_line}"
                findings.warnings.append(Fault(file, line, "priority", message, str(priority)))
        earlier.append((line, moments, start, end, priority))


def _padded(time: str) -> str:
    return time if len(time) == 8 else time + ":00"


def _discounts(findings: Findings) -> None:
    findings.add(
        "discounts",
        "value",
        "above 100 percent",
        f"select {LINE}, value from typed.discounts where kind = 'percent' and value > 100",
    )


def _languages(findings: Findings) -> None:
    for table in ("accounts", "translations"):
        languages = findings.rows(
            f"select distinct language from {typed(table)} where language is not null"
        )
        for (language,) in languages:
            if wrong := is_language(language):
                findings.add(
                    table,
                    "language",
                    wrong,
                    f"select {LINE}, language from {typed(table)}"
                    f" where language = {literal(language)}",
                )


def _translated(findings: Findings) -> None:
    """A translation of nothing is most likely a misspelled id."""
    sources = {
        "product": ("products", "product_id"),
        "allowance": ("allowances", "allowance_id"),
        "discount": ("discounts", "discount_id"),
        "tax": ("taxes", "tax_id"),
    }
    for entity, (table, column) in sources.items():
        if findings.complete(table):
            findings.add(
                "translations",
                "id",
                f"not in {table}.{column}",
                f"""
                select {LINE}, id from typed.translations
                where entity = '{entity}'
                    and id not in (select {column} from {typed(table)} where {column} is not null)
                """,
                warning=True,
            )


def _accounts(findings: Findings) -> None:
    days = findings.settings.cycle_days
    if days:
        findings.add(
            "accounts",
            "cycle_day",
            f"not in billing.cycle_days of {FILE} ({', '.join(str(day) for day in days)})",
            f"""
            select {LINE}, cycle_day from typed.accounts
            where cycle_day not in ({", ".join(str(day) for day in days)})
            """,
        )


def _same_account(findings: Findings) -> None:
    if not findings.complete("subscriptions"):
        return
    for table in ("subscribed_products", "subscribed_discounts", "adjustments"):
        findings.add(
            table,
            "subscription_id",
            "belongs to account {}",
            f"""
            select held.{LINE}, held.subscription_id, any_value(subscriptions.account_id)
            from {typed(table)} as held
            inner join typed.subscriptions using (subscription_id)
            where held.account_id is not null
            group by held.{LINE}, held.subscription_id, held.account_id
            having not bool_or(held.account_id = subscriptions.account_id)
            """,
        )


def _plans(findings: Findings) -> None:
    """One plan per subscription at any moment."""
    if not findings.complete("products"):
        return
    plans = "(select distinct product_id from typed.products where kind = 'plan')"
    findings.add(
        "subscribed_products",
        "product_id",
        "another plan of the subscription is valid at the same time, on line {}",
        _overlaps(
            f"""
            select *, product_id as shown from typed.subscribed_products
            where subscription_id is not null and product_id in {plans}
            """,
            ["subscription_id"],
            ("valid_from", "valid_to"),
            "date",
        ),
    )
    findings.add(
        "subscribed_products",
        "subscription_id",
        "a plan is held by a subscription, not by an account",
        f"""
        select {LINE}, product_id from typed.subscribed_products
        where subscription_id is null and product_id in {plans}
            and {LINE} not in (
                select line from faulty
                where file = 'subscribed_products' and name = 'subscription_id'
            )
        """,
    )


def _held_products(findings: Findings) -> None:
    findings.add(
        "subscribed_products",
        "interval_from",
        "not on the account's cycle day {}",
        f"""
        select held.{LINE}, held.interval_from, accounts.cycle_day
        from typed.subscribed_products as held
        inner join typed.accounts using (account_id)
        where day(held.interval_from) <> accounts.cycle_day
        """,
    )
    if findings.complete("products"):
        # 5.1: the price in force on the first day of the charged stretch holds.
        findings.add(
            "subscribed_products",
            "valid_from",
            "product {} is not in force on this day",
            f"""
            select held.{LINE}, held.valid_from, held.product_id
            from typed.subscribed_products as held
            where held.valid_from is not null
                and held.product_id in (select product_id from typed.products)
                and not exists (
                    select 1 from typed.products
                    where products.product_id = held.product_id
                        and coalesce(products.valid_from, date '-infinity') <= held.valid_from
                        and coalesce(products.valid_to, date 'infinity') > held.valid_from
                )
            """,
            warning=True,
        )


def _payments(findings: Findings) -> None:
    findings.add(
        "payments",
        "amount",
        "a payment of nothing",
        f"select {LINE}, amount from typed.payments where amount = 0",
    )
    minor_units = findings.settings.row.get("minor_units")
    if isinstance(minor_units, int):
        findings.add(
            "payments",
            "amount",
            f"more than {minor_units} decimals",
            f"""
            select {LINE}, rtrim(cast(amount as varchar), '0') from typed.payments
            where amount <> round(amount, {minor_units})
            """,
        )


def _tax_categories(findings: Findings) -> None:
    category = findings.settings.row.get("late_fee_tax_category")
    if category is None or not findings.complete("taxes"):
        return
    known = findings.rows("select distinct tax_category from typed.taxes")
    if (category,) not in known:
        path = "billing.late_fee.tax_category"
        findings.warnings.append(
            Fault(
                FILE,
                findings.settings.lines.get(path),
                path,
                "not in taxes.tax_category",
                str(category),
            )
        )


SINGLE_RULES: tuple[Callable[[Findings], None], ...] = (
    _products,
    _units,
    _rates,
    _bands,
    _discounts,
    _languages,
    _translated,
    _accounts,
    _same_account,
    _plans,
    _held_products,
    _payments,
    _tax_categories,
)
