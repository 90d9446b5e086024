"""What the checks of a folder's tables find, each by the fault that a user would read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ingestion.tables import BY_NAME, TABLES
from tests.ingestion.support import faults_of, warnings_of
from tests.support.operator_builder import ROW_DEFAULTS, write_operator


def faults(folder: Path, **tables: Any) -> list[str]:
    return faults_of(write_operator(folder, **tables))


def test_the_default_folder_is_without_fault_or_warning(tmp_path: Path) -> None:
    write_operator(tmp_path)
    assert faults_of(tmp_path) == [] and warnings_of(tmp_path) == []


def test_the_default_row_of_every_table_is_valid(tmp_path: Path) -> None:
    rows = {name: [{}] for name in ROW_DEFAULTS}
    assert set(rows) == set(BY_NAME)
    assert faults(tmp_path, **rows) == []


def test_checking_changes_nothing(tmp_path: Path) -> None:
    write_operator(tmp_path, rates=[{"price": "x"}])
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    faults_of(tmp_path)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


@pytest.mark.parametrize(
    ("table", "cells", "fault"),
    [
        ("products", {"kind": "bundle"}, "kind: not one of plan, option, fee, device: bundle"),
        ("products", {"name": None}, "name: empty"),
        ("products", {"interval_months": 0}, "interval_months: below 1: 0"),
        ("products", {"interval_months": "1.5"}, "interval_months: not a whole number: 1.5"),
        ("products", {"rate_card_id": None}, "rate_card_id: a plan needs a rate card"),
        ("products", {"rate_card_id": "gold"}, "rate_card_id: not in rates.rate_card_id: gold"),
        ("products", {"price": None}, "price: empty, but charged advance"),
        ("products", {"product_id": "plan "}, "product_id: begins or ends with a blank: plan "),
        ("allowances", {"prorate": "yes"}, "prorate: not true or false: yes"),
        ("allowances", {"unit": "mb"}, "unit: not a unit of voice: mb"),
        ("allowances", {"quantity": "0.5"}, "quantity: not a whole number of seconds: 0.5"),
        ("allowances", {"product_id": "x"}, "product_id: not in products.product_id: x"),
        ("allowances", {"zones": "FR;;DE"}, "zones: an empty value in the list: FR;;DE"),
        ("rates", {"price": "0,10"}, "price: not a decimal number: 0,10"),
        ("rates", {"price": "1e-3"}, "price: not a decimal number: 1e-3"),
        ("rates", {"price": "-0.1"}, "price: below 0: -0.1"),
        ("rates", {"price": "0.1234567890123"}, "price: more than 12 decimals: 0.1234567890123"),
        ("rates", {"price": "1" * 17}, "price: too large: " + "1" * 17),
        ("rates", {"valid_from": "01/02/2026"}, "valid_from: not a date (YYYY-MM-DD): 01/02/2026"),
        ("rates", {"valid_from": "2026-02-29"}, "valid_from: not a date (YYYY-MM-DD): 2026-02-29"),
        (
            "rates",
            {"minimum_charge": "2", "maximum_charge": "1"},
            "maximum_charge: below minimum_charge: 1",
        ),
        ("prefixes", {"prefix": "+33"}, "prefix: not 1 to 15 digits: +33"),
        (
            "networks",
            {"network": "2080"},
            "network: not MCC (3 digits) or MCC+MNC (5 or 6 digits): 2080",
        ),
        ("bands", {"from_time": "25:00"}, "from_time: not a time (HH:MM or HH:MM:SS): 25:00"),
        (
            "bands",
            {"from_time": "22:00", "to_time": "06:00"},
            "to_time: not after from_time 22:00 (a band may not cross midnight): 06:00",
        ),
        (
            "bands",
            {"days": "mon;mai"},
            "days: not one of mon, tue, wed, thu, fri, sat, sun, holiday: mon;mai",
        ),
        (
            "taxes",
            {"jurisdiction": "France"},
            "jurisdiction: not a country or country-region: France",
        ),
        ("discounts", {"value": 101}, "value: above 100 percent: 101"),
        (
            "discounts",
            {"applies_to": "usage;gold"},
            "applies_to: not in products.product_id: gold",
        ),
        ("translations", {"language": "xx"}, "language: not a language (such as fr or fr_CA): xx"),
        (
            "accounts",
            {"cycle_day": 2},
            "cycle_day: not in billing.cycle_days of operator.yaml (1): 2",
        ),
        ("accounts", {"country": "fr"}, "country: not a two-letter country code: fr"),
        ("accounts", {"email": "nobody"}, "email: not an e-mail address: nobody"),
        ("accounts", {"closed_on": "2025-12-31"}, "closed_on: before opened_on: 2025-12-31"),
        ("subscriptions", {"account_id": "A9"}, "account_id: not in accounts.account_id: A9"),
        (
            "subscriptions",
            {"activated_at": "2026-01-01T00:00:00"},
            "activated_at: no offset and no Z: 2026-01-01T00:00:00",
        ),
        (
            "subscriptions",
            {"activated_at": "2026-01-01T00:00:00+99:00"},
            "activated_at: not a date or an instant (ISO 8601 with an offset or Z):"
            " 2026-01-01T00:00:00+99:00",
        ),
        (
            "subscriptions",
            {"terminated_at": "2025-06-01"},
            "terminated_at: before activated_at: 2025-06-01",
        ),
        (
            "identifiers",
            {"subscription_id": "S7"},
            "subscription_id: not in subscriptions.subscription_id: S7",
        ),
        (
            "identifiers",
            {"valid_from": "2026-01-01"},
            "valid_from: not an instant (ISO 8601 with an offset or Z): 2026-01-01",
        ),
        (
            "subscribed_products",
            {"interval_from": "2026-01-02"},
            "interval_from: not on the account's cycle day 1: 2026-01-02",
        ),
        (
            "subscribed_products",
            {"subscription_id": None},
            "subscription_id: a plan is held by a subscription, not by an account: plan",
        ),
        ("adjustments", {"amount": 0}, "amount: not above 0: 0"),
        ("payments", {"amount": "1.001"}, "amount: more than 2 decimals: 1.001"),
        ("payments", {"amount": "0.00"}, "amount: a payment of nothing: 0.00"),
        ("payments", {"received_on": None}, "received_on: empty"),
    ],
)
def test_a_wrong_cell_is_a_fault_with_its_line_and_value(
    tmp_path: Path, table: str, cells: dict[str, Any], fault: str
) -> None:
    found = faults(tmp_path, **{table: [cells]})
    assert f"{BY_NAME[table].path}:2: {fault}" in found


def test_all_faults_of_all_files_are_reported_at_once(tmp_path: Path) -> None:
    found = faults(
        tmp_path,
        operator={"operator": {"currency": "XXXX"}},
        rates=[{"price": "a"}, {"price": "b", "service": "fax"}],
        accounts=[{"country": "France", "kind": "x"}],
        holidays="date,name\n2026-05-01\n",
        usage={"core": {"usage.csv.gz": b"", "bad.gz": "x"}},
    )
    assert [fault.split(": ")[:2] for fault in found if "currency" not in fault] == [
        ["crm/accounts.csv:2", "country"],
        ["crm/accounts.csv:2", "kind"],
        ["ratebook/holidays.csv:2", "1 cells where the header has 2"],
        ["ratebook/rates.csv:2", "price"],
        ["ratebook/rates.csv:3", "price"],
        ["ratebook/rates.csv:3", "service"],
    ]
    assert any("operator.currency" in fault for fault in found)


def test_every_faulty_line_is_found_among_many(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [{"prefix": 1_000_000 + n} for n in range(5000)]
    rows[1233]["exact"] = "maybe"
    rows[4998]["prefix"] = "x"
    assert faults(tmp_path, prefixes=rows) == [
        "ratebook/prefixes.csv:1235: exact: not true or false: maybe",
        "ratebook/prefixes.csv:5000: prefix: not 1 to 15 digits: x",
    ]


def test_lines_stay_exact_below_a_quoted_line_end(tmp_path: Path) -> None:
    rows = [{"name": "two\nlines"}, {"account_id": "A2", "cycle_day": 31}]
    assert faults(tmp_path, accounts=rows) == ["crm/accounts.csv:4: cycle_day: above 28: 31"]


# ---------------------------------------------------------------------------------- keys and time


def test_a_key_may_stand_once(tmp_path: Path) -> None:
    assert faults(tmp_path, accounts=[{}, {"account_id": "A1"}, {"account_id": "A1"}]) == [
        "crm/accounts.csv:3: account_id: stands already on line 2: A1",
        "crm/accounts.csv:4: account_id: stands already on line 2: A1",
    ]


def test_rows_of_one_key_may_meet_but_not_overlap_in_time(tmp_path: Path) -> None:
    rows = [
        {"valid_to": "2026-02-01"},
        {"valid_from": "2026-02-01", "valid_to": "2026-03-01"},
        {"valid_from": "2026-03-01"},
    ]
    assert faults(tmp_path, products=rows) == []
    rows[1]["valid_to"] = "2026-03-02"
    assert faults(tmp_path, products=rows) == [
        "ratebook/products.csv:4: product_id: is valid at the same time on line 3: plan"
    ]


def test_an_overlap_with_a_long_row_further_up_is_found(tmp_path: Path) -> None:
    rows = [
        {"prefix": "33", "valid_from": "2026-01-01", "valid_to": "2027-01-01"},
        {"prefix": "33", "valid_from": "2025-01-01", "valid_to": "2025-02-01"},
        {"prefix": "33", "valid_from": "2026-06-01", "valid_to": "2026-06-02"},
        {"prefix": "33", "valid_from": "2026-07-01", "valid_to": "2026-07-02"},
    ]
    assert faults(tmp_path, prefixes=rows) == [
        "ratebook/prefixes.csv:4: prefix: is valid at the same time on line 2: 33",
        "ratebook/prefixes.csv:5: prefix: is valid at the same time on line 2: 33",
    ]


def test_an_empty_cell_of_a_rate_key_is_its_default(tmp_path: Path) -> None:
    rows = [{"direction": None, "zone": None}, {"direction": "originating", "zone": "*"}]
    (fault,) = faults(tmp_path, rates=rows)
    assert fault.startswith("ratebook/rates.csv:3: the key (rate_card_id, service, direction")
    assert faults(tmp_path, rates=[{}, {"tier_from": 60}, {"starts_at": 60}]) == []


def test_a_rate_id_names_one_row(tmp_path: Path) -> None:
    rows = [{"rate_id": "r"}, {"rate_id": "r", "zone": "FR"}]
    assert faults(tmp_path, rates=rows) == [
        "ratebook/rates.csv:3: rate_id: stands already on line 2: r"
    ]


def test_tiers_of_one_rate_have_one_mode(tmp_path: Path) -> None:
    rows = [{"tier_mode": "volume"}, {"tier_from": 60}]
    assert faults(tmp_path, rates=rows) == [
        "ratebook/rates.csv:3: tier_mode: differs from the other tiers, on line 2: graduated"
    ]
    write_operator(tmp_path, rates=[{"tier_from": 60}])
    assert "no row of this rate begins at 0" in warnings_of(tmp_path)[0]


def test_a_validity_without_time_is_a_fault_in_the_ratebook_only(tmp_path: Path) -> None:
    dates = {"valid_from": "2026-02-01", "valid_to": "2026-02-01"}
    assert faults(tmp_path, products=[dates]) == [
        "ratebook/products.csv:2: valid_to: not after valid_from: 2026-02-01"
    ]
    assert faults(tmp_path, subscribed_products=[dates]) == []


def test_one_plan_per_subscription_at_any_moment(tmp_path: Path) -> None:
    products = [{}, {"product_id": "plan2"}, {"product_id": "option", "kind": "option"}]
    held = [
        {"valid_to": "2026-02-01"},
        {"product_id": "plan2", "valid_from": "2026-02-01"},
        {"product_id": "option"},
        {"product_id": "option"},
    ]
    assert faults(tmp_path, products=products, subscribed_products=held) == []
    held[1]["valid_from"] = "2026-01-31"
    assert faults(tmp_path, products=products, subscribed_products=held) == [
        "crm/subscribed_products.csv:3: product_id: another plan of the subscription is valid"
        " at the same time, on line 2: plan2"
    ]


def test_a_subscription_is_named_with_its_own_account(tmp_path: Path) -> None:
    accounts = [{}, {}]
    rows = {"account_id": "A2", "subscription_id": "S1"}
    assert faults(
        tmp_path,
        accounts=accounts,
        adjustments=[rows],
        discounts=[{}],
        subscribed_discounts=[rows],
        subscribed_products=[rows],
    ) == [
        f"crm/{table}.csv:2: subscription_id: belongs to account A1: S1"
        for table in ("adjustments", "subscribed_discounts", "subscribed_products")
    ]


def test_identifiers_that_overlap_are_a_warning(tmp_path: Path) -> None:
    identifiers = [
        {"identifier": "33600000001", "valid_to": "2026-02-01T00:00:00+01:00"},
        {
            "identifier": "33600000001",
            "valid_from": "2026-01-31T23:00:00Z",
            "subscription_id": "S2",
        },
    ]
    write_operator(tmp_path, subscriptions=[{}, {}], identifiers=identifiers)
    assert faults_of(tmp_path) == [] and warnings_of(tmp_path) == []
    identifiers[1]["valid_from"] = "2026-01-31T22:59:59Z"
    write_operator(tmp_path, subscriptions=[{}, {}], identifiers=identifiers)
    assert faults_of(tmp_path) == []
    assert warnings_of(tmp_path) == [
        "crm/identifiers.csv:3: the key (kind, identifier) is valid at the same time on line 2:"
        " msisdn, 33600000001"
    ]


# ------------------------------------------------------------------------------------------ bands


def test_bands_of_equal_priority_may_not_share_a_moment(tmp_path: Path) -> None:
    rows = [{}, {"days": "fri;sat", "from_time": "19:59:59", "to_time": "24:00"}]
    assert faults(tmp_path, bands=rows) == [
        "ratebook/bands.csv:3: priority: the same at one moment on line 2: 0"
    ]
    assert faults(tmp_path, bands=[rows[0], rows[1] | {"from_time": "20:00"}]) == []
    assert faults(tmp_path, bands=[rows[0], rows[1] | {"priority": 1}]) == []


def test_a_holiday_is_also_its_weekday(tmp_path: Path) -> None:
    rows = [{}, {"band": "off_peak", "days": "holiday", "from_time": "00:00", "to_time": "24:00"}]
    friday, sunday = "2026-05-01", "2026-05-03"
    assert faults(tmp_path, bands=rows, holidays=[{"date": friday}]) == [
        "ratebook/bands.csv:3: priority: the same on a holiday on line 2: 0"
    ]
    assert faults(tmp_path, bands=rows, holidays=[{"date": sunday}]) == []
    assert warnings_of(tmp_path) == [
        "ratebook/bands.csv:3: priority: would be the same on a holiday on line 2: 0"
    ]
    rows[1]["priority"] = 1
    assert faults(tmp_path, bands=rows, holidays=[{"date": friday}]) == []


# ------------------------------------------------------------------------------------- references


def test_unknown_zones_and_tax_categories_are_warnings_once_each(tmp_path: Path) -> None:
    write_operator(
        tmp_path,
        rates=[{"zone": "XX"}, {"zone": "XX", "band": "night"}, {"visited_zone": "EU"}],
        products=[{"tax_category": "reduced"}],
        translations=[{"id": "plam"}],
    )
    assert faults_of(tmp_path) == []
    assert warnings_of(tmp_path) == [
        "ratebook/products.csv:2: tax_category: not in taxes.tax_category: reduced",
        "ratebook/rates.csv:2: zone: not in prefixes.zone: XX",
        "ratebook/rates.csv:3: band: not in bands.band: night",
        "ratebook/translations.csv:2: id: not in products.product_id: plam",
    ]


def test_references_to_a_table_at_fault_are_not_reported_as_well(tmp_path: Path) -> None:
    assert faults(tmp_path, accounts="account_id,kind\nA1,residential,x\n") == [
        f"crm/accounts.csv:1: {column}: required column is missing"
        for column in ("country", "cycle_day", "name")
    ]


def test_a_product_held_before_it_is_sold_is_a_warning(tmp_path: Path) -> None:
    write_operator(tmp_path, products=[{"valid_from": "2026-02-01"}])
    assert warnings_of(tmp_path) == [
        "crm/subscribed_products.csv:2: valid_from: product plan is not in force on this day:"
        " 2026-01-01"
    ]


def test_every_reference_names_a_column_that_exists() -> None:
    for table in TABLES:
        for column in table.columns:
            if column.references:
                BY_NAME[column.references.table].column(column.references.column)
        for key in table.key:
            table.column(key.column)


def test_hostile_values_are_data(tmp_path: Path) -> None:
    name = "'); drop table typed.accounts; --"
    assert (
        faults(
            tmp_path,
            accounts=[{"account_id": name}],
            subscriptions=[{"account_id": name}],
            subscribed_products=[{"account_id": name}],
        )
        == []
    )
