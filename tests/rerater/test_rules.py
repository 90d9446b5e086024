"""The re-rater's own examples: one or a few per rule, worked by hand."""

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from tests.rerater import drafts, runs
from tests.rerater.calendar import Stretch, add_months, count_days, interval_of, period_of
from tests.rerater.charges import ChargeKey
from tests.rerater.money import round_half_up, share, spread
from tests.rerater.price import Part, billed_units
from tests.rerater.reader import read_folder
from tests.rerater.runs import History, RunResult
from tests.rerater.strategies import (
    Tables,
    UsageFileTable,
    generate,
    generate_history,
    operator_document,
)
from tests.rerater.taxes import Share, TaxRate, tax_document

NOVEMBER = date(2026, 11, 1)


class House:
    """One account, one subscription, one plan: what a rule needs is added to it."""

    def __init__(self, folder: Path, plan: dict[str, Any] | None = None, **operator: Any) -> None:
        self.folder = folder
        self.tables = Tables(operator_document(**operator))
        self.history = History()
        self.records = 0
        self.file = UsageFileTable("cdr/core/1.csv", [])
        self.tables.usage.append(self.file)
        add = self.add
        add("prefixes", prefix="33", zone="FR", destination="France")
        add("prefixes", prefix="49", zone="DE", destination="Germany")
        add("networks", network="20801", country="FR", visited_zone="home")
        add("networks", network="262", country="DE", visited_zone="EU")
        add(
            "taxes",
            jurisdiction="FR",
            tax_category="standard",
            tax_id="vat",
            name="VAT",
            rate_percent="20",
            sequence=1,
        )
        add(
            "products",
            **(
                {
                    "product_id": "plan",
                    "name": "Plan",
                    "kind": "plan",
                    "charge": "none",
                    "rate_card_id": "card",
                    "tax_category": "standard",
                }
                | (plan or {})
            ),
        )
        self.account("a")
        self.subscription("s", "a", "+33600000001")
        self.hold("s", "plan")

    def add(self, table: str, **row: Any) -> None:
        self.tables.add(table, **row)

    def account(self, account_id: str, **row: Any) -> None:
        self.add(
            "accounts",
            **(
                {
                    "account_id": account_id,
                    "kind": "residential",
                    "name": "A",
                    "country": "FR",
                    "tax_jurisdiction": "FR",
                    "cycle_day": self.tables.operator["billing"]["cycle_days"][0],
                }
                | row
            ),
        )

    def subscription(self, subscription_id: str, account_id: str, msisdn: str, **row: Any) -> None:
        self.add(
            "subscriptions",
            **(
                {
                    "subscription_id": subscription_id,
                    "account_id": account_id,
                    "name": "Line",
                    "activated_at": date(2020, 1, 1),
                }
                | row
            ),
        )
        self.add("identifiers", subscription_id=subscription_id, kind="msisdn", identifier=msisdn)

    def hold(self, subscription_id: str, product_id: str, **row: Any) -> None:
        number = len(self.tables.table("subscribed_products")) + 1
        self.add(
            "subscribed_products",
            **(
                {
                    "subscribed_product_id": f"h{number}",
                    "account_id": "a",
                    "subscription_id": subscription_id,
                    "product_id": product_id,
                }
                | row
            ),
        )

    def rate(self, **row: Any) -> None:
        self.add(
            "rates",
            **(
                {
                    "rate_card_id": "card",
                    "service": "voice",
                    "visited_zone": "*",
                    "zone": "*",
                    "band": "*",
                    "price": "0.12",
                    "per": 60,
                    "unit": "second",
                    "charge_name": "Calls",
                }
                | row
            ),
        )

    def call(self, start: str, seconds: Any, **row: Any) -> str:
        self.records += 1
        record_id = f"r{self.records}"
        self.file.rows.append(
            {
                "record_id": record_id,
                "service": "voice",
                "subscriber": "+33600000001",
                "other_party": "+33100000000",
                "started_at": start,
                "duration_seconds": seconds,
            }
            | row
        )
        return f"core:{row.get('record_id', record_id)}"

    def data(self, start: str, volume: int, **row: Any) -> str:
        return self.call(
            start,
            None,
            service="data",
            other_party=None,
            bytes_uplink=0,
            bytes_downlink=volume,
            **row,
        )

    def run(self, bill_date: date = NOVEMBER, *, issue: bool = False) -> RunResult:
        folder = read_folder(self.tables.write(self.folder))
        result = runs.run(self.history, folder, bill_date)
        if issue:
            runs.issue(self.history, folder, result)
        return result

    def parts(self, event_id: str, bill_date: date = NOVEMBER) -> list[Part]:
        return self.run(bill_date).parts[event_id]

    def states(self, bill_date: date = NOVEMBER) -> list[str]:
        result = self.run(bill_date)
        found = [
            (key, state.state if not state.reason else state.reason)
            for key, state in result.states.items()
        ]
        return [state for _, state in sorted(found)]


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def cost(parts: list[Part]) -> Fraction:
    return sum((part.amount for part in parts), Fraction(0))


def amounts(result: RunResult, kind: str) -> list[Fraction]:
    return [
        charge.amount for key, charge in sorted(result.charges.items()) if key.charge_kind == kind
    ]


# 1 Periods, money ---------------------------------------------------------------------------------


def test_1_1_a_period_runs_from_its_day_to_the_same_day_of_the_next_month() -> None:
    assert period_of(date(2026, 10, 14), 15) == Stretch(date(2026, 9, 15), date(2026, 10, 15))
    assert period_of(date(2026, 10, 15), 15) == Stretch(date(2026, 10, 15), date(2026, 11, 15))


def test_1_1_usage_belongs_to_the_period_in_which_it_starts_by_the_local_clock(
    house: House,
) -> None:
    house.rate()
    house.call("2026-10-31T22:59:59Z", 3600)
    house.call("2026-10-31T23:00:00Z", 60)
    assert amounts(house.run(), "usage") == [Fraction("7.2")]


def test_1_4_half_up_is_away_from_zero() -> None:
    assert round_half_up(Fraction("2.5"), 0) == 3
    assert round_half_up(Fraction("-2.5"), 0) == -3
    assert round_half_up(Fraction("0.0000005"), 6) == Fraction("0.000001")


def test_5_5_shares_lose_nothing_and_equal_remainders_go_to_the_smaller_key() -> None:
    third = Fraction(1)
    assert share(Fraction("1.00"), {"a": third, "b": third, "c": third}, 2) == {
        "a": Fraction("0.34"),
        "b": Fraction("0.33"),
        "c": Fraction("0.33"),
    }
    exact = {"a": Fraction("-3.335"), "b": Fraction("-3.335")}
    assert sum(spread(Fraction("-6.67"), exact, 2).values()) == Fraction("-6.67")


# 2 Mediation --------------------------------------------------------------------------------------


def test_2_1_every_line_has_one_state(house: House) -> None:
    house.rate()
    start = "2026-10-05T10:00:00Z"
    house.call(start, 60)
    house.call(start, 60, disposition="busy")
    house.call(start, 60, direction="terminating")
    house.call(start, 60, subscriber="+33699999999")
    house.file.garbage.append("not,a,record")
    states = house.states()
    assert states == ["rated", "not_billable", "not_billable", "unknown_subscriber", "rejected"]


def test_2_2_equal_content_is_a_duplicate_other_content_a_conflict(house: House) -> None:
    house.rate()
    house.call("2026-10-05T10:00:00Z", 60, record_id="x")
    house.call("2026-10-05T12:00:00+02:00", "60.0", record_id="x")
    house.call("2026-10-05T10:00:00Z", 60, record_id="y")
    house.call("2026-10-05T10:00:00Z", 61, record_id="y")
    assert house.states() == [
        "rated",
        "duplicate",
        "conflicting_duplicate",
        "conflicting_duplicate",
    ]


def session(house: House, *parts: tuple[int, str, str], final: int = 0) -> None:
    for sequence, start, seconds in parts:
        house.call(start, seconds, charging_id="c", sequence=sequence, is_final=sequence == final)


def test_2_3_partials_become_one_call_rounded_up_once(house: House) -> None:
    house.rate(price=1, per=1)
    first, second = (1, "2026-10-05T10:00:00Z", "30.4"), (2, "2026-10-05T10:00:30Z", "30.4")
    session(house, second, first, final=2)
    result = house.run()
    assert {state.state for state in result.states.values()} == {"merged", "rated"}
    assert result.events["core:r2"].quantity == 61
    assert cost(result.parts["core:r2"]) == 61


def test_2_3_a_hole_suspends_the_call(house: House) -> None:
    house.rate()
    session(house, (1, "2026-10-05T10:00:00Z", "30"), (3, "2026-10-05T10:01:00Z", "30"), final=3)
    assert house.states() == ["incomplete_session"] * 2


@pytest.mark.parametrize(
    ("start", "state"),
    [("2026-10-30T22:59:00Z", "rated"), ("2026-10-30T22:59:01Z", "incomplete_session")],
)
def test_2_3_an_open_end_waits_until_it_is_24_hours_older_than_the_bill_date(
    house: House, start: str, state: str
) -> None:
    house.rate()
    session(house, (1, start, "60"))
    assert house.states() == [state]


def test_2_4_reasons_in_their_order(house: House) -> None:
    house.rate(visited_zone="home", zone="FR")
    start = "2026-10-05T10:00:00Z"
    house.call(start, -1, subscriber="+33699999999")
    house.call(start, 86401, subscriber="+33699999999")
    house.call("2026-11-01T00:30:00Z", 60)
    house.call("2026-09-30T21:59:59Z", 60)
    house.call(start, 60, serving_network="99999", other_party="+99999")
    house.call(start, 60, other_party="+99999")
    house.call(start, 60, other_party="+4930")
    assert house.states() == [
        "negative_quantity",
        "excessive_quantity",
        "starts_in_future",
        "too_old",
        "unknown_network",
        "unknown_destination",
        "no_rate",
    ]


def test_2_4_two_subscriptions_that_claim_a_number_are_ambiguous(house: House) -> None:
    house.rate()
    house.subscription("t", "a", "0600000001")
    house.call("2026-10-05T10:00:00Z", 60)
    assert house.states() == ["ambiguous_subscriber"]


def test_2_4_activity_is_half_open_to_the_second_and_a_plan_is_needed(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.rate()
    house.subscription(
        "t",
        "a",
        "+33600000002",
        activated_at="2026-10-05T10:00:00Z",
        terminated_at="2026-10-06T10:00:00Z",
    )
    for start in ("05T09:59:59", "05T10:00:00", "06T09:59:59", "06T10:00:00"):
        house.call(f"2026-10-{start}Z", 60, subscriber="+33600000002")
    assert house.states() == [
        "subscription_not_active",
        "no_plan",
        "no_plan",
        "subscription_not_active",
    ]


def test_2_4_mending_the_reference_data_rates_a_record_in_its_true_period(house: House) -> None:
    house.rate()
    event = house.call("2026-10-05T10:00:00Z", 60, other_party="+81300000000")
    first = house.run(issue=True)
    assert event not in first.parts
    house.add("prefixes", prefix="81", zone="JP", destination="Japan")
    result = house.run(date(2026, 12, 1), issue=True)
    line = result.drafts["a"].lines[0]
    assert (line.key.period_start, line.amount) == (date(2026, 10, 1), Fraction("0.12"))
    assert not line.is_correction


def test_1_2_what_lies_before_the_window_stays_as_it_was(tmp_path: Path) -> None:
    house = House(tmp_path, lookback_periods=0)
    house.rate()
    event = house.call("2026-10-05T10:00:00Z", 60)
    house.run(issue=True)
    house.tables.table("rates")[0]["price"] = "9"
    result = house.run(date(2026, 12, 1), issue=True)
    assert cost(result.parts[event]) == Fraction("0.12")
    assert result.drafts["a"].status == drafts.NOTHING_TO_BILL


# 3 Classifying and pricing ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rest", "first", "following", "units"),
    [
        (0, 60, 1, 0),
        (1, 60, 1, 60),
        (60, 60, 1, 60),
        (61, 60, 1, 61),
        (61, 60, 60, 120),
        (120, 60, 60, 120),
        (31, 30, 6, 36),
        (36, 30, 6, 36),
        (37, 30, 6, 42),
        (27, 6, 6, 30),
    ],
)
def test_3_4_billed_units(rest: int, first: int, following: int, units: int) -> None:
    assert billed_units(rest, first, following) == units


def test_3_1_the_longest_prefix_and_short_codes_as_dialled(house: House) -> None:
    house.add("prefixes", prefix="336", zone="MOBILE", destination="Mobile")
    house.add("prefixes", prefix="112", zone="SHORT", destination="Emergency", exact=True)
    house.rate()
    numbers = {
        "0145000000": "FR",
        "0033645000000": "MOBILE",
        "+336": "MOBILE",
        "112": "SHORT",
        "33 1 12": "FR",
    }
    events = {house.call("2026-10-05T10:00:00Z", 60, other_party=n): z for n, z in numbers.items()}
    result = house.run()
    assert {event: result.events[event].zone for event in events} == events


def test_3_2_exact_visited_zone_beats_exact_zone_beats_exact_band(house: House) -> None:
    house.add(
        "bands",
        band="day",
        days="mon;tue;wed;thu;fri;sat;sun",
        from_time="00:00",
        to_time="24:00",
        priority=1,
    )
    for price, row in {
        1: {},
        2: {"band": "day"},
        3: {"zone": "FR"},
        4: {"visited_zone": "EU"},
    }.items():
        house.rate(price=price, per=1, **row)
    german = house.call("2026-10-05T10:00:00Z", 1, other_party="+4930")
    french = house.call("2026-10-05T10:00:00Z", 1)
    roaming = house.call("2026-10-05T10:00:00Z", 1, serving_network="26202")
    result = house.run()
    assert [cost(result.parts[e]) for e in (german, french, roaming)] == [2, 3, 4]


def test_3_2_an_options_card_is_asked_before_the_plans_per_moment(house: House) -> None:
    house.add("bands", band="day", days="mon", from_time="08:00", to_time="20:00", priority=1)
    house.add(
        "products",
        product_id="option",
        name="O",
        kind="option",
        charge="none",
        rate_card_id="cheap",
        tax_category="reduced",
    )
    house.hold("s", "option")
    house.rate(price=2, per=1)
    house.rate(rate_card_id="cheap", price=1, per=1, band="day")
    event = house.call("2026-10-05T05:59:50Z", 20)
    parts = house.parts(event)
    assert [(p.quantity, p.amount, p.tax_category) for p in parts] == [
        (10, 20, "standard"),
        (10, 10, "reduced"),
    ]


def test_3_2_no_rate_at_some_moment_suspends_all_of_the_event(house: House) -> None:
    house.add("bands", band="day", days="mon", from_time="08:00", to_time="20:00", priority=1)
    house.rate(band="day")
    house.call("2026-10-05T17:59:00Z", 60)
    house.call("2026-10-05T17:59:00Z", 61)
    assert house.states() == ["rated", "no_rate"]


def test_3_5_a_call_is_split_at_the_edge_and_an_increment_belongs_to_where_it_begins(
    house: House,
) -> None:
    house.add("bands", band="night", days="mon", from_time="18:00", to_time="24:00", priority=1)
    house.rate(price=1, per=1, first_increment=60, next_increment=30, connection_fee=5)
    house.rate(price=2, per=1, band="night", connection_fee=9)
    event = house.call("2026-10-05T15:59:30Z", 95)
    parts = house.parts(event)
    # f(30) = 60, f(95) = 120
    assert [(p.band, p.quantity, p.billed_quantity, p.amount, p.fees) for p in parts] == [
        ("standard", 30, 60, 65, 5),
        ("night", 65, 60, 120, 0),
    ]


def test_3_5_with_start_the_band_of_the_start_holds_and_price_steps_still_cut(
    tmp_path: Path,
) -> None:
    house = House(tmp_path, band_crossing="start")
    house.add("bands", band="night", days="mon", from_time="18:00", to_time="24:00", priority=1)
    house.rate(price=1, per=1)
    house.rate(price=3, per=1, starts_at=60)
    house.rate(price=2, per=1, band="night")
    event = house.call("2026-10-05T15:59:30Z", 90)
    assert [(p.quantity, p.amount) for p in house.parts(event)] == [(60, 60), (30, 90)]


def test_3_5_another_rate_row_comes_into_force_during_the_call(house: House) -> None:
    house.rate(price=1, per=1, valid_to=date(2026, 10, 6))
    house.rate(price=2, per=1, valid_from=date(2026, 10, 6))
    event = house.call("2026-10-05T21:59:50Z", 30)
    assert [(p.quantity, p.amount) for p in house.parts(event)] == [(10, 10), (20, 40)]


def test_3_5_the_night_with_25_hours_has_the_band_twice(house: House) -> None:
    # 25 October 2026, Paris: 03:00 summer time becomes 02:00 winter time at 01:00 UTC.
    house.add("bands", band="owl", days="sun", from_time="02:30", to_time="03:00", priority=1)
    house.rate(price=1, per=60)
    house.rate(price=2, per=60, band="owl")
    event = house.call("2026-10-25T00:00:00Z", 3 * 3600)
    parts = house.parts(event)
    assert [(p.band, p.quantity // 60) for p in parts] == [
        ("standard", 30),
        ("owl", 30),
        ("standard", 30),
        ("owl", 30),
        ("standard", 60),
    ]


def test_3_5_the_night_with_23_hours_does_not_have_it(tmp_path: Path) -> None:
    # 28 March 2027, Paris: 02:00 becomes 03:00 at 01:00 UTC.
    house = House(tmp_path, first_period=date(2027, 3, 1))
    house.add("bands", band="owl", days="sun", from_time="02:30", to_time="03:00", priority=1)
    house.add("bands", band="early", days="sun", from_time="03:00", to_time="03:10", priority=1)
    house.rate(price=1, per=60)
    event = house.call("2027-03-28T00:30:00Z", 3600)
    parts = house.parts(event, date(2027, 4, 1))
    assert [(p.band, p.quantity // 60) for p in parts] == [
        ("standard", 30),
        ("early", 10),
        ("standard", 20),
    ]


def test_3_6_a_holiday_is_also_its_weekday_and_the_higher_priority_wins(house: House) -> None:
    house.add("holidays", date=date(2026, 10, 5), name="Feast")
    house.add("bands", band="day", days="mon", from_time="08:00", to_time="20:00", priority=1)
    house.add("bands", band="feast", days="holiday", from_time="10:00", to_time="11:00", priority=2)
    house.rate()
    event = house.call("2026-10-05T07:59:00Z", 120)
    assert [(p.band, p.quantity) for p in house.parts(event)] == [("day", 60), ("feast", 60)]


@pytest.mark.parametrize(
    ("seconds", "expected", "fees"),
    [
        (0, "0", "0"),
        (1, "0.5", "0.498"),
        (100, "0.5", "0.3"),
        (400, "0.95", "0.15"),
        (5000, "2", "-8"),
    ],
)
def test_3_6_fee_then_minimum_then_maximum(
    house: House, seconds: int, expected: str, fees: str
) -> None:
    house.rate(connection_fee="0.15", minimum_charge="0.5", maximum_charge="2")
    event = house.call("2026-10-05T10:00:00Z", seconds)
    parts = house.parts(event)
    assert cost(parts) == Fraction(expected)
    assert parts[0].fees == Fraction(fees)


def test_3_6_each_part_is_carried_to_six_decimals(house: House) -> None:
    house.rate(price="0.1", per=60)
    event = house.call("2026-10-05T10:00:00Z", 1)
    assert cost(house.parts(event)) == Fraction("0.001667")


# 4 Allowances and tiers ---------------------------------------------------------------------------


def allowance(house: House, **row: Any) -> None:
    house.add(
        "allowances",
        **(
            {
                "allowance_id": "minutes",
                "product_id": "plan",
                "name": "M",
                "service": "voice",
                "quantity": 60,
                "unit": "second",
                "zones": "*",
                "visited_zones": "*",
            }
            | row
        ),
    )


def test_3_3_the_tail_begins_where_the_draw_ends(house: House) -> None:
    allowance(house, quantity=300)
    house.rate(price="0.5", per=30, first_increment=30, next_increment=30)
    house.call("2026-10-05T10:00:00Z", 240)
    event = house.call("2026-10-05T10:10:00Z", 475)
    parts = house.parts(event)
    assert [(p.offset, p.quantity, p.billed_quantity, p.amount) for p in parts] == [
        (0, 60, 0, 0),
        (60, 415, 420, 7),
    ]


def test_4_1_prorated_quantity_is_rounded_up_to_a_base_unit(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.tables.table("subscribed_products")[0] |= {"valid_from": date(2026, 10, 11)}
    allowance(house, quantity=100, prorate=True)
    house.rate()
    balance = house.run().balances[0]
    assert balance.granted == 68  # 100 x 21 / 31 = 67.7


@pytest.mark.parametrize(
    ("held", "increment", "seconds", "drawn", "covered"),
    [
        (70, 60, 10, 60, 10),
        (150, 60, 80, 120, 80),
        (70, 60, 80, 60, 60),
        (40, 20, 5, 20, 5),
        (50, 60, 10, 0, 0),
    ],
)
def test_4_2_whole_increments_as_many_as_the_grant_holds(
    house: House, held: int, increment: int, seconds: int, drawn: int, covered: int
) -> None:
    allowance(house, quantity=held, increment=increment)
    house.rate()
    event = house.call("2026-10-05T10:00:00Z", seconds)
    result = house.run()
    assert result.balances[0].used == drawn
    parts = result.parts[event]
    assert sum(p.quantity for p in parts if p.allowance_grant_id) == covered
    assert sum(p.quantity for p in parts) == seconds


def test_4_2_priority_then_expiry_then_names(house: House) -> None:
    house.add("products", product_id="short", name="S", kind="option", charge="none")
    house.hold("s", "short", valid_to=date(2026, 10, 20))
    allowance(house, allowance_id="late", priority=1)
    allowance(house, allowance_id="soon", product_id="short", priority=1)
    allowance(house, allowance_id="top", priority=0)
    house.rate()
    event = house.call("2026-10-05T10:00:00Z", 150)
    parts = house.parts(event)
    assert [p.allowance_grant_id.split("/")[1] for p in parts] == ["top", "soon", "late"]


def test_4_2_a_suspended_event_draws_nothing(house: House) -> None:
    allowance(house)
    house.rate(zone="FR")
    house.call("2026-10-05T10:00:00Z", 60, other_party="+4930")
    assert house.run().balances[0].used == 0


def test_4_3_a_later_holder_of_a_pool_adds_from_the_day_it_holds(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.add("products", product_id="pool", name="P", kind="option", charge="none")
    allowance(house, product_id="pool", scope="account", quantity=10)
    house.subscription("t", "a", "+33600000002")
    house.hold("t", "plan")
    house.hold("t", "pool")
    house.hold("s", "pool", valid_from=date(2026, 10, 10))
    house.rate(price=1, per=1)
    before = house.call("2026-10-09T10:00:00Z", 15)
    after = house.call("2026-10-10T10:00:00Z", 15)
    result = house.run()
    assert [cost(result.parts[e]) for e in (before, after)] == [5, 5]


def test_4_4_what_rolls_over_keeps_its_grant_and_expires(tmp_path: Path) -> None:
    house = House(tmp_path)
    allowance(house, quantity=100, rollover_periods=1, rollover_max=30)
    house.rate()
    house.call("2026-10-05T10:00:00Z", 20)
    house.call("2026-11-05T10:00:00Z", 10)
    result = house.run(date(2026, 12, 1))
    rows = [
        (
            b.grant_id[-10:],
            b.period.start.month,
            b.granted,
            b.carried_in,
            b.used,
            b.expired,
            b.carried_out,
        )
        for b in result.balances
    ]
    assert rows == [
        ("2026-10-01", 10, 100, 0, 20, 50, 30),
        ("2026-10-01", 11, 0, 30, 10, 20, 0),
        ("2026-11-01", 11, 100, 0, 0, 70, 30),
    ]


def tiers(house: House, mode: str, **row: Any) -> None:
    house.rate(price=3, per=1, tier_mode=mode, tier_fee="0.5", **row)
    house.rate(price=2, per=1, tier_mode=mode, tier_from=100, tier_fee=7, **row)


def test_4_5_graduated_a_unit_at_the_bound_is_in_the_lower_tier(house: House) -> None:
    tiers(house, "graduated")
    first = house.call("2026-10-05T10:00:00Z", 90)
    second = house.call("2026-10-05T11:00:00Z", 10)
    third = house.call("2026-10-05T12:00:00Z", 1)
    result = house.run()
    assert [cost(result.parts[e]) for e in (first, second, third)] == [
        Fraction("270.5"),
        30,
        9,
    ]


@pytest.mark.parametrize(("last", "costs"), [(10, ["270.5", "30"]), (11, ["180", "29"])])
def test_4_5_volume_prices_all_by_the_tier_reached(
    house: House, last: int, costs: list[str]
) -> None:
    tiers(house, "volume")
    first = house.call("2026-10-05T10:00:00Z", 90)
    second = house.call("2026-10-05T11:00:00Z", last)
    result = house.run()
    assert [cost(result.parts[e]) for e in (first, second)] == [Fraction(c) for c in costs]


def test_4_5_package_charges_every_started_package_on_the_event_that_opens_it(
    house: House,
) -> None:
    house.rate(price=15, per=10, tier_mode="package")
    house.rate(price=5, per=7, tier_mode="package", tier_from=25)
    events = [
        house.call(f"2026-10-05T{hour}:00:00Z", seconds)
        for hour, seconds in [(10, 17), (11, 3), (12, 1), (13, 4), (14, 7), (15, 1)]
    ]
    result = house.run()
    assert [cost(result.parts[e]) for e in events] == [30, 0, 15, 0, 5, 5]


def test_4_5_tiers_count_what_allowances_leave_per_row_as_written(house: House) -> None:
    allowance(house, quantity=50)
    tiers(house, "graduated")
    event = house.call("2026-10-05T10:00:00Z", 160)
    parts = house.parts(event)
    assert [(p.tier_from, p.quantity, p.amount) for p in parts[1:]] == [
        (0, 100, Fraction("300.5")),
        (100, 10, 27),
    ]


# 5 Charges ----------------------------------------------------------------------------------------


def plan(**row: Any) -> dict[str, Any]:
    return {"charge": "advance", "price": "31.00"} | row


@pytest.mark.parametrize(
    ("day_count", "begin", "end", "amount"),
    [
        ("actual", date(2026, 10, 1), None, "31"),
        ("actual", date(2026, 10, 11), None, "21"),
        ("actual", date(2026, 10, 11), date(2026, 10, 12), "1"),
        ("fixed_30", date(2026, 10, 11), None, "20.67"),
        ("fixed_30", date(2026, 10, 31), None, "1.03"),
        ("fixed_30", date(2026, 10, 30), date(2026, 10, 31), "0"),
    ],
)
def test_5_1_proration(
    tmp_path: Path, day_count: str, begin: date, end: date | None, amount: str
) -> None:
    house = House(tmp_path, plan=plan(charge="arrears"), day_count=day_count)
    house.tables.table("subscribed_products")[0] |= {"valid_from": begin, "valid_to": end}
    assert amounts(house.run(), "recurring") == [Fraction(amount)]


def test_5_1_thirty_day_months_add_up() -> None:
    assert count_days(date(2026, 2, 15), date(2026, 3, 15), "fixed_30") == 30
    assert (
        sum(
            count_days(a, b, "fixed_30")
            for a, b in [(date(2026, 10, 1), date(2026, 10, 31)), (date(2026, 10, 31), NOVEMBER)]
        )
        == 30
    )


def test_5_1_intervals_count_both_ways_from_their_anchor() -> None:
    anchor = date(2026, 10, 1)
    assert interval_of(date(2026, 9, 30), anchor, 3) == Stretch(date(2026, 7, 1), anchor)
    assert interval_of(date(2027, 10, 1), anchor, 12) == Stretch(
        date(2027, 10, 1), date(2028, 10, 1)
    )
    assert add_months(date(2027, 1, 31), 1) == date(2027, 2, 28)


def test_5_1_a_quarterly_product_is_counted_from_the_boundary_before_its_start(
    tmp_path: Path,
) -> None:
    house = House(tmp_path, plan=plan(price="69.95", interval_months=3))
    house.tables.table("subscribed_products")[0] |= {"valid_from": date(2026, 10, 12)}
    result = house.run(date(2027, 1, 1))
    keys = sorted(result.charges)
    assert [(k.period_start, k.period_end) for k in keys] == [
        (date(2026, 10, 1), date(2027, 1, 1)),
        (date(2027, 1, 1), date(2027, 4, 1)),
    ]
    assert result.charges[keys[0]].amount == Fraction("61.59")  # 81 of 92 days


def test_5_2_a_product_that_ends_inside_a_period_billed_in_advance_comes_back(
    tmp_path: Path,
) -> None:
    house = House(tmp_path, plan=plan())
    house.run(date(2026, 10, 1), issue=True)
    house.tables.table("subscribed_products")[0] |= {"valid_to": date(2026, 10, 11)}
    line = house.run(issue=True).drafts["a"].lines[0]
    assert (line.amount, line.is_correction) == (-21, True)
    assert house.history.ledger.documents[-1].document_kind == "credit_note"


def test_5_2_arrears_are_owed_at_the_end_of_the_period_in_which_the_stretch_ends(
    tmp_path: Path,
) -> None:
    house = House(
        tmp_path, plan=plan(charge="arrears", price=120, interval_months=12, proration="none")
    )
    house.tables.table("subscribed_products")[0] |= {
        "valid_from": date(2026, 10, 1),
        "valid_to": date(2026, 11, 20),
    }
    assert amounts(house.run(), "recurring") == []
    assert amounts(house.run(date(2026, 12, 1)), "recurring") == [120]


def test_5_3_dated_charges(house: House) -> None:
    house.add(
        "instalments",
        agreement_id="i",
        subscription_id="s",
        name="T",
        amount=10,
        periods=3,
        first_date=date(2026, 10, 31),
    )
    house.add(
        "adjustments",
        adjustment_id="x",
        account_id="a",
        kind="credit",
        reason="other",
        name="G",
        amount=4,
        effective_on=NOVEMBER,
    )
    result = house.run(date(2026, 12, 1))
    found = {k.charge_id: (c.amount, c.charged_from) for k, c in result.charges.items()}
    assert found == {
        "i-1": (10, date(2026, 10, 31)),
        "i-2": (10, date(2026, 11, 30)),
        "x": (-4, NOVEMBER),
    }


def test_5_3_a_late_fee_is_due_once_per_unpaid_invoice(tmp_path: Path) -> None:
    house = House(
        tmp_path,
        plan=plan(),
        late_fee={"percent": 10, "amount": 1, "after_days": 10, "tax_category": None},
    )
    house.run(date(2026, 10, 1), issue=True)
    house.add(
        "payments",
        payment_id="p",
        account_id="a",
        received_on=date(2026, 10, 20),
        amount="7.20",
        method="transfer",
    )
    result = house.run(issue=True)  # due on the 15th, fee on the 25th on 30.00
    assert amounts(result, "late_fee") == [4]
    again = house.run(date(2026, 12, 1))
    assert {k.charge_id for k in again.charges if k.charge_kind == "late_fee"} >= {"F2026-00000001"}


def use(house: House, price: str) -> None:
    house.rate(price=price, per=60)
    house.call("2026-10-05T10:00:00Z", 60)


def discount(
    house: House, discount_id: str, held: dict[str, Any] | None = None, **row: Any
) -> None:
    house.add(
        "discounts",
        **(
            {
                "discount_id": discount_id,
                "name": "D",
                "kind": "percent",
                "value": 10,
                "applies_to": "all",
            }
            | row
        ),
    )
    house.add(
        "subscribed_discounts",
        **({"account_id": "a", "subscription_id": "s", "discount_id": discount_id} | (held or {})),
    )


def test_5_5_discounts_in_sequence_each_on_what_the_earlier_left(tmp_path: Path) -> None:
    house = House(tmp_path, plan=plan(charge="arrears", price="20"))
    use(house, "10")
    discount(house, "d1", value=10, sequence=2)
    discount(house, "d2", kind="amount", value=5, applies_to="recurring", sequence=1)
    discount(house, "d3", kind="amount", value=100, sequence=0)
    result = house.run()
    found = {
        k.charge_id: c.amount for k, c in result.charges.items() if k.charge_kind == "discount"
    }
    # 20 + 10, less 5 on recurring, less 10 % of 25, the fixed one on usage last: the rest
    assert found == {"d2": -5, "d1": Fraction("-2.5"), "d3": Fraction("-22.5")}


def test_5_5_a_fixed_amount_is_shared_between_tax_categories(tmp_path: Path) -> None:
    house = House(tmp_path, plan=plan(charge="arrears", price="10", tax_category="reduced"))
    house.add(
        "products",
        product_id="o",
        name="O",
        kind="option",
        charge="arrears",
        price="20",
        tax_category="standard",
    )
    house.hold("s", "o")
    discount(house, "d", kind="amount", value="10", applies_to="recurring")
    assert amounts(house.run(), "discount") == [Fraction("-3.33"), Fraction("-6.67")]


def test_5_5_a_discount_by_days_and_for_some_periods(tmp_path: Path) -> None:
    house = House(tmp_path, plan=plan(charge="arrears", price="100"))
    discount(house, "d", {"valid_from": date(2026, 10, 11)}, value=31, periods=1, proration="daily")
    result = house.run(date(2026, 12, 1))
    assert amounts(result, "discount") == [-21]


def test_5_4_cap_after_discounts_then_minimum(tmp_path: Path) -> None:
    house = House(
        tmp_path, plan=plan(charge="arrears", price="20", spend_cap="30", minimum_spend="60")
    )
    use(house, "50")
    discount(house, "d", value=10, applies_to="usage")
    result = house.run()
    assert amounts(result, "discount") == [-5]
    assert amounts(result, "cap_credit") == [-15]
    assert amounts(result, "minimum_top_up") == [10]


def test_5_4_with_two_plans_each_cap_counts_by_its_days(tmp_path: Path) -> None:
    house = House(tmp_path, plan=plan(charge="none", spend_cap="31"))
    house.add(
        "products",
        product_id="other",
        name="P",
        kind="plan",
        charge="none",
        spend_cap="62",
        rate_card_id="card",
        tax_category="standard",
    )
    house.tables.table("subscribed_products")[0] |= {"valid_to": date(2026, 10, 11)}
    house.hold("s", "other", valid_from=date(2026, 10, 11))
    use(house, "100")
    result = house.run()
    assert amounts(result, "cap_credit") == [-48]  # 100 - (10 + 42)
    assert [k.charge_id for k in result.charges if k.charge_kind == "cap_credit"] == ["other"]


# 6 Tax, totals ------------------------------------------------------------------------------------


VAT = (TaxRate(1, "vat", Fraction(20), False),)
GST_QST = (TaxRate(1, "gst", Fraction(5), False), TaxRate(2, "qst", Fraction(10), True))


def test_6_2_tax_is_computed_on_the_sum_once() -> None:
    shares = [Share(n, "s", VAT, Fraction("0.02")) for n in range(3)]
    taxed = tax_document(shares, prices_include_tax=False, minor_units=2)
    assert [line.amount_tax for line in taxed.taxes] == [Fraction("0.01")]


def test_6_2_a_compound_tax_is_on_net_and_earlier_taxes() -> None:
    taxed = tax_document(
        [Share(0, "s", GST_QST, Fraction(100))], prices_include_tax=False, minor_units=2
    )
    assert [line.amount_tax for line in taxed.taxes] == [5, Fraction("10.50")]


def test_6_3_tax_out_of_gross_and_the_lines_share_the_net() -> None:
    shares = [Share(n, "s", VAT, Fraction("0.05")) for n in range(3)]
    taxed = tax_document(shares, prices_include_tax=True, minor_units=2)
    assert [line.amount_tax for line in taxed.taxes] == [Fraction("0.03")]
    assert taxed.nets == [Fraction("0.04")] * 3
    shares = [Share(n, "s", VAT, Fraction("0.10")) for n in range(2)]
    taxed = tax_document(shares, prices_include_tax=True, minor_units=2)
    assert [line.amount_tax for line in taxed.taxes] == [Fraction("0.03")]
    assert taxed.nets == [Fraction("0.09"), Fraction("0.08")]


def test_6_3_several_taxes_each_have_their_share() -> None:
    taxed = tax_document(
        [Share(0, "s", GST_QST, Fraction("115.50"))], prices_include_tax=True, minor_units=2
    )
    assert [line.amount_tax for line in taxed.taxes] == [5, Fraction("10.50")]
    assert taxed.nets == [100]


def test_6_2_what_is_taken_back_goes_back_at_the_rate_it_was_billed_with(tmp_path: Path) -> None:
    house = House(tmp_path, plan=plan(price="100", proration="none"))
    house.run(date(2026, 10, 1), issue=True)
    house.tables.table("taxes")[0]["rate_percent"] = "10"
    house.tables.table("products")[0]["price"] = "40"
    draft = house.run(issue=True).drafts["a"]
    # October: 60 back at 20 %; November: 40 at 10 %
    assert [(t.rate_percent, t.amount_tax) for t in draft.taxes] == [(10, 4), (20, -12)]
    assert draft.amount_total == -28


def test_5_7_a_category_without_a_rate_holds_and_an_empty_one_is_outside_tax(
    tmp_path: Path,
) -> None:
    house = House(tmp_path, plan=plan(tax_category="exotic"))
    draft = house.run().drafts["a"]
    assert (draft.status, draft.hold_reason) == ("held", "no_tax_rate")
    house.tables.table("products")[0]["tax_category"] = None
    draft = house.run().drafts["a"]
    assert (draft.status, draft.amount_tax) == ("ready", 0)


def test_6_2_an_exempt_account_bears_no_tax(tmp_path: Path) -> None:
    house = House(tmp_path, plan=plan())
    house.tables.table("accounts")[0]["tax_exempt_reason"] = "embassy"
    draft = house.run().drafts["a"]
    assert (draft.status, draft.amount_tax) == ("ready", 0)


def test_6_4_the_balance_is_brought_forward(tmp_path: Path) -> None:
    house = House(tmp_path, plan=plan())
    house.run(date(2026, 10, 1), issue=True)
    house.add(
        "payments",
        payment_id="p",
        account_id="a",
        received_on=date(2026, 10, 20),
        amount="10",
        method="transfer",
    )
    draft = house.run().drafts["a"]
    assert (draft.balance_forward, draft.amount_due) == (
        Fraction("27.20"),
        draft.amount_total + Fraction("27.20"),
    )


def test_7_2_a_second_draft_after_issue_has_nothing_to_bill(tmp_path: Path) -> None:
    house = House(tmp_path, plan=plan())
    use(house, "5")
    house.run(issue=True)
    assert house.run().drafts["a"].status == drafts.NOTHING_TO_BILL


def test_7_3_a_credited_invoice_is_owed_again(tmp_path: Path) -> None:
    house = House(tmp_path, plan=plan())
    first = house.run(issue=True).drafts["a"]
    folder = read_folder(house.folder)
    document = drafts.credit(house.history.ledger, folder, "F2026-00000001")
    assert (document.document_number, document.document_kind) == ("A2026-00000001", "credit_note")
    again = house.run().drafts["a"]
    assert (again.amount_total, again.balance_forward) == (first.amount_total, 0)


# The whole ----------------------------------------------------------------------------------------


def check_run(result: RunResult) -> None:
    """What holds for every run, whatever the folder."""
    lines = set(result.states)
    assert set(result.records) <= lines
    for event in result.events.values():
        parts = result.parts[event.event_id]
        assert sum(part.quantity for part in parts) == event.quantity
        assert cost(parts) >= 0
    for balance in result.balances:
        assert balance.granted + balance.carried_in == (
            balance.used + balance.expired + balance.carried_out
        )
        assert (
            min(
                balance.granted,
                balance.carried_in,
                balance.used,
                balance.expired,
                balance.carried_out,
            )
            >= 0
        )
    for draft in result.drafts.values():
        assert draft.amount_total == draft.amount_net + draft.amount_tax
        assert draft.amount_net == sum((line.amount_net for line in draft.lines), Fraction(0))


@pytest.mark.parametrize("seed", range(1, 13))
def test_generated_histories_hold_together(seed: int, tmp_path: Path) -> None:
    history = History()
    for bill_date, tables in generate_history(seed, accounts=6, events=250):
        folder = read_folder(tables.write(tmp_path / f"{bill_date}"))
        result = runs.run(history, folder, bill_date)
        check_run(result)
        documents = runs.issue(history, folder, result)
        if folder.operator.prices_include_tax:
            for document in documents:
                gross = sum((line.amount for line in document.draft.lines), Fraction(0))
                assert document.draft.amount_total == gross
        for draft in runs.run(history, folder, bill_date).drafts.values():
            assert draft.status != drafts.READY or draft.amount_total == 0


@pytest.mark.parametrize("seed", range(20, 24))
def test_1_3_the_order_and_the_names_of_files_do_not_matter(seed: int, tmp_path: Path) -> None:
    tables = generate(seed, accounts=5, events=200)
    bill_date = add_months(tables.operator["billing"]["first_period"], 2)
    loaded_at = datetime.combine(bill_date, datetime.min.time(), UTC) + timedelta(days=1)

    def amounts_of(name: str) -> dict[ChargeKey, Fraction]:
        folder = read_folder(tables.write(tmp_path / name))
        result = runs.run(History(), folder, bill_date, loaded_at=loaded_at)
        return {key: charge.amount for key, charge in result.charges.items()}

    first = amounts_of("one")
    for number, file in enumerate(reversed(tables.usage)):
        suffix = file.path.rsplit(".", 1)[1]
        file.path = f"{file.path.rsplit('/', 2)[0]}/other/{number}.{suffix}"
        file.rows.reverse()
    assert amounts_of("two") == first
