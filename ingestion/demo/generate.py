"""Writes a whole demo: company, price lists, customers, then usage day by day."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

import polars as pl

from ingestion.demo import cast, company, feeds, oddities, payments, places, products, rates
from ingestion.demo.crowd import Crowd
from ingestion.demo.customers import Customers
from ingestion.demo.output import Folder
from ingestion.demo.timeline import Timeline
from ingestion.demo.usage import FIRST_SWITCH, GATEWAY, SECOND_SWITCH, UsageMaker
from ingestion.tables import BY_NAME

# The cast alone has nearly as many lines.
SUBSCRIBERS_MIN = 60
MONTHS_MAX = 24

Progress = Callable[[str, int, int], None]
"""what is being written, how much of it is done, how much there is"""


@dataclass(frozen=True)
class DemoSummary:
    """What was written. `subscribers`: in the whole demo; `usage_records`: lines of all usage
    files; `files`: usage files."""

    bill_dates: list[date]
    subscribers: int
    usage_records: int
    files: int


def write_demo(
    folder: Path,
    *,
    subscribers: int = 2000,
    months: int = 3,
    seed: int = 1,
    through: date | None = None,
    progress: Progress | None = None,
) -> DemoSummary:
    """Writes the operator folder of Mobilis Démo SAS; equal arguments give equal bytes.

    `months` bill dates for each of the two cycle days, all fully covered by usage. About 31
    records per subscriber and month. `through`: the folder as it stood on the morning of that day:
    usage files of the days before it, and of customers what was entered before it (who joined,
    left or changed, adjustments, payments). A later call with a later day adds the rest and leaves
    what stands untouched. Empty: all of it.

    ValueError for sizes out of range, FileExistsError for a folder that holds something else.
    """
    if subscribers < SUBSCRIBERS_MIN:
        raise ValueError(f"at least {SUBSCRIBERS_MIN} subscribers: {subscribers}")
    if not 1 <= months <= MONTHS_MAX:
        raise ValueError(f"1 to {MONTHS_MAX} months: {months}")
    timeline = Timeline(months)
    through = timeline.end if through is None else min(through, timeline.end)
    report = progress or (lambda what, done, total: None)
    output = Folder(folder)

    report("customers", 0, subscribers)
    customers = Customers(timeline, Random(seed))
    cast.add_cast(customers)
    Crowd(customers).fill(subscribers)
    report("customers", subscribers, subscribers)
    _write_company(output)
    _write_ratebook(output, through)
    _write_crm(output, customers, timeline, through, seed)

    usage = _UsageWriter(output, UsageMaker(customers.lines, timeline, seed), timeline, seed)
    usage.write_days([day for day in timeline.days if day < through], report)
    output.remove_leftovers("cdr/core", "cdr/pbx", "cdr/sip")
    return DemoSummary(timeline.bill_dates, len(customers.lines), usage.records, usage.files)


def _write_company(output: Folder) -> None:
    output.write("operator.yaml", company.OPERATOR_YAML.encode("utf-8"))
    output.write("branding/brand.yaml", company.BRAND_YAML.encode("utf-8"))
    output.write("branding/logo.svg", company.LOGO_SVG.encode("utf-8"))


def _write_ratebook(output: Folder, through: date) -> None:
    _table(output, "products", products.product_rows(), through)
    _table(output, "allowances", products.allowance_rows(), through)
    _table(output, "rates", rates.rate_rows(), through)
    _table(output, "prefixes", places.prefix_rows(), through)
    _table(output, "networks", places.network_rows(), through)
    _table(output, "bands", rates.band_rows(), through)
    _table(output, "holidays", rates.holiday_rows(), through)
    _table(output, "taxes", products.tax_rows(), through)
    _table(output, "discounts", products.discount_rows(), through)
    _table(output, "translations", products.translation_rows(), through)


def _write_crm(
    output: Folder, customers: Customers, timeline: Timeline, through: date, seed: int
) -> None:
    _table(output, "accounts", (account.row for account in customers.accounts), through)
    _table(output, "subscriptions", customers.subscriptions, through)
    _table(output, "identifiers", customers.identifiers, through)
    _table(output, "subscribed_products", customers.subscribed_products, through)
    _table(output, "subscribed_discounts", customers.subscribed_discounts, through)
    _table(output, "instalments", customers.instalments, through)
    _table(output, "adjustments", customers.adjustments, through)
    paid = payments.payment_rows(customers.accounts, timeline, Random(seed + 1))
    _table(output, "payments", paid, through)


def _table(output: Folder, name: str, rows: Iterable[dict[str, Any]], through: date) -> None:
    table = BY_NAME[name]
    output.table(table.path, [column.name for column in table.columns], rows, through)


@dataclass(frozen=True)
class _Day:
    """What the network has to say of one day, before anything is late."""

    core: pl.DataFrame
    desk: pl.DataFrame


class _UsageWriter:
    """Writes usage in the order of days; what is late waits in the mail.

    Days are made ahead and files packed in threads: Polars and the compressors work outside the
    interpreter's lock. Only few days are held at a time, whatever the size of the demo.
    """

    def __init__(self, output: Folder, maker: UsageMaker, timeline: Timeline, seed: int) -> None:
        self._output = output
        self._maker = maker
        self._mail = oddities.Mail(timeline)
        self._seed = seed
        self._files: list[Future[int]] = []
        self.records = 0
        self.files = 0

    def write_days(self, days: Sequence[date], report: Progress) -> None:
        """Writes all files of the days, which follow each other from the first of the demo."""
        workers = os.cpu_count() or 1
        with ThreadPoolExecutor(workers) as pool:
            made: deque[Future[_Day]] = deque()
            for number, day in enumerate(days):
                while len(made) <= workers and number + len(made) < len(days):
                    made.append(pool.submit(self._made, days[number + len(made)]))
                self._send_out(made.popleft().result(), day, number, number + 1 < len(days), pool)
                self._wait_for_files(at_most=8 * workers)
                report("usage", number + 1, len(days))
            self._wait_for_files(at_most=0)

    def _made(self, day: date) -> _Day:
        core = oddities.spoil(self._maker.core(day))
        core = oddities.sessions_in_parts(oddities.in_parts(core))
        return _Day(_identified(core, day), self._maker.desk(day))

    def _send_out(
        self, made: _Day, day: date, number: int, morrow_too: bool, pool: ThreadPoolExecutor
    ) -> None:
        def write(task: Callable[..., int], *arguments: Any) -> None:
            self._files.append(pool.submit(task, *arguments))

        pbx = made.desk.filter(pl.col("kind") == "extension")
        if pbx.height:
            write(self._write_pbx, pbx, day, number)
        sip = made.desk.filter(pl.col("kind") == "sip_user")
        if sip.height:
            write(self._write_sip, sip, day)
        on_time = oddities.send(made.core, number, self._mail)
        arriving = _in_order(pl.concat([on_time, *self._mail.arrived(number)]))
        for switch in (FIRST_SWITCH, SECOND_SWITCH, GATEWAY):
            records = arriving.filter(pl.col("switch") == switch)
            if not records.height:
                continue
            write(self._write_core, records, switch, day, number)
            if morrow_too and oddities.is_resent(switch, day):
                write(self._write_again, records, switch, day)

    def _wait_for_files(self, at_most: int) -> None:
        while len(self._files) > at_most:
            self.records += self._files.pop(0).result()
            self.files += 1

    def _write_core(self, records: pl.DataFrame, switch: int, day: date, number: int) -> int:
        suffix = feeds.core_suffix(switch, number)
        name = feeds.core_name(switch, day, suffix)
        if suffix == ".parquet":
            self._output.write(name, feeds.core_parquet(records))
            return records.height
        text = feeds.core_text(records, switch, suffix)
        broken = oddities.with_broken_line(text, switch, number, self._seed)
        self._output.write(name, feeds.packed(broken, suffix))
        return records.height + (broken != text)

    def _write_again(self, records: pl.DataFrame, switch: int, day: date) -> int:
        again = pl.concat([records, oddities.one_more(records)])
        morrow = day + timedelta(days=1)
        name = feeds.core_name(switch, day, f"_resent_{morrow:%Y%m%d}.csv")
        self._output.write(name, feeds.core_text(again, switch, ".csv"))
        return again.height

    def _write_pbx(self, calls: pl.DataFrame, day: date, number: int) -> int:
        self._output.write(f"cdr/pbx/Master-{day:%Y%m%d}.csv", feeds.asterisk_csv(calls, number))
        return calls.height

    def _write_sip(self, calls: pl.DataFrame, day: date) -> int:
        self._output.write(f"cdr/sip/cdr-{day:%Y%m%d}.json", feeds.freeswitch_json(calls))
        return calls.height


def _identified(events: pl.DataFrame, day: date) -> pl.DataFrame:
    """Adds record_id: the switch, the day, and a count in the order of time."""
    starts = pl.Series(["", *(f"{name}-{day:%Y%m%d}-" for name in feeds.SWITCH_NAMES.values())])
    count = (pl.int_range(pl.len()) + 10_000_000).cast(pl.String).str.slice(1)
    return _in_order(events).with_columns(
        record_id=pl.lit(starts).gather(pl.col("switch").cast(pl.UInt32)) + count
    )


def _in_order(events: pl.DataFrame) -> pl.DataFrame:
    """By time, then by hash; what is equal in both stays as it stands."""
    key = pl.col("at").cast(pl.UInt64) * 2**28 + pl.col("hashed") % 2**28
    return events.sort(key, maintain_order=True)
