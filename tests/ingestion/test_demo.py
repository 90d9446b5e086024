"""The demo operator is valid, repeatable, grows with time, and holds every case it promises."""

import csv
import gzip
import hashlib
from collections import Counter
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from ingestion.demo import DemoSummary, write_demo
from ingestion.demo.timeline import Timeline, easter, holidays

SUBSCRIBERS = 2000
SMALL = 80


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, DemoSummary]:
    """A demo of the default size, one bill date per cycle day."""
    folder = tmp_path_factory.mktemp("demo") / "operator"
    return folder, write_demo(folder, subscribers=SUBSCRIBERS, months=1)


@pytest.fixture(scope="module")
def loaded(demo: tuple[Path, DemoSummary]) -> duckdb.DuckDBPyConnection:
    """The demo in a warehouse."""
    loading = pytest.importorskip("ingestion.loading")
    con = duckdb.connect()
    loading.prepare(con)
    loading.load(con, demo[0])
    return con


def hashes(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def rows(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def scalar(con: duckdb.DuckDBPyConnection, sql: str) -> int:
    found = con.execute(sql).fetchone()
    assert found is not None
    return found[0]


# ------------------------------------------------------------------------------------ repeatable


def test_same_arguments_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_demo(tmp_path / name, subscribers=400, months=1, seed=7, through=date(2026, 7, 20))
    assert hashes(tmp_path / "one") == hashes(tmp_path / "two")


def test_another_seed_gives_other_customers_and_other_usage(tmp_path: Path) -> None:
    for seed in (1, 2):
        write_demo(
            tmp_path / str(seed), subscribers=SMALL, months=1, seed=seed, through=date(2026, 7, 3)
        )
    one, two = hashes(tmp_path / "1"), hashes(tmp_path / "2")
    assert one["crm/accounts.csv"] != two["crm/accounts.csv"]
    assert one["cdr/core/2026-07/msc1_20260701.csv"] != two["cdr/core/2026-07/msc1_20260701.csv"]
    assert one["ratebook/rates.csv"] == two["ratebook/rates.csv"]


def test_packed_files_carry_no_clock(tmp_path: Path) -> None:
    write_demo(tmp_path / "demo", subscribers=SMALL, months=1, through=date(2026, 7, 12))
    packed = sorted((tmp_path / "demo").rglob("*.gz"))
    assert packed
    for path in packed:
        # RFC 1952: bytes 4 to 7 are the time of the file.
        assert path.read_bytes()[4:8] == bytes(4)


def test_a_folder_grows_bill_date_by_bill_date_into_the_whole_demo(tmp_path: Path) -> None:
    whole = write_demo(tmp_path / "whole", subscribers=SMALL, months=1)
    expected = hashes(tmp_path / "whole")
    written = 0
    for bill_date in whole.bill_dates:
        summary = write_demo(tmp_path / "grown", subscribers=SMALL, months=1, through=bill_date)
        assert summary.usage_records > written
        written = summary.usage_records
        usage = {
            name: digest
            for name, digest in hashes(tmp_path / "grown").items()
            if name.startswith(("cdr/", "ratebook/"))
        }
        # What has arrived stays as it is.
        assert usage.items() <= expected.items()
    assert hashes(tmp_path / "grown") == expected


def test_a_later_call_leaves_standing_files_untouched(tmp_path: Path) -> None:
    write_demo(tmp_path, subscribers=SMALL, months=1, through=date(2026, 7, 20))
    usage = sorted((tmp_path / "cdr").rglob("*.*"))
    before = {path: path.stat().st_mtime_ns for path in usage}
    write_demo(tmp_path, subscribers=SMALL, months=1, through=date(2026, 7, 22))
    assert {path: path.stat().st_mtime_ns for path in usage} == before


def test_no_file_is_named_for_a_day_that_has_not_come(tmp_path: Path) -> None:
    write_demo(tmp_path, subscribers=SMALL, months=1, through=date(2026, 7, 18))
    last_days = {
        max(part for part in path.name.replace(".", "_").replace("-", "_").split("_")
            if part.isdigit())
        for path in (tmp_path / "cdr").rglob("*.*") if path.is_file()
    }  # fmt: skip
    assert max(last_days) == "20260717"


def test_the_customer_system_knows_nothing_before_its_day(tmp_path: Path) -> None:
    write_demo(tmp_path, subscribers=SMALL, months=1, through=date(2026, 7, 15))
    for name, column in (
        ("subscriptions", "activated_at"),
        ("subscriptions", "terminated_at"),
        ("subscribed_products", "valid_from"),
        ("adjustments", "effective_on"),
        ("payments", "received_on"),
    ):
        assert all(row[column][:10] < "2026-07-15" for row in rows(tmp_path, f"crm/{name}.csv"))


def test_some_ends_and_discounts_are_entered_late(tmp_path: Path) -> None:
    """After a bill for the time since then has been issued: a correction."""
    bill_date = date(2026, 8, 15)
    write_demo(tmp_path, subscribers=SMALL, months=2, through=bill_date)
    known = {
        row["subscription_id"]: row["terminated_at"]
        for row in rows(tmp_path, "crm/subscriptions.csv")
    }
    discounts = rows(tmp_path, "crm/subscribed_discounts.csv")
    write_demo(tmp_path, subscribers=SMALL, months=2)
    late = [
        row["terminated_at"]
        for row in rows(tmp_path, "crm/subscriptions.csv")
        if row["terminated_at"]
        and row["subscription_id"] in known
        and not known[row["subscription_id"]]
    ]
    assert any(end < bill_date.isoformat() for end in late)
    assert any(
        row["valid_from"] < bill_date.isoformat()
        for row in rows(tmp_path, "crm/subscribed_discounts.csv")
        if row not in discounts
    )


def test_a_demo_replaces_a_demo_and_nothing_else(tmp_path: Path) -> None:
    through = date(2026, 7, 10)
    write_demo(tmp_path / "demo", subscribers=SMALL, months=1)
    write_demo(tmp_path / "demo", subscribers=SMALL, months=1, seed=3, through=through)
    write_demo(tmp_path / "fresh", subscribers=SMALL, months=1, seed=3, through=through)
    assert hashes(tmp_path / "demo") == hashes(tmp_path / "fresh")
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(FileExistsError):
        write_demo(foreign, subscribers=SMALL, months=1)
    assert [path.name for path in foreign.iterdir()] == ["notes.txt"]


@pytest.mark.parametrize(("subscribers", "months"), [(10, 1), (SMALL, 0), (SMALL, 99)])
def test_sizes_out_of_range_are_refused(tmp_path: Path, subscribers: int, months: int) -> None:
    with pytest.raises(ValueError, match=r"subscribers|months"):
        write_demo(tmp_path / "demo", subscribers=subscribers, months=months)
    assert not (tmp_path / "demo").exists()


def test_progress_ends_at_its_total(tmp_path: Path) -> None:
    told: dict[str, tuple[int, int]] = {}

    def progress(what: str, done: int, total: int) -> None:
        told[what] = (done, total)

    write_demo(tmp_path, subscribers=SMALL, months=1, progress=progress)
    assert told
    assert all(done == total for done, total in told.values())


# ----------------------------------------------------------------------------------------- valid


def test_the_folder_has_no_fault(demo: tuple[Path, DemoSummary]) -> None:
    operator_folder = pytest.importorskip("ingestion.operator_folder")
    report = operator_folder.check(demo[0])
    assert [str(fault) for fault in report.faults] == []
    # One number is claimed twice, so that mediation has something ambiguous.
    assert len(report.warnings) == 1
    assert "identifiers.csv" in str(report.warnings[0])


@pytest.mark.parametrize(("subscribers", "seed"), [(60, 2), (333, 3)])
def test_other_sizes_and_seeds_have_no_fault_either(
    tmp_path: Path, subscribers: int, seed: int
) -> None:
    operator_folder = pytest.importorskip("ingestion.operator_folder")
    write_demo(tmp_path, subscribers=subscribers, months=1, seed=seed)
    assert [str(fault) for fault in operator_folder.check(tmp_path).faults] == []
    assert len(rows(tmp_path, "crm/subscriptions.csv")) == subscribers


def test_the_branding_can_be_used(demo: tuple[Path, DemoSummary]) -> None:
    branding = pytest.importorskip("renderers.branding")
    read = branding.read_branding(demo[0] / "branding")
    assert read.name == "Mobilis Démo"
    assert "<path" in read.logo_svg


def test_all_usage_files_are_read(
    demo: tuple[Path, DemoSummary], loaded: duckdb.DuckDBPyConnection
) -> None:
    summary = demo[1]
    assert scalar(loaded, "select count(*) from raw.usage_files") == summary.files
    assert scalar(loaded, "select sum(lines) from raw.usage_files") == summary.usage_records
    assert scalar(loaded, "select count(*) from raw.refused_files") == 0
    rejected = scalar(loaded, "select count(*) from raw.rejected_lines")
    assert 1 <= rejected <= summary.files


def test_summary_gives_the_bill_dates(demo: tuple[Path, DemoSummary]) -> None:
    folder, summary = demo
    assert summary.bill_dates == [date(2026, 8, 1), date(2026, 8, 15)]
    assert summary.subscribers == SUBSCRIBERS == len(rows(folder, "crm/subscriptions.csv"))
    files = [path for path in (folder / "cdr").rglob("*") if path.is_file()]
    assert summary.files == len(files)
    # Every last bill date is covered: there is usage of the day before it.
    assert list((folder / "cdr/core/2026-08").glob("pgw_20260814.*"))


def test_records_per_subscriber_and_month(demo: tuple[Path, DemoSummary]) -> None:
    summary = demo[1]
    covered_months = 45 / 30
    assert 24 <= summary.usage_records / summary.subscribers / covered_months <= 36


def test_shares_of_feeds(loaded: duckdb.DuckDBPyConnection) -> None:
    shares = dict(
        loaded.execute(
            """
            select feed, count(*) / (select count(*) from raw.usage_records)
            from raw.usage_records group by feed
            """
        ).fetchall()
    )
    assert 0.02 <= shares["pbx"] <= 0.08
    assert 0.005 <= shares["sip"] <= 0.04
    assert shares["core"] > 0.88


# -------------------------------------------------------------------------- what the folder holds


def has(folder: Path, name: str, test: Callable[[dict[str, str]], bool]) -> bool:
    return any(test(row) for row in rows(folder, name))


@pytest.mark.parametrize(
    ("name", "test"),
    [
        ("products", lambda r: r["kind"] == "plan" and not r["price"]),
        ("products", lambda r: r["charge"] == "arrears"),
        ("products", lambda r: r["interval_months"] == "3"),
        ("products", lambda r: r["interval_months"] == "12"),
        ("products", lambda r: bool(r["minimum_spend"])),
        ("products", lambda r: bool(r["spend_cap"])),
        ("products", lambda r: r["kind"] == "option" and bool(r["rate_card_id"])),
        ("products", lambda r: bool(r["valid_from"] and not r["valid_to"])),
        ("allowances", lambda r: not r["quantity"]),
        ("allowances", lambda r: r["scope"] == "account"),
        ("allowances", lambda r: int(r["rollover_periods"] or 0) > 1),
        ("allowances", lambda r: r["prorate"] == "true"),
        ("allowances", lambda r: int(r["increment"] or 1) > 1),
        ("rates", lambda r: r["tier_mode"] == "graduated" and r["tier_from"] != "0"),
        ("rates", lambda r: r["tier_mode"] == "package"),
        ("rates", lambda r: r["tier_mode"] == "volume"),
        ("rates", lambda r: r["starts_at"] not in ("", "0")),
        ("rates", lambda r: Decimal(r["tier_fee"] or 0) > 0),
        ("rates", lambda r: r["first_increment"] == "60" and r["next_increment"] == "1"),
        ("rates", lambda r: r["first_increment"] == "30" and r["next_increment"] == "30"),
        ("rates", lambda r: Decimal(r["connection_fee"] or 0) > 0),
        ("rates", lambda r: bool(r["minimum_charge"])),
        ("rates", lambda r: bool(r["maximum_charge"])),
        ("rates", lambda r: r["direction"] == "terminating"),
        ("rates", lambda r: r["band"] == "peak"),
        ("rates", lambda r: bool(r["valid_to"])),
        ("prefixes", lambda r: r["prefix"] == "118218" and r["exact"] == "true"),
        ("prefixes", lambda r: r["prefix"] == "336"),
        ("prefixes", lambda r: r["zone"] == "Satellite"),
        ("networks", lambda r: r["network"] == "20815" and r["visited_zone"] == "home"),
        ("networks", lambda r: bool(r["valid_to"])),
        ("taxes", lambda r: r["jurisdiction"] == "GP" and r["rate_percent"] == "8.5"),
        ("taxes", lambda r: r["jurisdiction"] == "GF" and bool(r["legal_text"])),
        ("taxes", lambda r: r["rate_percent"] == "10"),
        ("discounts", lambda r: r["kind"] == "amount"),
        ("discounts", lambda r: r["proration"] == "daily"),
        ("discounts", lambda r: r["periods"] == "3"),
        ("translations", lambda r: r["entity"] == "charge" and r["language"] == "de"),
    ],
)
def test_the_ratebook_holds_the_case(
    demo: tuple[Path, DemoSummary], name: str, test: Callable[[dict[str, str]], bool]
) -> None:
    assert has(demo[0], f"ratebook/{name}.csv", test)


@pytest.mark.parametrize(
    ("name", "test"),
    [
        ("accounts", lambda r: r["tax_exempt_reason"].startswith("VATEX-EU-AE")),
        ("accounts", lambda r: r["kind"] == "business" and r["vat_number"].startswith("FR")),
        ("accounts", lambda r: r["language"] == "fr_CA"),
        ("accounts", lambda r: r["language"] == "de"),
        ("accounts", lambda r: r["itemisation"] == "masked"),
        ("accounts", lambda r: r["itemisation"] == "full"),
        ("accounts", lambda r: r["delivery"] == "paper"),
        ("accounts", lambda r: r["payment_method"] == "none"),
        ("accounts", lambda r: bool(r["closed_on"])),
        ("accounts", lambda r: r["country"] == "GP"),
        ("subscriptions", lambda r: "T" in r["terminated_at"]),
        ("identifiers", lambda r: r["kind"] == "extension"),
        ("identifiers", lambda r: r["kind"] == "sip_user"),
        ("identifiers", lambda r: r["kind"] == "imsi"),
        ("subscribed_products", lambda r: not r["subscription_id"]),
        ("subscribed_products", lambda r: bool(r["price_override"])),
        ("subscribed_products", lambda r: bool(r["interval_from"])),
        ("subscribed_products", lambda r: r["quantity"] == "2"),
        ("subscribed_products", lambda r: r["product_id"] == "intl"),
        ("subscribed_products", lambda r: r["product_id"] == "voyage"),
        ("subscribed_discounts", lambda r: not r["subscription_id"]),
        ("instalments", lambda r: r["periods"] == "24"),
        ("adjustments", lambda r: r["reason"] == "outage" and r["kind"] == "credit"),
        ("adjustments", lambda r: r["kind"] == "debit"),
        ("payments", lambda r: r["method"] == "transfer" and not r["invoice_number"]),
    ],
)
def test_the_customer_base_holds_the_case(
    demo: tuple[Path, DemoSummary], name: str, test: Callable[[dict[str, str]], bool]
) -> None:
    assert has(demo[0], f"crm/{name}.csv", test)


def test_one_account_is_written_off(tmp_path: Path) -> None:
    customers = tmp_path / "demo"
    write_demo(customers, subscribers=SMALL, months=2)
    methods = Counter(row["method"] for row in rows(customers, "crm/payments.csv"))
    assert methods["write_off"] == 1
    assert methods["transfer"] > 5


def test_numbers_are_given_again_after_their_release(demo: tuple[Path, DemoSummary]) -> None:
    owners: dict[str, set[str]] = {}
    for row in rows(demo[0], "crm/identifiers.csv"):
        owners.setdefault(row["identifier"], set()).add(row["subscription_id"])
    assert len([number for number, lines in owners.items() if len(lines) > 1]) >= 2


def test_some_200_calling_codes_and_60_countries(demo: tuple[Path, DemoSummary]) -> None:
    prefixes = rows(demo[0], "ratebook/prefixes.csv")
    assert len({row["destination"] for row in prefixes}) > 200
    assert len({row["country"] for row in rows(demo[0], "ratebook/networks.csv")}) >= 60


def test_no_number_belongs_to_anybody(loaded: duckdb.DuckDBPyConnection) -> None:
    """French numbers are from ranges for fiction, short codes, or ranges nobody is given."""
    strangers = loaded.execute(
        r"""
        with numbers as (
            select regexp_replace(regexp_replace(other_party, '^(\+|00)', ''), '^0', '33') as number
            from raw.usage_records
            where other_party is not null
        )

        select distinct number
        from numbers
        where number like '33%'
            and length(number) > 6
            and not regexp_matches(
                number, '^33(63998|70[01]|19900|26191|35301|46571|53649|99900|8)'
            )
        """
    ).fetchall()
    assert strangers == []


# ------------------------------------------------------------------------- what goes wrong in it


@pytest.mark.parametrize(
    ("what", "condition"),
    [
        ("unanswered", "disposition in ('no_answer', 'busy')"),
        ("negative duration", "duration_seconds < 0"),
        ("absurd duration", "duration_seconds > 86400"),
        ("absurd volume", "bytes_downlink > 1000000000000"),
        ("future start", "started_at > timestamp '2040-01-01'"),
        ("long ago", "started_at < timestamp '2025-07-01'"),
        ("unknown number", "subscriber like '33639970%'"),
        ("unknown destination", "regexp_matches(other_party, '^(00|\\+)?9995550')"),
        ("unknown network", "serving_network = '99999'"),
        ("a thing that calls", "service = 'voice' and subscriber like '337000%'"),
        ("decimal duration", "duration_seconds <> floor(duration_seconds)"),
        ("call received abroad", "direction = 'terminating' and serving_network like '214%'"),
        ("roaming data", "service = 'data' and serving_network not like '208%'"),
        ("data session in halves", "service = 'data' and sequence = 2"),
        ("several messages in one", "service = 'sms' and messages > 1"),
        ("a resent file's further record", "record_id like '%-x'"),
    ],
)
def test_usage_holds_the_case(loaded: duckdb.DuckDBPyConnection, what: str, condition: str) -> None:
    found = scalar(loaded, f"select count(*) from raw.usage_records where {condition}")
    assert found >= 1, what


def test_repeated_and_contradicted_records(loaded: duckdb.DuckDBPyConnection) -> None:
    again = """
        select record_id, count(*) as records, count(distinct duration_seconds) as lengths
        from raw.usage_records
        group by feed, record_id
        having count(*) > 1
    """
    repeated = scalar(loaded, f"select count(*) from ({again}) where lengths <= 1")
    contradicted = scalar(loaded, f"select count(*) from ({again}) where lengths > 1")
    total = scalar(loaded, "select count(*) from raw.usage_records")
    assert 0.002 < repeated / total < 0.012
    assert 1 <= contradicted < 40


def test_partial_calls_are_complete_or_have_a_hole_or_no_end(
    loaded: duckdb.DuckDBPyConnection,
) -> None:
    calls = """
        select
            charging_id,
            count(distinct sequence) as parts,
            max(sequence) as last,
            bool_or(is_final) as ended
        from raw.usage_records
        where service = 'voice' and charging_id is not null
        group by charging_id
    """
    complete = scalar(loaded, f"select count(*) from ({calls}) where parts = last and ended")
    holes = scalar(loaded, f"select count(*) from ({calls}) where parts < last")
    endless = scalar(loaded, f"select count(*) from ({calls}) where not ended")
    assert complete > 20
    assert 1 <= holes < complete / 4
    assert 1 <= endless < complete / 4


def test_late_records_stand_in_files_of_later_days(loaded: duckdb.DuckDBPyConnection) -> None:
    late = loaded.execute(
        r"""
        with arrivals as (
            select
                date_diff(
                    'day',
                    cast(timezone('Europe/Paris', timezone('UTC', records.started_at)) as date),
                    cast(strptime(
                        regexp_extract(files.file_name, '.*_(\d{8})', 1), '%Y%m%d'
                    ) as date)
                ) as days
            from raw.usage_records as records
            inner join raw.usage_files as files on files.file_number = records.file_number
            where records.feed = 'core'
                and records.started_at between timestamp '2026-06-30' and timestamp '2027-01-01'
                and files.file_name not like '%resent%'
        )

        select
            count(*) filter (days > 0) / count(*),
            max(days),
            min(days)
        from arrivals
        """
    ).fetchone()
    assert late is not None
    share, latest, earliest = late
    assert 0.003 < share < 0.02
    assert latest > 8
    assert earliest >= 0


def test_usage_of_ended_lines(loaded: duckdb.DuckDBPyConnection) -> None:
    after_end = scalar(
        loaded,
        """
        select count(*)
        from raw.usage_records as records
        inner join raw.identifiers as identifiers
            on identifiers.identifier = records.subscriber
        inner join raw.subscriptions as subscriptions
            on subscriptions.subscription_id = identifiers.subscription_id
        where records.started_at >= subscriptions.terminated_at
            and records.started_at < timestamp '2027-01-01'
        """,
    )
    assert after_end >= 1


def test_usage_has_a_daily_and_a_weekly_rhythm(loaded: duckdb.DuckDBPyConnection) -> None:
    def voice(condition: str) -> int:
        return scalar(
            loaded,
            f"""
            with calls as (
                select timezone('Europe/Paris', timezone('UTC', started_at)) as moment
                from raw.usage_records
                where service = 'voice' and feed = 'core'
                    and started_at between timestamp '2026-07-19' and timestamp '2026-08-08'
            )

            select count(*) from calls where {condition}
            """,
        )

    assert voice("hour(moment) = 18") > 20 * max(1, voice("hour(moment) = 3"))
    assert voice("isodow(moment) = 7") < 0.85 * voice("isodow(moment) = 4")


def test_few_users_make_much_of_the_usage(loaded: duckdb.DuckDBPyConnection) -> None:
    share = loaded.execute(
        """
        with volumes as (
            select subscriber, sum(bytes_uplink + bytes_downlink) as bytes
            from raw.usage_records
            where service = 'data' and bytes_downlink < 1000000000000
            group by subscriber
        ),

        ranked as (
            select bytes, percent_rank() over (order by bytes desc) as place
            from volumes
        )

        select sum(bytes) filter (place <= 0.1) / sum(bytes)
        from ranked
        """
    ).fetchone()
    assert share is not None
    assert 0.3 < share[0] < 0.8


def test_people_call_the_same_numbers_again(loaded: duckdb.DuckDBPyConnection) -> None:
    repeated = loaded.execute(
        """
        with pairs as (
            select subscriber, other_party, count(*) as calls
            from raw.usage_records
            where service = 'voice' and direction = 'originating'
            group by subscriber, other_party
        )

        select sum(calls) filter (calls > 1) / sum(calls)
        from pairs
        """
    ).fetchone()
    assert repeated is not None
    assert repeated[0] > 0.5


# ------------------------------------------------------------------------------------- calendar


def test_bill_dates_of_a_long_demo() -> None:
    dates = Timeline(14).bill_dates
    assert len(dates) == 28
    assert dates[0] == date(2026, 8, 1)
    assert dates[-1] == date(2027, 9, 15)


def test_easter_moves_and_the_holidays_with_it() -> None:
    assert [easter(year) for year in (2024, 2025, 2026, 2027)] == [
        date(2024, 3, 31),
        date(2025, 4, 20),
        date(2026, 4, 5),
        date(2027, 3, 28),
    ]
    assert (date(2026, 5, 14), "Ascension") in holidays(2026)
    assert len(holidays(2026)) == 11


def test_shapes_of_core_files(demo: tuple[Path, DemoSummary]) -> None:
    names = [path.name for path in (demo[0] / "cdr/core").rglob("*") if path.is_file()]
    suffixes = Counter(name.partition(".")[2] for name in names)
    assert {"csv", "csv.gz", "csv.zst", "jsonl", "jsonl.gz", "parquet"} <= suffixes.keys()
    packed = next((demo[0] / "cdr/core").rglob("*.csv.gz"))
    header = gzip.decompress(packed.read_bytes()).partition(b"\n")[0]
    assert header.startswith(b"record_id,service,direction,subscriber")
