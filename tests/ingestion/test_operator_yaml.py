from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest

from ingestion.operator_yaml import OperatorSettings, operator_columns, read_operator_yaml
from tests.support.operator_builder import write_operator

MINIMAL = """\
operator:
  id: demo
  legal_name: Demo
  address: {country: NO}
  currency: EUR
  time_zone: Europe/Paris
  numbering: {country_code: "33"}
billing:
  cycle_days: [15, 1]
  first_period: 2026-01-01
"""


def read(folder: Path, text: str) -> OperatorSettings:
    (folder / "operator.yaml").write_text(text, encoding="utf-8")
    return read_operator_yaml(folder)


def faults(folder: Path, text: str) -> list[str]:
    return [str(fault) for fault in read(folder, text).faults]


def test_the_builder_writes_settings_without_fault_or_warning(tmp_path: Path) -> None:
    settings = read_operator_yaml(write_operator(tmp_path))
    assert settings.faults == [] and settings.warnings == []
    assert set(settings.row) == {name for name, _ in operator_columns()}


def test_defaults_fill_what_is_left_out(tmp_path: Path) -> None:
    settings = read(tmp_path, MINIMAL)
    assert settings.faults == []
    row = settings.row
    assert row["cycle_days"] == "1;15"
    assert row["minor_units"] == 2
    assert row["first_period"] == dt.date(2026, 1, 1)
    assert row["invoice_number_format"] == "F{year}-{sequence:08d}"
    assert row["suspect_minimum"] == Decimal(50)
    assert row["region"] is None
    assert settings.feeds == []


def test_values_are_read_as_written_not_as_yaml_guesses(tmp_path: Path) -> None:
    text = MINIMAL.replace("{country: NO}", "{country: NO, postal_code: 01000}")
    settings = read(tmp_path, text + "  late_fee: {percent: 1.10}\n")
    assert settings.row["country"] == "NO"
    assert settings.row["postal_code"] == "01000"
    assert settings.row["late_fee_percent"] == Decimal("1.10")


def test_unknown_settings_are_warnings_with_their_line(tmp_path: Path) -> None:
    settings = read(tmp_path, MINIMAL + "  cycle_dayz: [1]\nextra: 1\n")
    assert settings.faults == []
    assert [str(warning) for warning in settings.warnings] == [
        "operator.yaml:11: billing.cycle_dayz: unknown setting, not read",
        "operator.yaml:12: extra: unknown setting, not read",
    ]


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("id: demo", "id: Demo", "2: operator.id: not lower case letters, digits, - and _: Demo"),
        ("  legal_name: Demo\n", "", " operator.legal_name: missing"),
        (
            "currency: EUR",
            "currency: EURO",
            "5: operator.currency: not a currency (ISO 4217): EURO",
        ),
        (
            "Europe/Paris",
            "Paris",
            "6: operator.time_zone: not a time zone of the IANA database: Paris",
        ),
        ("[15, 1]", "[15, 29]", "9: billing.cycle_days: not a day from 1 to 28: 29"),
        ("[15, 1]", "[]", "9: billing.cycle_days: missing"),
        (
            "2026-01-01",
            "2026-02-30",
            "10: billing.first_period: not a date (YYYY-MM-DD): 2026-02-30",
        ),
        ('"33"', '"+33"', "7: operator.numbering.country_code: not a country calling code"),
    ],
)
def test_a_missing_or_invalid_setting_is_a_fault(
    tmp_path: Path, old: str, new: str, fault: str
) -> None:
    (found,) = faults(tmp_path, MINIMAL.replace(old, new))
    assert found.startswith(f"operator.yaml:{fault}")


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("payment_terms_days: -1", "billing.payment_terms_days: below 0: -1"),
        ("payment_terms_days: 1.5", "billing.payment_terms_days: not a whole number: 1.5"),
        ("minimum_invoice: 0.001", "billing.minimum_invoice: more than 2 decimals: 0.001"),
        ("minimum_invoice: 1e3", "billing.minimum_invoice: not a decimal number: 1e3"),
        ("day_count: 30", "billing.day_count: not one of actual, fixed_30: 30"),
        ("suspect: 5", "billing.suspect: not a mapping of settings"),
        ('invoice_number: "F{sequence}"', "billing.invoice_number: not a format of {year}"),
        ('invoice_number: "F{year}/{sequence}"', "billing.invoice_number: holds characters"),
        ('invoice_number: "{year.__class__}{sequence}"', "billing.invoice_number: not a format"),
        (
            'invoice_number: "A{year}-{sequence:08d}"',
            "billing.credit_note_number: the same as billing.invoice_number",
        ),
    ],
)
def test_policies_are_checked(tmp_path: Path, setting: str, message: str) -> None:
    (found,) = faults(tmp_path, MINIMAL + f"  {setting}\n")
    assert message in found


def test_several_faults_are_reported_at_once(tmp_path: Path) -> None:
    text = MINIMAL.replace("EUR", "XXXX").replace("Europe/Paris", "x").replace("demo", "De mo")
    assert len(faults(tmp_path, text)) == 3


def test_a_setting_that_stands_twice_is_a_fault(tmp_path: Path) -> None:
    assert faults(tmp_path, MINIMAL + "  first_period: 2026-02-01\n") == [
        "operator.yaml:11: billing.first_period: stands twice"
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [1", "not YAML"),
        ("- 1", "not a mapping of settings"),
        ("", "not a mapping of settings"),
        ("a: !!python/object:os.system x\n", "missing"),
    ],
)
def test_what_is_no_settings_file_is_a_fault(tmp_path: Path, text: str, message: str) -> None:
    assert message in faults(tmp_path, text)[0]


def test_wrong_encoding_and_a_missing_file_are_faults(tmp_path: Path) -> None:
    assert [str(f) for f in read_operator_yaml(tmp_path).faults] == [
        "operator.yaml: file is missing"
    ]
    (tmp_path / "operator.yaml").write_bytes(b"operator:\n  legal_name: D\xe9mo\n")
    assert [str(f) for f in read_operator_yaml(tmp_path).faults] == ["operator.yaml:2: not UTF-8"]


def test_currencies_without_decimals_and_with_three(tmp_path: Path) -> None:
    assert read(tmp_path, MINIMAL.replace("EUR", "JPY")).row["minor_units"] == 0
    assert read(tmp_path, MINIMAL.replace("EUR", "KWD")).row["minor_units"] == 3
    assert "minor units" in faults(tmp_path, MINIMAL.replace("EUR", "CLF"))[0]


def test_feeds_are_read_with_their_options(tmp_path: Path) -> None:
    settings = read(
        tmp_path,
        MINIMAL
        + """\
feeds:
  - {name: core, format: billhouse, path: cdr/core/}
  - name: pbx
    format: asterisk
    path: cdr/pbx
    time_zone: America/Montreal
    subscriber: accountcode
    colour: red
""",
    )
    assert settings.faults == []
    core, pbx = settings.feeds
    assert (core.path, core.time_zone, core.options) == ("cdr/core", "Europe/Paris", {})
    assert (pbx.time_zone, pbx.options) == ("America/Montreal", {"subscriber": "accountcode"})
    assert [str(warning) for warning in settings.warnings] == [
        "operator.yaml:18: feeds[1].colour: format asterisk has no such option, not read"
    ]


@pytest.mark.parametrize(
    ("feed", "message"),
    [
        ("{name: a, format: billhouse, path: ../cdr}", "not a path inside the operator folder"),
        ("{name: a, format: billhouse, path: cdr/../..}", "not a path inside the operator folder"),
        ("{name: a, format: billhouse, path: /etc}", "not a path inside the operator folder"),
        ("{name: a, format: billhouse, path: crm}", "not a folder of usage files"),
        ("{name: a, format: tap9, path: cdr/a}", "feeds[0].format: not one of asterisk, billhouse"),
        ("{name: a, format: billhouse}", "feeds[0].path: missing"),
        ("{name: a b, format: billhouse, path: cdr/a}", "feeds[0].name: not a name"),
        ("{name: a, format: asterisk, path: cdr/a, time_zone: X}", "feeds[0].time_zone"),
        ("{name: a, format: asterisk, path: cdr/a, subscriber: x}", "not one of src, accountcode"),
        ("nonsense", "feeds[0]: not a mapping of settings"),
    ],
)
def test_a_feed_at_fault(tmp_path: Path, feed: str, message: str) -> None:
    (found,) = faults(tmp_path, MINIMAL + f"feeds:\n  - {feed}\n")
    assert message in found and found.startswith("operator.yaml:12: feeds[0]")


def test_feeds_may_not_share_a_name_or_a_path(tmp_path: Path) -> None:
    feeds = """\
feeds:
  - {name: a, format: billhouse, path: cdr}
  - {name: a, format: billhouse, path: cdr/b}
"""
    assert faults(tmp_path, MINIMAL + feeds) == [
        "operator.yaml:13: feeds[1].name: another feed has this name: a",
        "operator.yaml:13: feeds[1].path: lies in the path of feed a: cdr/b",
    ]
