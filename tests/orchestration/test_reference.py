"""What rests on the operator folder alone is built when that has changed, and only then."""

import shutil
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest

from orchestration import dbt, reference
from orchestration.steps import BuildFailed
from tests.rerater.pipeline import Pipeline
from tests.support.operator_builder import write_operator, write_usage

BILL_DATE = date(2026, 2, 1)
CALL = {"started_at": "2026-01-10T10:00:00Z", "duration_seconds": 60, "other_party": "0612345678"}


class Drafts(Pipeline):
    """Drafts of small folders, and which models each built."""

    def built(self, folder: Path, bill_date: date = BILL_DATE) -> set[str]:
        """The models that a draft built."""
        with self.steps(folder) as steps:
            steps.load(loaded_at=datetime(2026, 2, 1, tzinfo=UTC))
            nodes = steps.build_drafts(bill_date)
        return {
            node.name
            for node in nodes
            if node.resource_type == "model" and node.message != "unchanged"
        }


def folder_with(path: Path, price: str = "10.00", calls: int = 1) -> Path:
    return write_operator(
        path,
        products=[{"price": price}],
        usage={"core": [CALL | {"record_id": f"R{number}"} for number in range(calls)]},
    )


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> tuple[Drafts, set[str]]:
    """The first draft of a folder, and the models that it built."""
    home = tmp_path_factory.mktemp("first")
    drafts = Drafts(home / "warehouse")
    return drafts, drafts.built(folder_with(home / "operator"))


@pytest.fixture
def drafts(first: tuple[Drafts, set[str]], tmp_path: Path) -> Drafts:
    """The same, to go on from."""
    shutil.copytree(first[0].home, tmp_path / "warehouse")
    return Drafts(tmp_path / "warehouse")


def test_only_new_usage_leaves_catalogue_and_customers_as_they_are(
    first: tuple[Drafts, set[str]], drafts: Drafts, tmp_path: Path
) -> None:
    _, built_first = first
    again = drafts.built(folder_with(tmp_path / "b", calls=2))
    assert {"products", "subscriptions", "int_rate_steps", "billing_periods"} <= built_first - again
    # usage of another month needs other days
    assert "int_local_days" in built_first - again
    later = [CALL | {"record_id": "R3", "started_at": "2026-02-03T10:00:00Z"}]
    write_usage(tmp_path / "b/cdr/core/later.csv", later)
    built = drafts.built(tmp_path / "b")
    assert {"int_local_days", "billing_periods"} <= built and "products" not in built
    assert {"int_judging_scope", "int_rated_parts", "owed_charges"} <= again
    assert drafts.rows("select count(*) as events from mediation.usage_events")[0]["events"] == 2


def test_another_price_or_bill_date_builds_them_again(drafts: Drafts, tmp_path: Path) -> None:
    assert "products" in drafts.built(folder_with(tmp_path / "b", price="11.00"))
    prices = drafts.rows(
        "select amount_net from charging.owed_charges where charge_kind = 'recurring'"
    )
    assert {str(row["amount_net"]) for row in prices} == {"11.000"}
    assert "bill_run" in drafts.built(folder_with(tmp_path / "b", price="11.00"), date(2026, 3, 1))


def test_a_build_that_broke_off_leaves_no_note(
    drafts: Drafts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = folder_with(tmp_path / "a")
    broken = dbt.NodeResult(
        unique_id="model.billhouse.products", name="products", resource_type="model",
        status="error", message="broken", failures=None, seconds=0.0,
    )  # fmt: skip
    with monkeypatch.context() as patch:
        patch.setattr(dbt, "build", lambda **_: [broken])
        with pytest.raises(BuildFailed):
            drafts.built(folder_with(tmp_path / "b", price="11.00"))
    assert "products" in drafts.built(folder)


def test_a_model_rests_on_the_folder_if_all_that_it_reads_does() -> None:
    def node(
        *parents: str, tags: tuple[str, ...] = (), kind: str = "model", materialized: str = "table",
        schema: str = "rating", macros: tuple[str, ...] = (),
    ) -> SimpleNamespace:  # fmt: skip
        reads = SimpleNamespace(nodes=list(parents), macros=list(macros))
        config = SimpleNamespace(materialized=materialized)
        return SimpleNamespace(
            resource_type=kind, tags=list(tags), depends_on=reads, config=config, schema=schema
        )

    rates, usage = "source.billhouse.raw.rates", "source.billhouse.raw.usage_records"
    issued = "source.billhouse.issued.issued_documents"
    nodes = {
        "steps": node("rates"),
        "rates": node(rates),
        "always": node("rates", tags=(reference.EVERY_RUN,)),
        "after": node("always"),
        "events": node("rates", usage),
        "calendar": node("rates", usage, tags=(reference.USAGE_MONTHS,)),
        "days": node("calendar"),
        "charges": node("events", schema="charging"),
        "billed": node("events", issued),
        "shown": node("billed", materialized="view"),
        "tested": node("billed", materialized="view"),
        "test": node("tested", kind="test"),
        "asks": node("billed", materialized="view", macros=("scope",)),
    }
    macros = {"scope": node(macros=("macro.dbt.run_query",))}

    def found(*tags: str, **stands: bool) -> list[str]:
        standing = reference.Standing(tags=frozenset(tags), **stands)
        return list(reference.models(nodes, macros, standing))

    assert found(reference=False, usage=False) == []
    assert found(reference=True, usage=False) == ["rates", "steps", "shown"]
    assert found(reference.USAGE_MONTHS, reference=True, usage=False) == [
        "rates", "steps", "calendar", "days", "shown",
    ]  # fmt: skip
    assert found(reference=True, usage=True) == [
        "rates", "steps", "always", "after", "events", "calendar", "days", "shown",
    ]  # fmt: skip


def test_a_warehouse_built_for_another_date_meanwhile_does_not_stand(drafts: Drafts) -> None:
    with duckdb.connect(str(drafts.warehouse)) as con:
        now = reference.state(con, BILL_DATE, dbt.rules_digest())
        assert reference.standing(con, BILL_DATE, now).reference
        con.execute("update customers.bill_run set bill_date = date '2026-03-01'")
        assert not reference.standing(con, BILL_DATE, now).reference


def test_without_any_news_usage_stands_too(drafts: Drafts, tmp_path: Path) -> None:
    built = drafts.built(folder_with(tmp_path / "a"))
    schemas = {node.name: node.schema for node in dbt.parse().nodes.values()}
    assert {schemas[name] for name in built} == {"charging", "invoicing", "assurance"}
    again = drafts.built(folder_with(tmp_path / "b", calls=2))
    assert "int_rated_parts" in again


def test_no_model_that_reads_what_dbt_does_not_see_is_left_out() -> None:
    """Issued documents, or what the run before left: such a model is built when anything is new."""
    project = dbt.parse()
    hidden = ("standing(", "api.Relation", "load_relation", "so_far()")

    def hiding(usage: bool) -> set[str]:
        stands = reference.Standing(reference=True, usage=usage)
        found = reference.models(project.nodes, project.macros, stands)
        assert found
        return {
            node.name
            for node in found.values()
            if node.config.materialized != "view" and any(word in node.raw_code for word in hidden)
        }

    assert hiding(usage=False) == set()
    # what these read without telling dbt is their own domain's, and stands with it
    domains = {node.schema for node in project.nodes.values() if node.name in hiding(usage=True)}
    assert domains == {"mediation", "rating"}
    assert not any(
        "so_far()" in node.raw_code
        for node in project.nodes.values()
        if node.name in hiding(usage=True)
    )
