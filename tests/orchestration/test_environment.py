"""Flags win over variables, variables over defaults; the calendar is the operator's."""

from datetime import date
from pathlib import Path

import pytest

from orchestration import billing_calendar, environment
from orchestration.billing_calendar import CalendarError


def test_defaults_lie_under_data() -> None:
    where = environment.resolve(variables={})
    assert where.operator == environment.PROJECT_ROOT / "data" / "demo"
    assert where.warehouse == environment.PROJECT_ROOT / "data" / "warehouse" / "billhouse.duckdb"
    assert where.documents == where.warehouse.parent / "documents"
    assert where.dagster_home == where.warehouse.parent / "dagster"
    assert (where.stripe_api_key, where.stripe_url) == (None, None)


def test_flags_win_over_variables(tmp_path: Path) -> None:
    variables = {
        "BILLHOUSE_OPERATOR": "/a/operator",
        "BILLHOUSE_WAREHOUSE": "/a/w.duckdb",
        "BILLHOUSE_DOCUMENTS": "",
        "STRIPE_API_KEY": "rk_test_x",
    }
    where = environment.resolve(operator=tmp_path, variables=variables)
    assert where.operator == tmp_path
    assert where.warehouse == Path("/a/w.duckdb")
    assert where.documents == Path("/a/documents")
    assert where.stripe_api_key == "rk_test_x"


def test_key_is_not_shown() -> None:
    where = environment.resolve(variables={"STRIPE_API_KEY": "rk_test_secret"})
    assert "secret" not in repr(where)


def test_dagster_home_keeps_settings_of_its_own(tmp_path: Path) -> None:
    environment.prepare_dagster_home(tmp_path)
    settings = tmp_path / "dagster.yaml"
    assert "telemetry" in settings.read_text()
    settings.write_text("telemetry: {enabled: false}\n")
    environment.prepare_dagster_home(tmp_path)
    assert settings.read_text() == "telemetry: {enabled: false}\n"


GOOD = """
operator: {id: x, time_zone: Europe/Paris}
billing: {cycle_days: [15, 1], first_period: 2026-10-01}
"""


def test_calendar_of_an_operator(tmp_path: Path) -> None:
    (tmp_path / "operator.yaml").write_text(GOOD)
    calendar = billing_calendar.read(tmp_path)
    assert calendar.cycle_days == (1, 15)
    assert calendar.cron == "0 0 1,15 * *"
    assert calendar.objection(date(2026, 10, 15)) is None
    assert "no cycle day" in (calendar.objection(date(2026, 10, 16)) or "")
    assert "first_period" in (calendar.objection(date(2026, 9, 15)) or "")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("[15, 1]", "[29]"),
        ("[15, 1]", "[]"),
        ("[15, 1]", "soon"),
        ("Europe/Paris", "Europe/Atlantis"),
        ("2026-10-01", "soon"),
        ("billing:", "bills:"),
        ("operator:", "[operator:"),
    ],
)
def test_unusable_calendar_names_the_file(tmp_path: Path, old: str, new: str) -> None:
    (tmp_path / "operator.yaml").write_text(GOOD.replace(old, new))
    with pytest.raises(CalendarError, match=r"operator\.yaml"):
        billing_calendar.read(tmp_path)


def test_default_calendar_stands_in_and_says_why(tmp_path: Path) -> None:
    calendar, missing = billing_calendar.read_or_default(tmp_path / "none")
    assert calendar == billing_calendar.DEFAULT
    assert missing is not None and "no such file" in missing
