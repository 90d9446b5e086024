"""The models themselves: their unit tests, and what several bill runs leave in the warehouse."""

import json
from decimal import Decimal

import duckdb
import pytest

from orchestration import dbt
from tests.orchestration.conftest import Install, Installation, install_session

__all__ = ["install_session"]

# One voice call on the tenth of each month.
MONTHS = range(1, 7)
MONTHLY_CALLS = [
    {"record_id": f"R{month}", "started_at": f"2026-{month:02d}-10T10:00:00Z"} for month in MONTHS
]


@pytest.fixture(scope="session")
def issued(install_session: Install) -> Installation:
    """An installation whose first bill run is issued: every relation of the project exists."""
    installation = install_session(usage={"core": MONTHLY_CALLS[:2]})
    installation.draft("2026-02-01")
    installation.issue("2026-02-01")
    return installation


def test_every_unit_test_of_the_models_holds(issued: Installation) -> None:
    ended = issued.dbt("test", "--select", "test_type:unit")
    assert {run.node.name: run.message for run in ended if run.status != "pass"} == {}
    assert len(ended) == len(dbt.parse().unit_tests) > 0


def test_no_money_column_is_floating_point(issued: Installation) -> None:
    with duckdb.connect(str(issued.warehouse), read_only=True) as con:
        found = con.execute(
            "select table_schema, table_name, column_name from information_schema.columns "
            "where data_type in ('DOUBLE', 'FLOAT')"
        ).fetchall()
    assert found == []


def test_what_lies_before_the_window_stays_and_what_is_in_it_is_replaced(
    install_session: Install,
) -> None:
    """Five monthly runs, a window of two periods: no event is lost, none is twice there (1.2)."""
    installation = install_session(
        operator={"billing": {"lookback_periods": 1}},
        usage={"core": MONTHLY_CALLS},
        allowances=[{"service": "sms", "quantity": 10, "rollover_periods": 1}],
    )
    for month in range(2, 7):
        installation.draft(f"2026-{month:02d}-01")
    with duckdb.connect(str(installation.warehouse), read_only=True) as con:
        events = con.execute(
            "select record_id, cast(bill_date as varchar) from mediation.usage_events order by 1"
        ).fetchall()
        parts = con.execute(
            "select usage_event_id, count(*) from rating.rated_usage group by 1 order by 1"
        ).fetchall()
        states = con.execute(
            "select state, sum(records) from assurance.usage_accounting group by 1"
        ).fetchall()
        unclosed = con.execute(
            "select count(*) from rating.allowance_balances "
            "where granted + carried_in <> used + expired + carried_out"
        ).fetchall()
        periods = con.execute(
            "select count(*), count(distinct bill_date) from rating.allowance_balances"
        ).fetchall()
    assert events == [(f"R{month}", f"2026-{month + 1:02d}-01") for month in MONTHS]
    assert parts == [(f"core:R{month}", 1) for month in MONTHS]
    assert states == [("rated", len(MONTHS))]
    assert unclosed == [(0,)]
    # five periods are over; each but the first holds its own grant and the rest of the one before
    assert periods == [(9, 5)]


def test_a_document_tells_why_it_differs_from_the_last_and_what_was_used_before(
    install_session: Install,
) -> None:
    """The second bill of an account: its causes add up to the difference of the totals."""
    installation = install_session(usage={"core": MONTHLY_CALLS[:2]})
    for bill_date in ("2026-02-01", "2026-03-01"):
        installation.draft(bill_date)
        installation.issue(bill_date)
    with duckdb.connect(str(installation.warehouse), read_only=True) as con:
        first, second = (
            json.loads(document)
            for (document,) in con.execute(
                "select document from invoicing.issued_documents order by bill_date"
            ).fetchall()
        )
    assert first["comparison"] is None and first["earlier_periods"] == []
    assert second["comparison"]["bill_date"] == "2026-02-01"
    assert second["comparison"]["total"] == first["amounts"]["total"]
    differences = [Decimal(cause["difference"]) for cause in second["comparison"]["changes"]]
    assert sum(differences, Decimal(0)) == (
        Decimal(second["amounts"]["total"]) - Decimal(first["amounts"]["total"])
    )
    (earlier,) = second["earlier_periods"]
    assert (earlier["bill_date"], earlier["total"]) == ("2026-02-01", first["amounts"]["total"])
    assert [(row["service"], row["quantity"]) for row in earlier["usage"]] == [
        (row["service"], row["quantity"]) for row in first["usage"]
    ]
